// The heartbeat of one socket.
//
//   H1. One beat per interval; a beat that was not answered when the next is due means that the socket is dead.

import type { Clock, Timer } from "../base/clock.ts";

export class Heartbeat {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #beat: () => string;
  readonly #onDead: () => void;
  #timer: Timer | undefined;
  #unanswered: string | null = null;

  /** @param beat sends one and returns its ref. */
  constructor(clock: Clock, intervalMs: number, beat: () => string, onDead: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#beat = beat;
    this.#onDead = onDead;
  }

  start(): void {
    this.stop();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#unanswered = null;
  }

  /** False when the reply belongs to no beat that waits for one. */
  replied(ref: string | null): boolean {
    if (ref === null || ref !== this.#unanswered) return false;
    this.#unanswered = null;
    return true;
  }

  #schedule(): void {
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      if (this.#unanswered !== null) {
        this.stop();
        this.#onDead();
        return;
      }
      this.#unanswered = this.#beat();
      this.#schedule();
    }, { background: true });
  }
}
