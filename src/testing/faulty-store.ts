// A store that fails on command, or by chance from a seed.
//
// Owns the faults between a process and its store. The inner store stays whole: what it acknowledged is there.
//
//   FS1. `refused` and `unsent` do not reach the store; `unanswered` does, `late` when its caller has long heard that it
//        failed. A caller can tell `refused` from the others, but not the others from each other: their outcome is
//        unknown.                                                                                       (P4)
//   FS2. Scripted faults come before all others, each once, in order, for their method.
//   FS3. Every fault that came about is recorded; the same seed and the same requests give the same faults.
//   FS4. A delay lets the clock go on by itself, so that nobody waits for time that nobody moves.

import { sleep, systemClock, type Clock } from "../base/clock.ts";
import { StoreUnavailableError } from "../base/errors.ts";
import { durationMs, SimulatedClock } from "../base/simulated-clock.ts";
import type { Owner, Store } from "../state/store.ts";
import { interceptedStore, type StoreMethod, type StoreRequest } from "./intercepted-store.ts";
import { seededRandom } from "./seeded-random.ts";

/**
 * What happens to a request: nothing (`ok`); the store says no, nothing was written (`refused`); it is lost on its
 * way (`unsent`); it is done and its answer is lost (`unanswered`); it reaches the store so much later (`delay`), or so
 * much later than it was given up (`late`).
 */
export type StoreFault = "ok" | "refused" | "unsent" | "unanswered" | { readonly delay: string | number } | { readonly late: string | number };

/** A fault that came about. */
export interface StoreFaultRecord {
  /** The how-manieth request it was, from 1. */
  readonly request: number;
  readonly method: StoreMethod;
  readonly owner: Owner | undefined;
  readonly fault: string;
}

/** How often faults are drawn, each from 0 to 1. */
export interface StoreFaultRates {
  readonly refused?: number;
  readonly unsent?: number;
  readonly unanswered?: number;
  readonly delayed?: number;
  readonly late?: number;
  /** The longest drawn delay, milliseconds; 500 unless given. */
  readonly maxDelayMs?: number;
}

/** How a store fails: by chance from a seed, by a script later on. */
export interface FaultyStoreOptions extends StoreFaultRates {
  /** By which delays wait; the machine's unless given. */
  readonly clock?: Clock;
  /** From which faults are drawn; 1 unless given. Without rates nothing is drawn. */
  readonly seed?: number;
  /** The methods for which faults are drawn; `commit` alone unless given. */
  readonly methods?: readonly StoreMethod[];
}

/** A request that is held. */
export interface HeldRequest {
  /** Resolves when the request has come. */
  readonly reached: Promise<void>;
  /** Lets it go on to the store. */
  release(): void;
}

/** A store with its faults. */
export interface FaultyStore extends Store {
  readonly faults: StoreFaults;
}

/** Puts faults before a store; without options it has none until they are scripted. */
export function faultyStore(store: Store, options: FaultyStoreOptions = {}): FaultyStore {
  const faults = new StoreFaults(options);
  return { ...interceptedStore(store, (request, run) => faults.around(request, run)), faults };
}

/** The faults of one store: scripted, drawn, and what came of them. */
export class StoreFaults {
  /** Faults that came about, in order (FS3). */
  readonly records: StoreFaultRecord[] = [];
  readonly #clock: Clock;
  readonly #options: FaultyStoreOptions;
  readonly #random: () => number;
  readonly #drawn: ReadonlySet<StoreMethod>;
  readonly #scripted = new Map<StoreMethod, (StoreFault | { readonly hold: () => Promise<void> })[]>();
  #requests = 0;
  #downUntilMs = -Infinity;
  #isCalm = false;

  constructor(options: FaultyStoreOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
    this.#drawn = new Set(options.methods ?? ["commit"]);
  }

  /** What happens to the next requests of a method, one after another (FS2). */
  next(method: StoreMethod, ...faults: readonly StoreFault[]): void {
    this.#scripted.set(method, [...(this.#scripted.get(method) ?? []), ...faults]);
  }

