// The clock of one simulated process: it can be set wrong, stand still with its process, and stop with it.
//
//   PC1. `monotonic` is everybody's; `now` is off by what somebody set.
//   PC2. A timer that comes due while the process is stopped fires when it goes on; after its death, never.
//   PC3. Timers that wait are counted, so that a leaked one is seen.

import type { Clock, Timer } from "../../src/base/clock.ts";

/** Runs something in the process, now, later or never. */
export type Gate = (run: () => void) => void;

export class ProcessClock implements Clock {
  /** How wrong its wall time is, milliseconds. */
  offsetMs = 0;
  /** Timers that were started and neither fired nor were cancelled. */
  pending = 0;
  readonly #world: Clock;
  readonly #gate: Gate;

  constructor(world: Clock, gate: Gate) {
    this.#world = world;
    this.#gate = gate;
  }

  now(): number {
    return this.#world.now() + this.offsetMs;
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  after(delayMs: number, run: () => void): Timer {
    let isOver = false;
    this.pending++;
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      this.pending--;
      return true;
    };
    const timer = this.#world.after(delayMs, () => this.#gate(() => over() && run()));
    return {
      cancel: () => {
        if (over()) timer.cancel();
      },
    };
  }
}
