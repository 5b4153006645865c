// When a session is over.
//
// Owns its two limits, and the memory of the last sign of life between two writes.
//
//   SC1. Time is the latest that it can be, so a clock that is set, forward or back, lengthens no session.    (P18)
//   SC2. A session that begins in the future is over: the clock went back while nobody looked.
//   SC3. What was over once stays over, also when the clock is set right again.

import type { Running } from "../agent/running.ts";
import type { Authenticated } from "./session-record.ts";

/** The share of the idle time by which the stored sign of life may be behind, and the largest difference of two clocks. */
const SLACK_SHARE = 0.1;
/** The largest difference of the clocks of two processes that is taken for the same time, milliseconds. */
const SLACK_MAX_MS = 60_000;

/** What is known of a session in this process only. */
interface Seen {
  readonly id: string;
  readonly atMs: number;
  readonly isOver: boolean;
}

export class SessionClock {
  readonly #idleTimeoutMs: number;
  readonly #absoluteTimeoutMs: number;

  constructor(idleTimeoutMs: number, absoluteTimeoutMs: number) {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#absoluteTimeoutMs = absoluteTimeoutMs;
  }

  /** Both, milliseconds. */
  get limits() {
    return { idleTimeoutMs: this.#idleTimeoutMs, absoluteTimeoutMs: this.#absoluteTimeoutMs };
  }

  /** Whether its time is over. */
  isOver(context: Running, session: Authenticated): boolean {
    const seen = this.#seen(context, session);
    if (seen.isOver || this.#isPast(context, session, seen.atMs)) {
      context.memory.set(this, { ...seen, isOver: true } satisfies Seen);
      return true;
    }
    return false;
  }

  /** Whether it is longer ago than this that the session began. */
  isOlder(context: Running, session: Authenticated, ms: number): boolean {
    return context.timeBounds().latestMs - session.startedAtMs >= ms;
  }

  /** Notes a sign of life; gives its time when it has to be stored, too. */
  touch(context: Running, session: Authenticated): number | undefined {
    const { latestMs } = context.timeBounds();
    context.memory.set(this, { id: session.id, atMs: latestMs, isOver: false } satisfies Seen);
    return latestMs - session.lastSeenMs > this.#idleTimeoutMs * SLACK_SHARE ? latestMs : undefined;
  }

  #isPast(context: Running, { startedAtMs }: Authenticated, seenMs: number): boolean {
    const { latestMs } = context.timeBounds();
    const futureMs = latestMs + Math.min(this.#idleTimeoutMs * SLACK_SHARE, SLACK_MAX_MS);
    return startedAtMs > futureMs || seenMs > futureMs || latestMs - seenMs >= this.#idleTimeoutMs || latestMs - startedAtMs >= this.#absoluteTimeoutMs;
  }

  #seen(context: Running, { id, lastSeenMs }: Authenticated): Seen {
    const seen = context.memory.get(this) as Seen | undefined;
    return seen?.id === id ? seen : { id, atMs: lastSeenMs, isOver: false };
  }
}
