// Customers and accounts: records of the store that no conversation owns.
//
// Owns their transactions: compare-and-set over the store, one update of an owner at a time in this process, the
// recipe again where another process was faster. What is known of an owner is kept for a short while (`joint-owner.ts`),
// so that an update is one round trip.
//
//   SR1. What an update gives was committed with the very change that it came from.                    (P11)
//   SR2. An operation id that the store knows is not carried out again; its first result is given.     (P11)
//   SR3. An unknown outcome is resolved before anything is said: the write id is sent again; where somebody committed
//        meanwhile, the operation id tells.                                                            (P4)
//   SR4. A tombstone gives no value and takes none.                                                    (P22)
//   SR5. What a recipe throws on something that may be out of date is not believed: it runs again on what is loaded.
//   SR6. A part that comes near its limit is told of once. (P9)
//   SR7. A customer's record that is gone, or older than it was, is said once (`state_lost`), never shown as an empty one.


import { codeOf, ConversimpleError, StoreUnavailableError, type ErrorCode } from "../base/errors.ts";
import { sleep, type Clock } from "../base/clock.ts";
import { decode } from "../base/codec.ts";
import { systemRandom } from "../base/random.ts";
import type { KeyedHash } from "../base/keyed-hash.ts";
import { copyOf } from "../base/plain.ts";
import type { JointRecord, JointRecords, JointUpdate, Left, Values } from "../agent/joint-records.ts";
import { RecordDocument } from "../state/document.ts";
import { conversationOwner, LEDGER_MAX_CALLS, type Change, type Loaded, type Owner, type Store } from "../state/store.ts";
import { SizeWatch, type GrownPart } from "../state/size-watch.ts";
import type { Slice } from "../state/slice.ts";
import { partOf } from "./call-digest.ts";
import { JointOwner, type Attempt } from "./joint-owner.ts";
import { keptAnswer } from "./kept-answer.ts";

/** How long an update may take, conflicts and unknown outcomes included, milliseconds. Source: as a commit's. */
const WITHIN_MS = 10_000;
/** The longest pause before a write id is sent again, milliseconds. */
const LONGEST_PAUSE_MS = 500;
/** The longest pause after a lost race, milliseconds: a few commits of those who won it. */
const LONGEST_RACE_PAUSE_MS = 100;
/** Owners that are known at a time. Source: as many as conversations whose values stay in memory. */
const KNOWN_OWNERS = 256;
/** How long an owner stays known without an update, milliseconds. Far below what a tombstone stays, so that nothing erased comes back. */
const KNOWN_MS = 60_000;

export interface JointRecordsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly hash: KeyedHash;
  /** From 0 to below 1, for the pauses of those who met. */
  readonly random?: () => number;
  /** SR6. */
  readonly grew?: (owner: Owner, grown: GrownPart) => void;
}

interface Known {
  readonly owner: JointOwner;
  /** When the store said so last, milliseconds of the monotonic clock. */
  atMs: number;
}

export class JointRecordsOfStore implements JointRecords {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #hash: KeyedHash;
  readonly #random: () => number;
  readonly #grew: NonNullable<JointRecordsOptions["grew"]>;
  readonly #sizes = new SizeWatch();
  /** The last update of an owner in this process: two at once would only meet as conflicts. */
  readonly #turns = new Map<Owner, Promise<unknown>>();
  /** When an update failed for the store's sake, while others wait for their turn: they do not wait as long again. */
  readonly #away = new Map<Owner, number>();
  /** The one that was updated last at the end. */
  readonly #known = new Map<Owner, Known>();

  constructor({ store, clock, hash, random = systemRandom, grew = () => {} }: JointRecordsOptions) {
    this.#grew = grew;
    this.#store = store;
    this.#clock = clock;
    this.#hash = hash;
    this.#random = random;
  }

  ownerOf(kind: "customer" | "account", id: string): Owner {
    return `${kind}:${this.#hash.of(kind, id)}`;
  }

  async read(owner: Owner, slices: readonly Slice[]): Promise<JointRecord> {
    const loaded = await this.#load(owner);
    const known = this.#knownOf(owner);
    const document = (loaded && known?.isAt(loaded) && known.opened(slices)) || documentOf(owner, loaded, slices);
    return { version: loaded?.version ?? 0, facts: loaded?.facts, value: (slice) => copyOf(document.value(slice)) };
  }

