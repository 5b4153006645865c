// The caller's side of the worker: batches what is asked, settles what is answered.
//
//   B1. The requests of one turn of the event loop leave in one message (or few, BATCH_REQUESTS).
//   B2. Every request settles: by its reply, by the timeout, or because the worker ended. A write whose reply did not
//       come is "unknown": it may have happened.                                                            (S6)
//   B3. A worker that ended is started again by the next request.
//   B4. The worker keeps the process alive only while a request is outstanding.
//   B5. Time is the machine's here, whatever clock the store's options name: a simulated clock must not time out a
//       real disk. A loop that was stalled reads the replies that wait before it gives anything up.

import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { systemClock } from "../../base/clock.ts";
import { StoreUnavailableError } from "../../base/errors.ts";
import { closedError } from "../refusal.ts";
import type { Fault } from "./faults.ts";
import { READS, errorOf, failureOf } from "./protocol.ts";
import type { OperationName, Operations, Replies, Request } from "./protocol.ts";
import type { WorkerStart } from "./worker.ts";

export interface LinkOptions extends Omit<WorkerStart, "faults"> {
  readonly timeoutMs: number;
  readonly faults: readonly Fault[];
}

interface Outstanding {
  readonly operation: OperationName | "open";
  readonly sinceMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

const WORKER_FILE = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
const OPENING = 0;

/**
 * A turn with more requests than this sends them in parts, so that the worker writes while the rest is made; one group all
 * the same. Half as many cost a whole tool call 6 % more CPU at 64 conversations: groups are smaller, and the worker wakes more often.
 */
const BATCH_REQUESTS = 32;

export class Link {
  readonly #options: LinkOptions;
  /** In the order in which they began, so the first is the oldest. */
  readonly #outstanding = new Map<number, Outstanding>();
  #worker: Worker | undefined;
  #faults: readonly Fault[];
  #batch: Request[] = [];
  #lastId = OPENING;
  #isWatching = false;
  #closed: Promise<void> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#faults = options.faults;
  }

  /** Starts the worker; rejects when the file cannot be opened. Not timed: a thread takes as long to start as it takes. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#start();
      this.#expect(OPENING, { operation: "open", sinceMs: systemClock.monotonic(), resolve: () => resolve(), reject });
    });
  }

  call<K extends OperationName>(nowMs: number, operation: K, ...args: Parameters<Operations[K]>): Promise<ReturnType<Operations[K]>> {
    if (this.#closed) return Promise.reject(closedError(this.#options.address));
    return this.#send(nowMs, operation, args) as Promise<ReturnType<Operations[K]>>;
  }

  /** Waits for what was asked before, closes the file and ends the worker. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    try {
      await this.#send(0, "close", []);
    } finally {
      await worker.terminate();
    }
  }

  #send(nowMs: number, operation: OperationName, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      if (!this.#worker) this.#start();
      if (this.#batch.length === 0) afterThisTurn(() => this.#flush());
      this.#batch.push([id, nowMs, operation, ...args] as Request);
      if (this.#batch.length === BATCH_REQUESTS) this.#flush();
      this.#expect(id, { operation, sinceMs: systemClock.monotonic(), resolve, reject });
    });
  }

  #expect(id: number, entry: Outstanding): void {
    if (this.#outstanding.size === 0) this.#worker?.ref();
    this.#outstanding.set(id, entry);
    if (!this.#isWatching && id !== OPENING) this.#watch(this.#options.timeoutMs);
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    if (!this.#worker) this.#start();
    this.#post(batch);
  }

  #post(batch: readonly Request[]): void {
    try {
      this.#worker?.postMessage(batch);
    } catch (thrown) {
      // Something in the batch cannot be copied. Alone it harms nobody else.
      if (batch.length > 1) for (const request of batch) this.#post([request]);
      else this.#receive([[], [], [[batch[0]![0], failureOf(thrown)]]]);
    }
  }

  #start(): void {
    const { timeoutMs: _timeoutMs, faults: _faults, ...file } = this.#options;
    const start: WorkerStart = { ...file, faults: this.#faults };
    this.#faults = [];
    const worker = new Worker(WORKER_FILE, { workerData: start, name: "conversimple-sqlite" });
    worker.on("message", (replies: Replies) => this.#receive(replies));
    worker.on("error", () => this.#ended(worker));
    worker.on("exit", () => this.#ended(worker));
    this.#worker = worker;
  }

  #receive([ids, values, failures]: Replies): void {
    for (let n = 0; n < ids.length; n++) this.#settle(ids[n]!)?.resolve(values[n]);
    for (const [id, failure] of failures) {
      if (id === OPENING) return this.#refuseAll(errorOf(failure));
      this.#settle(id)?.reject(errorOf(failure));
    }
  }

  /** Takes an entry out; undefined when it was given up before. */
  #settle(id: number): Outstanding | undefined {
    const entry = this.#outstanding.get(id);
    this.#outstanding.delete(id);
    if (this.#outstanding.size === 0) this.#worker?.unref();
    return entry;
  }

  /** The file could not be opened: nothing that was asked of this worker was done. */
  #refuseAll(error: Error): void {
    this.#worker = undefined;
    this.#batch = [];
    for (const entry of this.#outstanding.values()) entry.reject(error);
    this.#outstanding.clear();
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const unsent = new Set(this.#batch.map(([id]) => id));
    for (const id of this.#outstanding.keys()) if (!unsent.has(id)) this.#giveUp(id, "its worker ended");
  }

  /** One timer for all: they have the same timeout, so the oldest is due first. */
  #watch(delayMs: number): void {
    this.#isWatching = true;
    systemClock.after(delayMs, () => setImmediate(() => this.#checkTimeouts()), { background: true });
  }

  #checkTimeouts(): void {
    this.#isWatching = false;
    const { timeoutMs } = this.#options;
    const nowMs = systemClock.monotonic();
    for (const [id, entry] of this.#outstanding) {
      if (id === OPENING) continue;
      const leftMs = entry.sinceMs + timeoutMs - nowMs;
      if (leftMs > 0) return this.#watch(leftMs);
      this.#giveUp(id, `no answer within ${timeoutMs} ms`);
    }
  }

  #giveUp(id: number, why: string): void {
    const { operation, reject } = this.#settle(id)!;
    const outcome = operation === "open" || READS.has(operation) ? "none" : "unknown";
    const { address } = this.#options;
    reject(new StoreUnavailableError(`The store ${address} did not finish "${operation}": ${why}.`, { address, operation, outcome }));
  }
}

/** After everything that this turn of the event loop still has to do, promises included (B1). */
function afterThisTurn(run: () => void): void {
  queueMicrotask(() => process.nextTick(run));
}
