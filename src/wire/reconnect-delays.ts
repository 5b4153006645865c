// How long to wait before the next attempt.
//
//   D1. The steps are Phoenix's; each is drawn from 0 to the step ("full jitter"), so that a thousand clients do not
//       come back at the same moment.
//   D2. Only `succeeded` begins again at the first step.

/** Milliseconds. Source: `reconnectAfterMs` of the official Phoenix client. */
const STEPS_MS = [10, 50, 100, 150, 200, 250, 500, 1_000, 2_000, 5_000] as const;

/** Counts failed attempts and says how long to wait (D1, D2). */
export class ReconnectDelays {
  readonly #random: () => number;
  #failures = 0;

  /** @param random a number from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Attempts since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const step = STEPS_MS[Math.min(this.#failures, STEPS_MS.length - 1)]!;
    this.#failures++;
    return this.#random() * step;
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
