// Which calls of a conversation are done, as its owner knows it.
//
// Owns the recognition of a call that comes again. The answers themselves stay in the store.
//
//   L1. It knows the last LEDGER_MAX_CALLS calls of the last LEDGER_MAX_AGE_MS; older ones are forgotten. (P5)
//   L2. It learns a call only after the commit that recorded it.

import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS, type KnownCall } from "./store.ts";

export class Ledger {
  /** In the order of their commits: a Map keeps it. */
  readonly #calls: Map<string, KnownCall>;

  constructor(calls: readonly KnownCall[]) {
    this.#calls = new Map(calls.map((call) => [call.callId, call]));
  }

  /** The call when it is done already. */
  find(callId: string, nowMs: number): KnownCall | undefined {
    const call = this.#calls.get(callId);
    if (!call || nowMs - call.atMs <= LEDGER_MAX_AGE_MS) return call;
    this.#calls.delete(callId);
    return undefined;
  }

  /** Remembers a call that was committed (L1, L2). */
  add(call: KnownCall): void {
    this.#calls.delete(call.callId);
    this.#calls.set(call.callId, call);
    if (this.#calls.size <= LEDGER_MAX_CALLS) return;
    const oldest = this.#calls.keys().next();
    if (!oldest.done) this.#calls.delete(oldest.value);
  }

  /** The version of the oldest call that is known: its answer must stay in the journal. */
  get oldestVersion(): number | undefined {
    const oldest = this.#calls.values().next();
    return oldest.done ? undefined : oldest.value.version;
  }

  /** How many calls are known. */
  get size(): number {
    return this.#calls.size;
  }
}
