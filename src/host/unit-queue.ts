// One ordered queue per conversation.
//
// Owns order and back-pressure. Knows nothing of tools, drafts or stores.
//
//   Q1. Two units of one conversation never overlap; they run in the order in which they were added.    (P1)
//   Q2. A failed unit does not stop the queue.
//   Q3. `close` lets the running unit finish and settles every waiting one with the error; none is left hanging.
//   Q4. A unit that was cancelled while it waited does not run.

import { ConversimpleError } from "../base/errors.ts";

/** Units that may wait in one conversation. Source: design 3, Limits. */
export const QUEUE_LIMIT = 64;

interface Waiting {
  readonly name: string;
  readonly run: () => Promise<void>;
  readonly refuse: (error: unknown) => void;
  isCancelled: boolean;
}

/** A place in the queue. */
export interface Place {
  /** Gives the place up if the unit has not begun (Q4). */
  cancel(): void;
}

export class UnitQueue {
  #waiting: Waiting[] = [];
  #running: string | undefined;
  #closed: Error | undefined;
  #idle: (() => void)[] = [];

  /** Units that wait; the running one is not counted. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The name of the unit that runs. */
  get running(): string | undefined {
    return this.#running;
  }

  get isIdle(): boolean {
    return this.#running === undefined && this.#waiting.length === 0;
  }

  /**
   * Adds a unit.
   *
   * @param name what others that wait for it are told.
   * @param run must not reject: it reports its own outcome.
   * @param refuse called instead of `run` when the queue closes first.
   * @throws {ConversimpleError} `overloaded` beyond {@link QUEUE_LIMIT} waiting units; the error of `close` after it.
   */
  add(name: string, run: () => Promise<void>, refuse: (error: unknown) => void, options: { unlimited?: boolean } = {}): Place {
    if (this.#closed !== undefined) throw this.#closed;
    if (!options.unlimited && this.#waiting.length >= QUEUE_LIMIT) {
      throw new ConversimpleError("overloaded", `The conversation has ${QUEUE_LIMIT} calls waiting. Try again when some are answered.`, { limit: QUEUE_LIMIT });
    }
    const entry: Waiting = { name, run, refuse, isCancelled: false };
    this.#waiting.push(entry);
    if (this.#running === undefined) void this.#work();
    return { cancel: () => this.#cancel(entry) };
  }

  /** Resolves when nothing runs or waits. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Q3. */
  close(error: Error): void {
    this.#closed = error;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const entry of waiting) if (!entry.isCancelled) entry.refuse(error);
  }

  #cancel(entry: Waiting): void {
    entry.isCancelled = true;
    const index = this.#waiting.indexOf(entry);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (next.isCancelled) continue;
      this.#running = next.name;
      await next.run();
    }
    this.#running = undefined;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
