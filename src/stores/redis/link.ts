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
import type { Connect, Connection } from "./connection.ts";
import { callError, failureOf, isUnknownScript, TIMED_OUT, type Failure } from "./failure.ts";
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

/** A call that was not settled yet. */
interface Call {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly deadlineMs: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (reason: Error) => void;
  pauseMs: number;
  /** Whether an attempt before may have done it. */
  mayBeDone: boolean;
  /** Where it is under way now. */
  connection: Connection | undefined;
}

export class Link {
  readonly #options: LinkOptions;
  /** In the order in which they began, so the first is due first. */
  readonly #calls = new Set<Call>();
  /** Scripts that are on their way to the server, by digest. */
  readonly #teaching = new Map<string, Promise<unknown>>();
  #connection: Connection | undefined;
  #connecting: Promise<void> | undefined;
  #isWatching = false;
  #isClosed = false;
  #wentWell = true;
  #settledAll: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Makes the first connection. @throws what the client throws. */
  open(): Promise<void> {
    return this.#connected();
  }

  /** Whether the last try was answered, and not with "later". */
  get isWell(): boolean {
    return this.#wentWell;
  }

  /** Runs a script. @throws {StoreUnavailableError} LK1. */
  call(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closedError(this.#options.address));
    return new Promise((resolve, reject) => {
      const deadlineMs = systemClock.monotonic() + this.#options.timeoutMs;
      const call: Call = { script, keys, args, deadlineMs, resolve, reject, pauseMs: FIRST_PAUSE_MS, mayBeDone: false, connection: undefined };
      this.#calls.add(call);
      if (!this.#isWatching) this.#watch(this.#options.timeoutMs);
      this.#attempt(call);
    });
  }

  /** Waits for what was asked before, then ends the connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#calls.size > 0) await new Promise<void>((resolve) => (this.#settledAll = resolve));
    await this.#connecting?.catch(() => {});
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close().catch(() => connection.destroy());
  }

  #attempt(call: Call): void {
    const connection = this.#connection;
    if (!connection) {
      this.#connected().then(() => this.#calls.has(call) && this.#attempt(call), (thrown: unknown) => this.#failed(call, thrown));
      return;
    }
    call.connection = connection;
    connection.evalSha(call.script.sha, call.keys, call.args).then(
      (reply) => this.#answered(call, reply),
      (thrown: unknown) => (isUnknownScript(thrown) ? this.#teach(call, connection) : this.#failed(call, thrown)),
    );
  }

  /** The server does not know the script (any more). One call brings it along, those that wait with it only name it again. */
  #teach(call: Call, connection: Connection): void {
    const { sha, source } = call.script;
    const taught = this.#teaching.get(sha);
    if (taught) return void taught.then(() => this.#calls.has(call) && this.#attempt(call));
    const first = connection.eval(source, call.keys, call.args).then((reply) => this.#answered(call, reply), (thrown: unknown) => this.#failed(call, thrown));
    this.#teaching.set(sha, first.finally(() => this.#teaching.delete(sha)));
  }

  #answered(call: Call, reply: unknown): void {
    this.#wentWell = true;
    this.#settle(call)?.resolve(reply);
  }

  #failed(call: Call, thrown: unknown): void {
    const failure = failureOf(thrown);
    const { connection, script } = call;
    this.#wentWell = !failure.mayPass;
    if (connection && failure.connection === "ends") this.#drop(connection);
    if (connection && failure.connection === "leads elsewhere") this.#leave(connection);
    if (!this.#calls.has(call)) return;
    call.mayBeDone ||= connection !== undefined && !failure.didNothing && script.repeated !== "nothing";
    call.connection = undefined;
    const mayBeTwice = call.mayBeDone && script.repeated === "more";
    if (!failure.mayPass || mayBeTwice || systemClock.monotonic() + call.pauseMs >= call.deadlineMs) return this.#giveUp(call, failure);
    void sleep(systemClock, call.pauseMs).then(() => this.#calls.has(call) && this.#attempt(call));
    call.pauseMs = Math.min(call.pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #giveUp(call: Call, failure: Failure): void {
    this.#settle(call)?.reject(callError(failure, call.script.name, this.#options.address, call.mayBeDone));
  }

  /** Takes a call out; undefined when it was settled before. */
  #settle(call: Call): Call | undefined {
    if (!this.#calls.delete(call)) return undefined;
    if (this.#calls.size === 0) this.#settledAll?.();
    return call;
  }

  #connected(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<void> {
    if (this.#connection) return;
    const state: { isLost: boolean; made?: Connection } = { isLost: false };
    const made = await this.#options.connect(() => {
      state.isLost = true;
      if (state.made) this.#drop(state.made);
    });
    state.made = made;
    if (state.isLost) throw new Error("The connection ended as soon as it was made.");
    this.#connection = made;
  }

  /** What else was asked on it is still answered. */
  #leave(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    void connection.close().catch(() => connection.destroy());
  }

  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.destroy();
  }

  /** One timer for all: they have the same timeout, so the oldest is due first. */
  #watch(delayMs: number): void {
    this.#isWatching = true;
    systemClock.after(delayMs, () => setImmediate(() => this.#checkDeadlines()), { background: true });
  }

  #checkDeadlines(): void {
    this.#isWatching = false;
    const nowMs = systemClock.monotonic();
    for (const call of this.#calls) {
      if (call.deadlineMs > nowMs) return this.#watch(call.deadlineMs - nowMs);
      const { connection } = call;
      call.mayBeDone ||= connection !== undefined && call.script.repeated !== "nothing";
      this.#wentWell = false;
      this.#giveUp(call, TIMED_OUT);
      if (connection) this.#drop(connection);
    }
  }
}
