// The clock port: the only way for `src` to know the time or to wait.
//
//   T1. `now` may jump (somebody sets the clock); `monotonic` never goes back.
//   T2. A timer fires at most once, never after `cancel`.

/** A timer that was started. */
export interface Timer {
  /** Stops it; a timer that has fired or was cancelled is left alone. */
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Wall time in milliseconds since 1970 (UTC). May jump either way. */
  now(): number;
  /** Milliseconds since an unknown moment; never goes back. For durations and deadlines. */
  monotonic(): number;
  /** Runs `run` once, `delayMs` milliseconds from now. A background timer does not keep the process alive. */
  after(delayMs: number, run: () => void, options?: { background?: boolean }): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run, options) {
    const timer = setTimeout(run, delayMs);
    if (options?.background) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves after `delayMs` milliseconds, or at once when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
