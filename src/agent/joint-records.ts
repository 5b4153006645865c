// Joint records, which conversations share: customers and accounts. What a part may do with them while a unit runs.
//
// Owns the contract; the host fulfils it over its store.
//
//   SH1. An update is a transaction of its own: compare-and-set, the recipe runs again on a conflict. It is durable when
//        its promise resolves, whatever becomes of the unit that asked for it.                         (P11)
//   SH2. An operation id is honoured once in 24 h: the same id again gives what the first one gave.       (P11)
//   SH3. What a conversation left is given only to the same customer, the same agent, in time, and only after its end. (P12)
//   SH4. A forgotten owner takes no update and gives no value; a quarantined one neither, and both say so. (P10, P22)

import type { Slice } from "../state/slice.ts";
import type { Facts, Owner } from "../state/store.ts";

/** The values of an owner, part by part. In an update these are drafts. */
export type Values = (slice: Slice) => unknown;

/** A shared record as it was committed last. */
export interface JointRecord {
  /** 0 when there is none: its values are the parts' initial ones. */
  readonly version: number;
  /** Undefined when there is none. */
  readonly facts: Facts | undefined;
  /** Plain copies. */
  readonly value: Values;
}

/** How an update is carried out. */
export interface JointUpdate {
  /** What it is called in the journal: "customer update", "login". */
  readonly name: string;
  /** Unique for what is done; see {@link Running.nextOperationId}. */
  readonly operationId: string;
  /** For what it is done: under the same operation id for something else it is refused (`call_mismatch`). Nothing in particular unless given. */
  readonly digest?: string;
  /** When the record goes away, milliseconds since 1970; null keeps it for ever. Unchanged unless given. */
  readonly expiresAtMs?: number | null;
  /** Who changes it by hand, for the journal. */
  readonly source?: string;
  /** Hears the version that has it. */
  readonly onCommitted?: (version: number) => void;
}

/** Whose conversation, and how long ago it may have ended. */
export interface Left {
  readonly conversationId: string;
  readonly agentId: string;
  readonly customer: Owner;
  /** Milliseconds. */
  readonly withinMs: number;
  /** A conversation that was to have it: when it became the customer's, it has it. */
  readonly unlessOf?: string | null;
}

export interface JointRecords {
  /** The owner key: a keyed hash of the id, so that a store names nobody. @throws `option_invalid` without a secret. */
  ownerOf(kind: "customer" | "account", id: string): Owner;

  /** @throws {ConversimpleError} `customer_forgotten`, `state_quarantined`, `state_unavailable`. */
  read(owner: Owner, slices: readonly Slice[]): Promise<JointRecord>;

  /**
   * SH1, SH2.
   *
   * @param recipe synchronous and without effects outside: it may run again. It gets drafts.
   * @returns what the recipe gave, as a copy.
   * @throws what the recipe throws (nothing is written), and as `read`; `option_invalid` for an asynchronous recipe.
   */
  update<T>(owner: Owner, slices: readonly Slice[], how: JointUpdate, recipe: (value: Values) => T): Promise<T>;

  /** A copy of what a conversation left of a part (SH3); undefined when there is none. @throws `state_quarantined`. */
  left(of: Left, slice: Slice): Promise<unknown>;
}
