// When parts of a conversation want a unit of their own: the deadlines of workflow steps.
//
// Owns when that is, for one conversation that is served here. Runs nothing.
//
//   DT1. A due time is stored as wall time, so that it holds over a restart. From the moment at which this process knows
//        of it, it is measured on the monotonic clock: setting the clock makes nothing due, and delays nothing.
//   DT2. What is due is due until its part wants another time, or none. The timer tells of it once.
//   DT3. A part that cannot say when wants nothing: it is asked while a commit is taken over, which must not fail.
//   DT4. A conversation has at most one timer, and none after `stop`.
//   DT5. What hung is tried again after a pause that grows: each try keeps the conversation waiting for as long as it may take.

import type { Part } from "../agent/part.ts";
import type { Clock, Timer } from "../base/clock.ts";
import type { Slice } from "../state/slice.ts";

/** The longest time that one timer waits, milliseconds; then it is looked at again. Source: a 32-bit timer ends at 24.8 days. */
const LONGEST_WAIT_MS = 86_400_000;
/** How soon something is tried again that could not be committed, milliseconds. */
const AGAIN_MS = 5_000;
/** The pause after something hung, milliseconds: at first, and at most. */
const HUNG_FIRST_MS = 60_000;
const HUNG_MOST_MS = 3_600_000;

interface Due {
  /** As the part says it. */
  readonly atMs: number;
  /** The same on the monotonic clock (DT1); later after it hung (DT5). */
  at: number;
  /** The last pause, milliseconds (DT5). */
  pauseMs: number;
  /** Whether the timer has told of it (DT2). */
  isTold: boolean;
}

export interface DueTimesOptions {
  readonly clock: Clock;
  readonly parts: readonly Part[];
  readonly createdAtMs: number;
  /** Something may be due now. */
  readonly onDue: () => void;
}

export class DueTimes {
  readonly #options: DueTimesOptions;
  readonly #dues = new Map<Part, Due>();
  #timer: Timer | undefined;
  /** What the timer waits for, monotonic. */
  #next = Number.POSITIVE_INFINITY;
  #hasStopped = false;

  constructor(options: DueTimesOptions) {
    this.#options = options;
  }

  /** Asks the parts, now that committed values are these. */
  look(value: (slice: Slice) => unknown): void {
    const { clock, parts, createdAtMs } = this.#options;
    if (parts.length === 0) return;
    for (const part of parts) {
      const atMs = timeOf(() => part.dueAtMs?.(value(part.slice()!), createdAtMs));
      if (atMs === undefined) this.#dues.delete(part);
      else if (this.#dues.get(part)?.atMs !== atMs) this.#dues.set(part, { atMs, at: clock.monotonic() + atMs - clock.now(), pauseMs: 0, isTold: false });
    }
    this.#wait();
  }

  /** Whether anything will be due, now or later. */
  get hasAny(): boolean {
    return this.#dues.size > 0;
  }

  /** What is due, with its time; the longest overdue first. */
  overdue(): readonly (readonly [part: Part, atMs: number])[] {
    if (this.#dues.size === 0) return [];
    const now = this.#options.clock.monotonic();
    const found = [...this.#dues].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
    return found.map(([part, { atMs }]) => [part, atMs]);
  }

  /** Whether that part is still due at that time. */
  isDue(part: Part, atMs: number): boolean {
    return this.#dues.get(part)?.atMs === atMs;
  }

  /** What was due could not be committed: it is told of again soon. */
  again(): void {
    const now = this.#options.clock.monotonic();
    for (const due of this.#dues.values()) if (due.at <= now) due.isTold = false;
    this.#wait(AGAIN_MS);
  }

  /** DT5. */
  hung(part: Part): void {
    const due = this.#dues.get(part);
    if (!due) return;
    due.pauseMs = Math.min(Math.max(due.pauseMs * 2, HUNG_FIRST_MS), HUNG_MOST_MS);
    due.at = this.#options.clock.monotonic() + due.pauseMs;
    due.isTold = false;
    this.#wait();
  }

  /** DT4. */
  stop(): void {
    this.#hasStopped = true;
    this.#timer?.cancel();
    this.#dues.clear();
  }

  #wait(atLeastMs = 0): void {
    const next = Math.min(...[...this.#dues.values()].map(({ at, isTold }) => (isTold ? Number.POSITIVE_INFINITY : at)));
    if (next === this.#next || this.#hasStopped) return;
    this.#timer?.cancel();
    this.#next = next;
    if (next === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    const delayMs = Math.min(Math.max(atLeastMs, next - clock.monotonic()), LONGEST_WAIT_MS);
    this.#timer = clock.after(delayMs, () => this.#tell(), { background: true });
  }

  #tell(): void {
    this.#next = Number.POSITIVE_INFINITY;
    const now = this.#options.clock.monotonic();
    const untold = [...this.#dues.values()].filter(({ at, isTold }) => !isTold && at <= now);
    for (const due of untold) due.isTold = true;
    if (untold.length > 0) this.#options.onDue();
    this.#wait();
  }
}

/** DT3. */
function timeOf(ask: () => number | undefined): number | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
