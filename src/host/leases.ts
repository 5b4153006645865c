// The lease of this process: how others know that it is alive.
//
// Owns one identity and its renewal. Safety does not depend on it: epochs do that (P14).
//
//   LE1. A lease is renewed every third of its time, whatever became of the renewals before: one may be waiting for a part
//        of the store that is away, while others count on the rest.
//   LE2. After `stop` nothing is renewed; `retire` gives everything up.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

import { systemClock, type Clock, type Timer } from "../base/clock.ts";
import { processStat } from "../base/process-stat.ts";
import type { ProcessIdentity, Store } from "../state/store.ts";

/** How long a lease lasts unless told otherwise, milliseconds. Source: P15. */
export const LEASE_MS = 10_000;

/** The identity of this process, made new at every start. */
export function thisProcess(clock: Clock): ProcessIdentity {
  return { id: randomUUID(), pid: process.pid, host: hostname(), startedAtMs: clock === systemClock ? (processStat(process.pid)?.startMs ?? 0) : 0 };
}

export class Lease {
  readonly identity: ProcessIdentity;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  #timer: Timer | undefined;
  #isStopped = false;
  /** Whether the store answered the last renewal. */
  isHealthy = true;

  constructor(store: Store, clock: Clock, leaseMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.identity = thisProcess(clock);
  }

  /** The first renewal, then one every third of the lease. @throws {StoreUnavailableError} */
  async start(): Promise<void> {
    await this.#store.renew(this.identity, this.#leaseMs);
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Gives up the lease and all conversations (LE2). */
  async retire(): Promise<void> {
    this.stop();
    await this.#store.retire(this.identity.id);
  }

  #next(): void {
    if (this.#isStopped) return;
    this.#timer = this.#clock.after(this.#leaseMs / 3, () => void this.#renew(), { background: true });
  }

  /** LE1. */
  async #renew(): Promise<void> {
    this.#next();
    try {
      await this.#store.renew(this.identity, this.#leaseMs);
      this.isHealthy = true;
    } catch {
      this.isHealthy = false;
    }
  }
}
