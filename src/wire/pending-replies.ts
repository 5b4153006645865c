// Pushes whose sender waits for the reply, but which need not survive the connection.
//
//   R1. Every waiting push settles exactly once: reply, no reply in time, or the join ended.
//   R2. One timer for all of them.

import type { Clock, Timer } from "../base/clock.ts";

/** What became of a push. */
export type PushOutcome =
  | { readonly kind: "ok"; readonly response: unknown }
  | { readonly kind: "error"; readonly response: unknown }
  /** The platform did not reply in time; it may have understood all the same. */
  | { readonly kind: "no_reply" }
  /** The connection was lost first, or there was none. */
  | { readonly kind: "dropped" };

interface Waiting {
  readonly dueMs: number;
  readonly settle: (outcome: PushOutcome) => void;
}

export class PendingReplies {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Waiting>();
  #timer: Timer | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  wait(ref: string): Promise<PushOutcome> {
    return new Promise((settle) => {
      this.#waiting.set(ref, { dueMs: this.#clock.monotonic() + this.#timeoutMs, settle });
      this.#timer ??= this.#startTimer(this.#timeoutMs);
    });
  }

  /** False when nobody waits for this ref. */
  replied(ref: string, status: string, response: unknown): boolean {
    return this.#settle(ref, { kind: status === "ok" ? "ok" : "error", response });
  }

  /** The join is over. */
  lost(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const ref of this.#waiting.keys()) this.#settle(ref, { kind: "dropped" });
  }

  #settle(ref: string, outcome: PushOutcome): boolean {
    const waiting = this.#waiting.get(ref);
    if (!waiting) return false;
    this.#waiting.delete(ref);
    waiting.settle(outcome);
    return true;
  }

  #startTimer(delayMs: number): Timer {
    return this.#clock.after(delayMs, () => this.#expire(), { background: true });
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (const [ref, { dueMs }] of this.#waiting) {
      if (dueMs > now) {
        this.#timer = this.#startTimer(dueMs - now);
        return;
      }
      this.#settle(ref, { kind: "no_reply" });
    }
  }
}