  update<T>(owner: Owner, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => T): Promise<T> {
    const askedAtMs = this.#clock.monotonic();
    const turn = (this.#turns.get(owner) ?? Promise.resolve()).then(async () => {
      if ((this.#away.get(owner) ?? askedAtMs) > askedAtMs) throw new StoreUnavailableError("The store did not answer the update before this one. Nothing was stored; try again.");
      try {
        return await this.#update(owner, slices, how, recipe);
      } catch (thrown) {
        if (codeOf(thrown) === "state_unavailable") this.#away.set(owner, this.#clock.monotonic());
        throw thrown;
      }
    });
    const tail = turn.catch(() => {}).then(() => {
      if (this.#turns.get(owner) !== tail) return;
      this.#turns.delete(owner);
      this.#away.delete(owner);
    });
    this.#turns.set(owner, tail);
    return turn as Promise<T>;
  }

  /** Nothing of them is known any more (SR4). */
  forget(owners: ReadonlySet<Owner>): void {
    for (const owner of owners) this.#known.delete(owner);
  }

  async left({ conversationId, agentId, customer, withinMs, unlessOf = null }: Left, slice: Slice): Promise<unknown> {
    const other = unlessOf === null ? undefined : await this.#store.load(conversationOwner(unlessOf));
    if (other?.facts.customer === customer) return undefined;
    const loaded = await this.#store.load(conversationOwner(conversationId));
    if (!loaded || loaded.record === null || loaded.facts.status !== "ended") return undefined;
    const isTheirs = loaded.facts.customer === customer && loaded.facts.agentId === agentId;
    if (!isTheirs || this.#clock.now() - loaded.facts.updatedAtMs > withinMs) return undefined;
    return copyOf(RecordDocument.open(loaded.owner, loaded.version, loaded.record, [slice]).value(slice));
  }

  async #update(owner: Owner, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => unknown): Promise<unknown> {
    const deadline = this.#clock.monotonic() + WITHIN_MS;
    let known = this.#knownOf(owner);
    for (let pauseMs = 0, isFresh = false; ; ) {
      if (!known || isFresh) {
        known = await this.#fresh(owner);
        isFresh = true;
      }
      const before = await this.#appliedBefore(known, how);
      if (before !== undefined) {
        how.onCommitted?.(known.operations.find(how.operationId, this.#clock.now())?.version ?? known.version);
        return decode(before);
      }
      const attempt = this.#attempt(known, isFresh, () => known!.attempt(slices, how, recipe, this.#clock.now()));
      if (attempt && (await this.#isCommitted(known, attempt, deadline))) {
        for (const grown of this.#sizes.grown(slices, attempt.made?.parts, owner)) this.#grew(owner, grown);
        how.onCommitted?.(attempt.change.expectedVersion + 1);
        return attempt.result;
      }
      isFresh = true;
      if (!attempt) continue;
      if (this.#clock.monotonic() + pauseMs > deadline) throw new StoreUnavailableError(`Others changed the record without a pause for ${WITHIN_MS} ms. Nothing was stored; try again.`);
      // Those who met twice would meet again without a difference between their pauses.
      if (pauseMs > 0) await sleep(this.#clock, Math.floor(this.#random() * (pauseMs + 1)));
      pauseMs = Math.min(pauseMs * 2 + 1, LONGEST_RACE_PAUSE_MS);
    }
  }

  /** SR5. Undefined: to be tried again on what is loaded. */
  #attempt(known: JointOwner, isFresh: boolean, run: () => Attempt): Attempt | undefined {
    try {
      return run();
    } catch (thrown) {
      if (isFresh) throw thrown;
      this.#known.delete(known.owner);
      return undefined;
    }
  }

  /** SR2. */
  async #appliedBefore(known: JointOwner, { operationId, digest = "" }: JointUpdate): Promise<string | undefined> {
    const { operations } = known;
    if (known.version === 0) return undefined;
    const listed = operations.find(operationId, this.#clock.now());
    if (listed) partOf(listed.digest, digest, operationId);
    // Where the ledger is not full, what it does not know did not happen.
    if (!listed && operations.size < LEDGER_MAX_CALLS) return undefined;
    return keptAnswer(this.#store, known.owner, operationId);
  }

  /** False when somebody else was faster: nothing was written, or SR3. */
  async #isCommitted(known: JointOwner, attempt: Attempt, deadline: number): Promise<boolean> {
    try {
      const isCommitted = await this.#send(known.owner, attempt.change, deadline);
      if (!isCommitted) known.undo(attempt);
      // The store's clock says when a new one began.
      else if (attempt.change.expectedVersion === 0) this.#known.delete(known.owner);
      else {
        known.accept(attempt, this.#clock.now());
        this.#remember(known);
      }
      return isCommitted;
    } catch (thrown) {
      this.#known.delete(known.owner);
      throw thrown;
    }
  }

  /** Sends a change until it is known whether it was written (SR3). */
  async #send(owner: Owner, change: Change, deadline: number): Promise<boolean> {
    let isOpen = false;
    for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#store.commit(owner, change);
        return true;
      } catch (thrown) {
        // Gone or forgotten meanwhile: the next look at it says which.
        if (thrown instanceof ConversimpleError && AGAIN.has(thrown.code)) return false;
        // A repetition that failed says nothing of the attempt before it.
        if (thrown instanceof ConversimpleError && !isOpen && thrown.fields.outcome !== "unknown") throw thrown;
        isOpen = true;
        if (this.#clock.monotonic() + pauseMs > deadline) throw unresolved(thrown);
      }
      await sleep(this.#clock, pauseMs);
    }
  }

  /** What the store has now, taken over into what is known. */
  async #fresh(owner: Owner): Promise<JointOwner> {
    const known = this.#known.get(owner)?.owner ?? new JointOwner(owner);
    known.take(await this.#load(owner));
    if (known.version > 0) this.#remember(known);
    else this.#known.delete(owner);
    return known;
  }

  async #load(owner: Owner): Promise<Loaded | undefined> {
    const known = this.#knownOf(owner);
    const { version = 0, facts } = known ?? {};
    const loaded = await this.#store.load(owner);
    if (loaded?.facts.status === "forgotten") {
      this.#known.delete(owner);
      throw new ConversimpleError("customer_forgotten", "This customer's data was erased on request. Nothing is stored under it any more.", { owner });
    }
    const isAnother = loaded && loaded.facts.createdAtMs !== facts?.createdAtMs;
    if (version === 0 || isAnother || (loaded && loaded.version >= version) || !owner.startsWith("customer:")) return loaded;
    this.#known.delete(owner);
    throw new ConversimpleError("state_lost", `The record of ${owner} is not what the store had acknowledged: version ${version} was stored, ${loaded ? `version ${loaded.version}` : "nothing"} is there now.`, { owner, version });
  }

  /** What is known of an owner, unless that is too long ago or its record has expired since. */
  #knownOf(owner: Owner): JointOwner | undefined {
    const known = this.#known.get(owner);
    if (!known) return undefined;
    const { expiresAtMs = null } = known.owner.facts ?? {};
    const isOver = expiresAtMs !== null && expiresAtMs <= this.#clock.now();
    if (!isOver && this.#clock.monotonic() - known.atMs < KNOWN_MS) return known.owner;
    this.#known.delete(owner);
    return undefined;
  }

  /** Says that the store has it as it is known. Those that nobody updates any more go. */
  #remember(owner: JointOwner): void {
    const nowMs = this.#clock.monotonic();
    this.#known.delete(owner.owner);
    this.#known.set(owner.owner, { owner, atMs: nowMs });
    for (const [name, { atMs }] of this.#known) {
      if (this.#known.size <= KNOWN_OWNERS && nowMs - atMs < KNOWN_MS) break;
      this.#known.delete(name);
    }
  }
}

const AGAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["version_conflict", "fenced", "state_lost"]);

function documentOf(owner: Owner, loaded: Loaded | undefined, slices: readonly Slice[]): RecordDocument {
  if (!loaded || loaded.record === null) return RecordDocument.begin(owner, slices);
  return RecordDocument.open(owner, loaded.version, loaded.record, slices);
}

function unresolved(thrown: unknown): StoreUnavailableError {
  if (thrown instanceof StoreUnavailableError) return thrown;
  return new StoreUnavailableError("It is not known whether the change was stored. Send the call again: its answer will be true.", { outcome: "unknown" }, { cause: thrown });
}
