// Customers and accounts: records of the store that no conversation owns.
//
// Owns their transactions: compare-and-set over the store, one update of an owner at a time in this process, the
// recipe again where another process was faster.
//
//   SR1. What an update gives was committed with the very change that it came from.                    (P11)
//   SR2. An operation id that the store knows is not carried out again; its first result is given.     (P11)
//   SR3. An unknown outcome is resolved before anything is said: the write id is sent again; where somebody committed
//        meanwhile, the operation id tells.                                                            (P4)
//   SR4. A tombstone gives no value and takes none.                                                    (P22)

import { randomInt, randomUUID } from "node:crypto";

import { ConversimpleError, StoreUnavailableError, type ErrorCode } from "../base/errors.ts";
import { sleep, type Clock } from "../base/clock.ts";
import { decode, encode } from "../base/codec.ts";
import type { KeyedHash } from "../base/keyed-hash.ts";
import { copyOf } from "../base/plain.ts";
import type { JointRecord, JointRecords, JointUpdate, Values } from "../agent/joint-records.ts";
import { RecordDocument } from "../state/document.ts";
import { JournalWriter } from "../state/journal.ts";
import { sealBody } from "../state/record.ts";
import { LEDGER_MAX_CALLS, type Change, type Loaded, type Owner, type Store } from "../state/store.ts";
import type { Slice } from "../state/slice.ts";
import { Unit } from "../state/unit.ts";
import { keptAnswer } from "./kept-answer.ts";
import { RESULT_MAX_BYTES } from "./result-json.ts";

/** How long an update may take, conflicts and unknown outcomes included, milliseconds. Source: as a commit's. */
const WITHIN_MS = 10_000;
/** The longest pause between two attempts, milliseconds. */
const LONGEST_PAUSE_MS = 500;

export interface JointRecordsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly hash: KeyedHash;
}

export class JointRecordsOfStore implements JointRecords {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #hash: KeyedHash;
  /** The last update of an owner in this process: two at once would only meet as conflicts. */
  readonly #turns = new Map<Owner, Promise<unknown>>();

  constructor({ store, clock, hash }: JointRecordsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#hash = hash;
  }

  ownerOf(kind: "customer" | "account", id: string): Owner {
    return `${kind}:${this.#hash.of(kind, id)}`;
  }

  async read(owner: Owner, slices: readonly Slice[]): Promise<JointRecord> {
    const loaded = await this.#load(owner);
    const document = documentOf(owner, loaded, slices);
    return { version: loaded?.version ?? 0, facts: loaded?.facts, value: (slice) => copyOf(document.value(slice)) };
  }

  update<T>(owner: Owner, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => T): Promise<T> {
    const turn = (this.#turns.get(owner) ?? Promise.resolve()).then(() => this.#update(owner, slices, how, recipe));
    const tail = turn.catch(() => {}).then(() => {
      if (this.#turns.get(owner) === tail) this.#turns.delete(owner);
    });
    this.#turns.set(owner, tail);
    return turn;
  }

  async #update<T>(owner: Owner, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => T): Promise<T> {
    const deadline = this.#clock.monotonic() + WITHIN_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const loaded = await this.#load(owner);
      const before = await this.#appliedBefore(owner, loaded, how.operationId);
      if (before !== undefined) return decode(before) as T;
      const { change, result } = attempt(owner, loaded, slices, how, recipe);
      if (await this.#isCommitted(owner, change, deadline)) return result;
      if (this.#clock.monotonic() + pauseMs > deadline) throw new StoreUnavailableError(`Others changed the record without a pause for ${WITHIN_MS} ms. Nothing was stored; try again.`);
      // Those who met once would meet again without a difference between their pauses.
      await sleep(this.#clock, randomInt(pauseMs + 1));
    }
  }

  /** SR2. */
  async #appliedBefore(owner: Owner, loaded: Loaded | undefined, operationId: string): Promise<string | undefined> {
    if (!loaded) return undefined;
    const isKnown = loaded.calls.some(({ callId }) => callId === operationId);
    // Where the ledger is not full, what it does not know did not happen.
    if (!isKnown && loaded.calls.length < LEDGER_MAX_CALLS) return undefined;
    return keptAnswer(this.#store, owner, operationId);
  }

  /** False when somebody else was faster: nothing was written, or SR3. */
  async #isCommitted(owner: Owner, change: Change, deadline: number): Promise<boolean> {
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#store.commit(owner, change);
        return true;
      } catch (thrown) {
        if (!(thrown instanceof ConversimpleError)) throw thrown;
        // Gone or forgotten meanwhile: the next look at it says which.
        if (AGAIN.has(thrown.code)) return false;
        if (thrown.fields.outcome !== "unknown" || this.#clock.monotonic() + pauseMs > deadline) throw thrown;
      }
      await sleep(this.#clock, pauseMs);
    }
  }

  async #load(owner: Owner): Promise<Loaded | undefined> {
    const loaded = await this.#store.load(owner);
    if (loaded?.facts.status === "forgotten") throw new ConversimpleError("customer_forgotten", "This customer's data was erased on request. Nothing is stored under it any more.", { owner });
    return loaded;
  }
}

const AGAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["version_conflict", "fenced", "state_lost"]);

function documentOf(owner: Owner, loaded: Loaded | undefined, slices: readonly Slice[]): RecordDocument {
  if (!loaded || loaded.record === null) return RecordDocument.begin(owner, slices);
  return RecordDocument.open(owner, loaded.version, loaded.record, slices);
}

/** One run of a recipe on what was loaded, and the commit that it asks for. */
function attempt<T>(owner: Owner, loaded: Loaded | undefined, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => T): { change: Change; result: T } {
  const document = documentOf(owner, loaded, slices);
  const unit = new Unit(document, "write");
  let result: T;
  try {
    // A draft that a recipe gives back is not worth anything after it.
    result = copyOf(synchronous(how.name, recipe((slice) => unit.draft(slice))));
  } catch (thrown) {
    unit.discard();
    throw thrown;
  }
  const changed = unit.change() ?? { parts: new Map(), patches: {} };
  const version = (loaded?.version ?? 0) + 1;
  const entry = new JournalWriter().entry({ unit: "update", name: how.name, outcome: "ok", ms: [0, 0, 0] }, document, version, changed);
  return {
    result,
    change: {
      writeId: randomUUID(),
      expectedVersion: version - 1,
      epoch: loaded?.epoch ?? 0,
      record: document.textWith(version, changed.parts),
      entry,
      answer: { callId: how.operationId, digest: "update", text: sealBody(keptText(how.name, result)) },
      ...(how.expiresAtMs === undefined ? {} : { facts: { expiresAtMs: how.expiresAtMs } }),
    },
  };
}

function keptText(name: string, result: unknown): string {
  const text = encode(result, `the result of the ${name}`);
  if (Buffer.byteLength(text) <= RESULT_MAX_BYTES) return text;
  throw new ConversimpleError("result_invalid", `The result of the ${name} has more than ${RESULT_MAX_BYTES} bytes. Return what a redelivery needs.`, { limit: RESULT_MAX_BYTES });
}

function synchronous<T>(name: string, result: T): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return result;
  (result as unknown as Promise<unknown>).then(undefined, () => {});
  throw new ConversimpleError("option_invalid", `The recipe of the ${name} is asynchronous. It may run again on a conflict: do the waiting before it.`);
}
