// One timer for many deadlines.
//
// Owns when things time out: thousands of waiting calls and silent connections share one timer of the clock.
//
//   D1. A deadline runs at most once, never after it was removed.
//   D2. It runs at its moment or up to one slot later, never before.
//   D3. With no deadline there is no timer.

import type { Clock, Timer } from "../base/clock.ts";

/** How late a deadline may run, milliseconds. A tenth of the shortest time anybody asks for is good enough. */
const SLOT_MS = 20;

/** A deadline that was set. */
export interface Deadline {
  readonly slot: number;
  readonly run: () => void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Set<Deadline>>();
  #timer: Timer | undefined;
  #armedSlot = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `run` once, `delayMs` milliseconds from now (D2). */
  set(delayMs: number, run: () => void): Deadline {
    const slot = Math.ceil((this.#clock.monotonic() + delayMs) / SLOT_MS);
    const deadline: Deadline = { slot, run };
    const bucket = this.#slots.get(slot);
    if (bucket) bucket.add(deadline);
    else this.#slots.set(slot, new Set([deadline]));
    if (slot < this.#armedSlot) this.#arm(slot);
    return deadline;
  }

  /** Takes a deadline away; one that ran or was removed is left alone. */
  remove(deadline: Deadline): void {
    const bucket = this.#slots.get(deadline.slot);
    if (!bucket?.delete(deadline) || bucket.size > 0) return;
    this.#slots.delete(deadline.slot);
    if (this.#slots.size === 0) this.#disarm();
  }

  /** Removes all of them. */
  clear(): void {
    this.#slots.clear();
    this.#disarm();
  }

  #arm(slot: number): void {
    this.#timer?.cancel();
    this.#armedSlot = slot;
    this.#timer = this.#clock.after(Math.max(0, slot * SLOT_MS - this.#clock.monotonic()), () => this.#fire(), { background: true });
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#armedSlot = Infinity;
  }

  #fire(): void {
    this.#disarm();
    const now = this.#clock.monotonic();
    const due: Deadline[] = [];
    for (const [slot, bucket] of this.#slots) {
      if (slot * SLOT_MS <= now) due.push(...bucket);
    }
    due.sort((a, b) => a.slot - b.slot);
    for (const deadline of due) {
      const bucket = this.#slots.get(deadline.slot);
      if (!bucket?.delete(deadline)) continue;
      if (bucket.size === 0) this.#slots.delete(deadline.slot);
      deadline.run();
    }
    let next = Infinity;
    for (const slot of this.#slots.keys()) if (slot < next) next = slot;
    if (next < this.#armedSlot) this.#arm(next);
  }
}
