// How long somebody waits for a unit of work, and how it learns that nobody does any more.
//
//   DL1. `over` settles at most once, and never after `stop`.
//   DL2. The AbortController is made only when a handler asks for its signal.

import type { Clock, Timer } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";

export class Deadline {
  readonly #tool: string;
  #timer: Timer | undefined;
  readonly #outer: AbortSignal | undefined;
  #error: ConversimpleError | undefined;
  #listeners: ((error: ConversimpleError) => void)[] = [];
  #controller: AbortController | undefined;

  /** @param timeoutMs from now on, queue time included. */
  constructor(clock: Clock, tool: string, timeoutMs: number, outer?: AbortSignal) {
    this.#tool = tool;
    this.#outer = outer;
    this.#timer = clock.after(timeoutMs, () => this.#end(timedOut(tool, timeoutMs)));
    if (outer?.aborted) this.#cancelled();
    else outer?.addEventListener("abort", this.#cancelled, { once: true });
  }

  /** Why nobody waits any more, if so. */
  get error(): ConversimpleError | undefined {
    return this.#error;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#error) this.#controller.abort(this.#error);
    return this.#controller.signal;
  }

  /** Calls the listener when the time is over; at once if it is. */
  onOver(listener: (error: ConversimpleError) => void): void {
    if (this.#error) listener(this.#error);
    else this.#listeners.push(listener);
  }

  /** The unit is done: the timer goes, listeners are not called any more (DL1). */
  stop(): void {
    if (!this.#timer) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#outer?.removeEventListener("abort", this.#cancelled);
    this.#listeners = [];
  }

  /** Ends it early, for example because the process has to leave. */
  abort(error: ConversimpleError): void {
    this.#end(error);
  }

  readonly #cancelled = (): void => this.#end(new ConversimpleError("cancelled", `The call of ${this.#tool} was cancelled. Nothing was committed.`, { tool: this.#tool }));

  #end(error: ConversimpleError): void {
    if (this.#error) return;
    this.#error = error;
    const listeners = this.#listeners;
    this.stop();
    this.#controller?.abort(error);
    for (const listener of listeners) listener(error);
  }
}

function timedOut(tool: string, timeoutMs: number): ConversimpleError {
  return new ConversimpleError("tool_timeout", `The tool ${tool} did not finish within ${timeoutMs} ms. Nothing was committed.`, { tool, timeoutMs });
}
