// A clock that stands still until it is told to go on.
//
//   T3. Timers fire in the order of their time, then of their start; time stands at a timer's moment while it runs.
//   T4. `advance` lets promises settle between timers, so that code that waits in steps sees each step.
//   T5. Advances may overlap: each returns when its own moment has come, and time never goes back.
//   T6. Time stands still while something real is under way (`during`): a worker, a disk, a socket.

import type { Clock, Timer } from "./clock.ts";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `"11m"`, `"500ms"`, `"2h"`, `"1d"`, `"30s"`, `"7m1s"` or of a number of milliseconds. */
export function durationMs(duration: string | number): number {
  if (typeof duration === "number" && Number.isFinite(duration) && duration >= 0) return duration;
  const text = String(duration);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) throw new RangeError(`"${duration}" is not a duration; write for example 500, "500ms", "30s", "11m", "7m1s", "2h" or "1d".`);
  return [...text.matchAll(/([\d.]+)([a-z]+)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit!]!, 0);
}

/** A {@link Clock} for tests: wall time and monotonic time move only by {@link SimulatedClock.advance}. */
export class SimulatedClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #order = 0;
  #pending = new Set<Pending>();
  readonly #real = new Set<Promise<unknown>>();

  /** @param start wall time to begin with, a date or milliseconds since 1970; 2026-01-01T00:00Z unless given. */
  constructor(start: Date | string | number = "2026-01-01T00:00:00Z") {
    const at = typeof start === "number" ? start : new Date(start).getTime();
    if (!Number.isFinite(at)) throw new RangeError(`"${String(start)}" is not a moment in time.`);
    this.#wall = at;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry: Pending = { at: this.#monotonic + Math.max(0, delayMs), order: this.#order++, run };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Moves both times on, firing the timers on the way (T3, T4). */
  async advance(duration: string | number): Promise<void> {
    const end = this.#monotonic + durationMs(duration);
    for (;;) {
      await this.#settle();
      const next = this.#next(end);
      if (!next) break;
      this.#fire(next);
    }
    this.#moveTo(end);
    await this.#settle();
  }

  /**
   * Moves on, timer by timer, until the promise settles, and gives what it gives.
   *
   * @param within how far at most; an hour unless given.
   * @throws {Error} when it has not settled by then.
   */
  async until<T>(promise: Promise<T>, within: string | number = "1h"): Promise<T> {
    const end = this.#monotonic + durationMs(within);
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    for (;;) {
      await this.#settle();
      if (isSettled) return promise;
      const next = this.#next(end);
      if (!next) throw new Error(`It did not happen within ${within} of simulated time.`);
      this.#fire(next);
    }
  }

  /** Time stands still until this is done (T6). It must not wait for the clock itself. */
  during<T>(work: Promise<T>): Promise<T> {
    this.#real.add(work);
    const done = () => void this.#real.delete(work);
    void work.then(done, done); // oxlint-disable-line promise/no-callback-in-promise -- it removes an entry, it calls nobody back
    return work;
  }

  /** Sets the wall time alone, as an administrator or a time server would: timers do not notice. */
  jump(offsetMs: number): void {
    this.#wall += offsetMs;
  }

  #fire(timer: Pending): void {
    this.#moveTo(timer.at);
    this.#pending.delete(timer);
    timer.run();
  }

  #moveTo(moment: number): void {
    if (moment <= this.#monotonic) return;
    this.#wall += moment - this.#monotonic;
    this.#monotonic = moment;
  }

  #next(end: number): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.at > end) continue;
      if (!first || entry.at < first.at || (entry.at === first.at && entry.order < first.order)) first = entry;
    }
    return first;
  }

  async #settle(): Promise<void> {
    await turns();
    while (this.#real.size > 0) {
      await Promise.allSettled(this.#real);
      await turns();
    }
  }
}

/** Lets everything that can go on without time go on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
