// The way to the server: one connection at a time, deadlines, and what is sent again.
//
//   LK1. Every call settles within the timeout: by its answer, or as "none" (nothing happened) or "unknown".       (S6)
//   LK2. A call that took too long takes its connection with it (CN1); what else waited there is sent again where
//        that changes nothing, else it is "unknown" too.
//   LK3. What certainly did not happen is tried again until the timeout: a failover, a restart or a server that is still
//        loading is waited for, not handed on.
//   LK4. Time is the machine's here, whatever clock the store has. A loop that was stalled reads the answers that wait
//        before it gives anything up.

import { sleep, systemClock } from "../../base/clock.ts";
import { closedError } from "../refusal.ts";
import { runScript, type Connect, type Connection } from "./connection.ts";
import { CallTimeout, callError, failureOf, type Failure } from "./failure.ts";
import type { Script } from "./script.ts";

/** Pauses between tries, milliseconds: short, since a failover is over at some moment; growing, since a crowd waits. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

/** What a link is told. */
export interface LinkOptions {
  readonly address: string;
  readonly connect: Connect;
  readonly timeoutMs: number;
}

interface Outstanding {
  readonly deadlineMs: number;
  readonly reject: (reason: Error) => void;
}

export class Link {
  readonly #options: LinkOptions;
  /** In the order in which they began, so the first is due first. */
  readonly #outstanding = new Set<Outstanding>();
  readonly #running = new Set<Promise<unknown>>();
  #connection: Connection | undefined;
  #connecting: Promise<Connection> | undefined;
  #isWatching = false;
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Makes the first connection. @throws what the client throws. */
  async open(): Promise<void> {
    await this.#within(systemClock.monotonic() + this.#options.timeoutMs, this.#connected());
  }

  /** Runs a script. @throws {StoreUnavailableError} LK1. */
  call(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closedError(this.#options.address));
    const running = this.#call(script, keys, args);
    this.#running.add(running);
    const done = () => this.#running.delete(running);
    running.then(done, done);
    return running;
  }

  /** Waits for what was asked before, then ends the connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
    const connection = this.#connection ?? (await this.#connecting?.catch(() => undefined));
    this.#connection = undefined;
    await connection?.close().catch(() => connection.destroy());
  }

  async #call(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const deadlineMs = systemClock.monotonic() + this.#options.timeoutMs;
    let mayBeDone = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      let connection: Connection | undefined;
      let failure: Failure;
      try {
        connection = this.#connection ?? (await this.#within(deadlineMs, this.#connected()));
        return await this.#within(deadlineMs, runScript(connection, script, keys, args));
      } catch (thrown) {
        failure = failureOf(thrown);
        if (connection && failure.endsConnection) this.#drop(connection);
        mayBeDone ||= connection !== undefined && !failure.didNothing && script.repeated !== "nothing";
      }
      const mayBeTwice = mayBeDone && script.repeated === "more";
      const mayWait = systemClock.monotonic() + pauseMs < deadlineMs;
      if (!failure.mayPass || mayBeTwice || !mayWait) throw callError(failure, script.name, this.#options.address, mayBeDone);
      await sleep(systemClock, pauseMs);
    }
  }

  /** The connection that is there, or the one that is being made. */
  #connected(): Promise<Connection> {
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    let isLost = false;
    let made: Connection | undefined;
    const connection = await this.#options.connect(() => {
      isLost = true;
      if (made) this.#drop(made);
    });
    made = connection;
    if (isLost) throw new Error("The connection ended as soon as it was made.");
    this.#connection = connection;
    return connection;
  }

  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.destroy();
  }

  /** The promise's outcome, or {@link CallTimeout} after the deadline. */
  #within<T>(deadlineMs: number, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const entry: Outstanding = { deadlineMs, reject };
      this.#outstanding.add(entry);
      promise.then(
        (value) => {
          this.#outstanding.delete(entry);
          resolve(value);
        },
        (thrown: Error) => {
          this.#outstanding.delete(entry);
          reject(thrown);
        },
      );
      if (!this.#isWatching) this.#watch(deadlineMs - systemClock.monotonic());
    });
  }

  /** One timer for all. */
  #watch(delayMs: number): void {
    this.#isWatching = true;
    systemClock.after(Math.max(delayMs, 1), () => setImmediate(() => this.#checkDeadlines()), { background: true });
  }

  #checkDeadlines(): void {
    this.#isWatching = false;
    const nowMs = systemClock.monotonic();
    let nextMs = Infinity;
    for (const entry of this.#outstanding) {
      if (entry.deadlineMs > nowMs) nextMs = Math.min(nextMs, entry.deadlineMs);
      else {
        this.#outstanding.delete(entry);
        entry.reject(new CallTimeout("no answer in time"));
      }
    }
    if (nextMs < Infinity) this.#watch(nextMs - nowMs);
  }
}
