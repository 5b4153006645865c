// One load, and everybody who waits for it.
//
//   JL1. It runs outside of any conversation, with all that it leaves behind: its rejection is nobody's unit's. (P20)
//   JL2. It settles once: with what the loader gives, when its time is over, or when nobody waits any more. After that
//        nothing that the loader does has an effect.
//   JL3. A waiter that gives up takes nobody with it; when the last one has left, the load is aborted. One that was
//        begun for nobody (a refresh) has only its time limit.

import { runOutside } from "../agent/running.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";

export interface JointLoadOptions<T> {
  readonly clock: Clock;
  /** How long it may take, milliseconds. */
  readonly timeoutMs: number;
  /** The cache's name, for messages. */
  readonly name: string;
  readonly isRefresh: boolean;
  readonly run: (signal: AbortSignal) => Promise<T>;
  /** Called once, before any waiter hears of it. */
  readonly onEnd: (end: LoadEnd<T>) => void;
}

/** How a load ended; one that took too long has failed. */
export type LoadEnd<T> = { readonly kind: "loaded"; readonly value: T } | { readonly kind: "failed" } | { readonly kind: "abandoned" };

export class JointLoad<T> {
  readonly #options: JointLoadOptions<T>;
  readonly #abort = new AbortController();
  readonly #outcome = Promise.withResolvers<T>();
  readonly #timer: Timer;
  #waiting = 0;
  #isOver = false;

  constructor(options: JointLoadOptions<T>) {
    const { clock, timeoutMs, name, run } = options;
    this.#options = options;
    // When nobody waits, its failure must not end the process.
    this.#outcome.promise.catch(() => {});
    this.#timer = runOutside(() => clock.after(timeoutMs, () => this.#failed(tookTooLong(name, timeoutMs)), { background: true }));
    runOutside(() => {
      new Promise<T>((resolve) => resolve(run(this.#abort.signal))).then((value) => this.#loaded(value), (thrown: unknown) => this.#failed(thrown));
    });
  }

  /**
   * Waits for it.
   *
   * @throws what the loader threw, `tool_timeout` when it took too long, or the signal's reason when that aborts first.
   */
  join(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        reject(signal?.reason as Error);
        this.#left();
      };
      const stay = () => signal?.removeEventListener("abort", leave);
      signal?.addEventListener("abort", leave, { once: true });
      this.#outcome.promise.finally(stay).then(resolve, reject);
    });
  }

  #left(): void {
    this.#waiting--;
    if (this.#waiting > 0 || this.#options.isRefresh || !this.#ends({ kind: "abandoned" })) return;
    this.#fail(new ConversimpleError("cancelled", "Nobody waits for this load any more."));
  }

  #loaded(value: T): void {
    if (this.#ends({ kind: "loaded", value })) this.#outcome.resolve(value);
  }

  #failed(thrown: unknown): void {
    if (this.#ends({ kind: "failed" })) this.#fail(thrown);
  }

  #fail(thrown: unknown): void {
    this.#outcome.reject(thrown);
    runOutside(() => this.#abort.abort(thrown));
  }

  /** Whether this is what ends it (JL2). */
  #ends(end: LoadEnd<T>): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#timer.cancel();
    this.#options.onEnd(end);
    return true;
  }
}

/** Without the key: it may say who called. */
function tookTooLong(name: string, timeoutMs: number): ConversimpleError {
  return new ConversimpleError("tool_timeout", `A load of the cache "${name}" did not finish within ${timeoutMs} ms. Have it end by its signal, or raise loadTimeoutMs.`, { cache: name, timeoutMs });
}