  /** Holds the next request of a method before it reaches the store. */
  hold(method: StoreMethod): HeldRequest {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const hold = (): Promise<void> => {
      reached.resolve();
      return released.promise;
    };
    this.#scripted.set(method, [...(this.#scripted.get(method) ?? []), { hold }]);
    return { reached: reached.promise, release: () => released.resolve() };
  }

  /** Refuses every request for a time, or until `up`. */
  down(duration?: string | number): void {
    this.#downUntilMs = duration === undefined ? Infinity : this.#clock.monotonic() + durationMs(duration);
  }

  /** Ends `down`. */
  up(): void {
    this.#downUntilMs = -Infinity;
  }

  /** From now on only scripted faults come about, and `down`. */
  calm(): void {
    this.#isCalm = true;
  }

  /** One line for each fault that came about, to be printed when a seed failed. */
  print(): string {
    return this.records.map(({ request, method, owner, fault }) => `${request} ${method} ${owner ?? "-"}: ${fault}`).join("\n");
  }

  /** Sends a request through its fault. */
  async around<T>(request: StoreRequest, run: () => Promise<T>): Promise<T> {
    const number = ++this.#requests;
    const fault = this.#fault(request.method);
    if (fault !== "ok") this.records.push({ request: number, method: request.method, owner: request.owner, fault: wordOf(fault) });
    if (fault === "refused") throw lost(request.method, "none");
    if (fault === "unsent") throw lost(request.method, "unknown");
    if (typeof fault === "object" && "late" in fault) {
      void sleep(this.#clock, durationMs(fault.late)).then(run).catch(() => {});
      throw lost(request.method, "unknown");
    }
    if (typeof fault === "object") await ("hold" in fault ? fault.hold() : this.#delay(durationMs(fault.delay)));
    const done = await this.#real(run());
    if (fault === "unanswered") throw lost(request.method, "unknown");
    return done;
  }

  #fault(method: StoreMethod) {
    const scripted = this.#scripted.get(method)?.shift();
    if (scripted !== undefined) return scripted;
    const isDown = this.#clock.monotonic() < this.#downUntilMs && method !== "close";
    return isDown ? "refused" : this.#draw(method);
  }

  /** Two numbers per request, whatever comes of it, so that one fault does not move the others (FS3). */
  #draw(method: StoreMethod): StoreFault {
    if (!this.#drawn.has(method)) return "ok";
    const { refused = 0, unsent = 0, unanswered = 0, delayed = 0, late = 0, maxDelayMs = 500 } = this.#options;
    const delay = Math.round(this.#random() * maxDelayMs);
    let chance = this.#random();
    if (this.#isCalm) return "ok";
    if ((chance -= refused) < 0) return "refused";
    if ((chance -= unsent) < 0) return "unsent";
    if ((chance -= unanswered) < 0) return "unanswered";
    if ((chance -= late) < 0) return { late: delay };
    return chance - delayed < 0 ? { delay } : "ok";
  }

  #delay(delayMs: number): Promise<void> {
    return this.#clock instanceof SimulatedClock ? this.#clock.advance(delayMs) : sleep(this.#clock, delayMs);
  }

  /** A store may be real though the clock is not: time waits for it. */
  #real<T>(work: Promise<T>): Promise<T> {
    return this.#clock instanceof SimulatedClock ? this.#clock.during(work) : work;
  }
}

function wordOf(fault: StoreFault | { readonly hold: unknown }): string {
  if (typeof fault === "string") return fault;
  if ("late" in fault) return `late ${fault.late}`;
  return "hold" in fault ? "held" : `delayed ${fault.delay}`;
}

function lost(method: StoreMethod, outcome: "none" | "unknown"): StoreUnavailableError {
  return new StoreUnavailableError(`A fault of the test: the store did not ${outcome === "none" ? "accept" : "answer"} "${method}".`, { operation: method, outcome });
}
