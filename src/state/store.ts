// The store port: where records are kept.
//
// Owns the contract that memory, SQLite, Redis and PostgreSQL keep alike. Stores move opaque text; they know
// nothing of schemas, agents or tools. `conversimple/testing` has the conformance suite.
//
//   S1. A commit is all or nothing, and durable before its promise resolves (as far as the store promises
//       durability at all).                                                                        (P3, P4)
//   S2. A commit applies only when the stored version is the expected one and the epoch is the stored one.
//       Of two writers that expect the same version one loses, with nothing written.               (P11, P14)
//   S3. A write id that was the last one committed for its owner is a success without effect.       (P4)
//   S4. One owner per commit; owners never see each other's rows, whatever characters their ids have. (D)
//   S5. Times are milliseconds since 1970 by the store's clock; an expired record is not loaded.   (P13)
//   S6. A method that cannot tell rejects with StoreUnavailableError, within the store's timeout.   (P4)
//   S7. After a crash the store opens with what it acknowledged, and no half of anything else.
//   S8. Checks come in this order: a repeated write id, the epoch, the version. So a repetition is a success also
//       after somebody else took over.
//   S9. A tombstone takes no commit and no message: every commit to it is fenced, whatever it expects.

import type { Clock } from "../base/clock.ts";

/** Who owns a record: `conversation:<id>`, `customer:<keyed hash>` or `account:<keyed hash>`. */
export type Owner = `${OwnerKind}:${string}`;
/** What an owner is. */
export type OwnerKind = "conversation" | "customer" | "account";

/** Where a conversation is in its life. Customer and account records are always `live` or `forgotten`. */
export type Status = "live" | "ended" | "forgotten";

/** What is known of an owner beside its record; small, readable without a schema, searchable. */
export interface Facts {
  readonly status: Status;
  /** The agent of a conversation. */
  readonly agentId: string | null;
  /** The owner key of the customer a conversation was identified as. */
  readonly customer: string | null;
  /** Why a conversation ended. */
  readonly endReason: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When the record goes away; null while it must not (a live conversation). */
  readonly expiresAtMs: number | null;
}

/** A tool call (or effect) whose answer is kept: enough to recognise it again. */
export interface KnownCall {
  readonly callId: string;
  /** Digest of the arguments, so that the same id with other arguments is noticed. */
  readonly digest: string;
  /** The version of the commit that recorded it. */
  readonly version: number;
  readonly atMs: number;
}

/** One owner as it is stored. */
export interface Loaded {
  readonly owner: Owner;
  /** The record's text, null when none was committed yet. */
  readonly record: string | null;
  /** Number of commits so far; 0 for an owner that was only acquired. */
  readonly version: number;
  /** Fencing number; counts take-overs. 0 for an owner that was never acquired. */
  readonly epoch: number;
  /** Id of the process that acquired it last, null after a release. Its lease may be over. */
  readonly process: string | null;
  readonly facts: Facts;
  /** The ledger: the last calls, oldest first, at most {@link LEDGER_MAX_CALLS}. */
  readonly calls: readonly KnownCall[];
  /** How many messages wait in the inbox. */
  readonly mail: number;
}

/** So many calls are listed when an owner is loaded; {@link Store.answer} knows older ones too. Source: P5. */
export const LEDGER_MAX_CALLS = 512;
/** The ledger keeps a call for this long, milliseconds. Source: P5, P11. */
export const LEDGER_MAX_AGE_MS = 24 * 3_600_000;

/** A call to be recorded with its answer in the same commit. */
export interface Answer {
  readonly callId: string;
  readonly digest: string;
  /** The answer as text; given back as it is by {@link Store.answer}. */
  readonly text: string;
}

/** What a commit changes. Everything that is left out stays as it is. */
export interface Change {
  /** Made by the caller, unique; the same id again is a success (S3). */
  readonly writeId: string;
  /** The version that the caller saw; 0 creates the owner when it does not exist. */
  readonly expectedVersion: number;
  /** The caller's epoch for conversations; 0 for customers and accounts, which have none. */
  readonly epoch: number;
  readonly record?: string;
  /** The journal entry of this commit, as text. Found again under the version that the commit makes. */
  readonly entry?: string;
  readonly answer?: Answer;
  /** Facts to change; `updatedAtMs` is set by the store's clock on every commit. */
  readonly facts?: Partial<Omit<Facts, "createdAtMs" | "updatedAtMs">>;
  /** Ids of the inbox messages that this commit applied; they go away with it. */
  readonly consume?: readonly string[];
  /** Journal entries (and the answers with them) of versions below this one are dropped: at once for readers, from the disk in time. */
  readonly trimBelow?: number;
}

/** A commit that is durable. */
export interface Committed {
  /** The version after the commit. */
  readonly version: number;
}

/** A process that serves conversations. Leases are per process. */
export interface ProcessIdentity {
  /** Made new at every start. */
  readonly id: string;
  readonly pid: number;
  /** Name of the machine (or container); pids are compared only on the same one. */
  readonly host: string;
  /** When the process started, milliseconds since the machine did (base/process-stat.ts), to tell a reused pid from the old process; 0 when unknown. */
  readonly startedAtMs: number;
}

/** The outcome of asking for a conversation. */
export type Acquired =
  | { readonly kind: "acquired"; readonly loaded: Loaded; /** Whether another process had it before. */ readonly tookOver: boolean }
  | { readonly kind: "held"; readonly process: string; /** When its lease ends. */ readonly untilMs: number };

/** A message from an outside writer to the owner of a conversation (P16). */
export interface Message {
  /** Made by the writer; a repeated id of a message that still waits is a success without effect. */
  readonly id: string;
  readonly text: string;
}

/** A message in an inbox. */
export interface WaitingMessage extends Message {
  readonly atMs: number;
}

/** One journal entry as it is stored. */
export interface Entry {
  readonly version: number;
  readonly atMs: number;
  /** The entry's text, null where the commit had none. */
  readonly text: string | null;
  readonly callId: string | null;
  /** The answer that was recorded with it, null where there was none; only when it was asked for. */
  readonly answer?: string | null;
}

/** Which journal entries to read. */
export interface HistoryRange {
  /** Those with versions above; 0 unless given. */
  readonly afterVersion?: number;
  /** At most this many; 1,000 unless given, never more. */
  readonly limit?: number;
  /** Whether with the answers that were recorded with them: for who looks at many of them, and however old they are. */
  readonly answers?: boolean;
}

/** One commit of any owner, in the order in which they were committed. */
export interface FeedItem extends Entry {
  readonly owner: Owner;
  /** Where to go on. Opaque, grows. */
  readonly cursor: string;
}

/** Which owners to list; all of them unless narrowed. */
export interface ListFilter {
  readonly kind?: OwnerKind;
  readonly status?: Status;
  readonly agentId?: string;
  readonly customer?: string;
  /** Only what no live process owns (status `live` is usual with it). */
  readonly orphaned?: boolean;
  /** At most this many; 100 unless given, never more than 1,000. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** One owner in a list, without its record. */
export interface Listed {
  readonly owner: Owner;
  readonly version: number;
  readonly epoch: number;
  readonly process: string | null;
  readonly facts: Facts;
  /** Size of the record's text in UTF-8 bytes. */
  readonly recordBytes: number;
}

/** One page of a list. */
export interface ListPage {
  /** Newest first, by creation. */
  readonly items: readonly Listed[];
  readonly nextCursor: string | null;
}

/** What a sweep did. */
export interface Swept {
  /** How many owners were removed because their time had come. */
  readonly removed: number;
  /** Whether more remain; call again. */
  readonly more: boolean;
}

/** What a {@link Store.forget} leaves. */
export interface ForgetOptions {
  /** Whether a mark stays. */
  readonly tombstone?: boolean;
  /** When the mark goes away, milliseconds since 1970; never unless given. */
  readonly untilMs?: number;
}

/** What a {@link Store.forget} removed. */
export interface Forgotten {
  readonly records: number;
  readonly entries: number;
  readonly messages: number;
}

/** Where records are kept. Every method may reject with {@link StoreUnavailableError} (S6). */
export interface Store {
  /** The address without user, password and query; for logs. */
  readonly address: string;

  /** The owner as it is stored, undefined when there is none (or it expired). */
  load(owner: Owner): Promise<Loaded | undefined>;

  /**
   * Writes one owner's change, or nothing of it.
   *
   * @throws {VersionConflictError} Somebody else committed first; nothing was written.
   * @throws {FencedError} The epoch is not the stored one; nothing was written.
   * @throws {ConversimpleError} `state_lost` when the owner is not there although `expectedVersion` > 0 or
   *   `epoch` > 0; nothing was written.
   * @throws {StoreUnavailableError} When `fields.outcome` is "unknown" the write may have happened: send the same
   *   write id again. Otherwise nothing was written.
   */
  commit(owner: Owner, change: Change): Promise<Committed>;

  /**
   * The kept answer of a call: of every one that is younger than {@link LEDGER_MAX_AGE_MS} and not trimmed, also beyond the
   * last {@link LEDGER_MAX_CALLS}; undefined when there is none. For customers and accounts the time that it takes does not
   * grow with their calls: each of their updates may ask. (P11)
   */
  answer(owner: Owner, callId: string): Promise<string | undefined>;

  /**
   * Makes this process the owner of a conversation, with a new epoch, unless another process has a lease that
   * is not over. Creates the owner when it does not exist. A process that has it already gets a new epoch too. A process
   * that never renewed has no lease: call `renew` first. An owner that is over or forgotten is acquired like any other;
   * look at its status.
   *
   * @param facts for an owner that is created: `agentId`.
   */
  acquire(owner: Owner, process: ProcessIdentity, facts?: { agentId?: string }): Promise<Acquired>;

  /** Says that the process is alive: its lease ends `leaseMs` from now. Also registers it. */
  renew(process: ProcessIdentity, leaseMs: number): Promise<void>;

  /** Gives one conversation up if this process has it with this epoch; the epoch stays. */
  release(owner: Owner, process: string, epoch: number): Promise<void>;

  /** Gives up everything that the process has, and its lease. */
  retire(process: string): Promise<void>;

  /**
   * Puts a message into a conversation's inbox; resolved when it is durable.
   *
   * @throws {ConversimpleError} `conversation_not_found` or `conversation_ended`.
   */
  post(owner: Owner, message: Message): Promise<void>;

  /** The live conversations with mail that this process owns; with null those that nobody alive owns. */
  pending(process: string | null): Promise<readonly Owner[]>;

  /**
   * What waits in the inbox, oldest first, at most 100.
   *
   * @param after the id of a message: only those behind it. From the oldest when it does not wait any more.
   */
  inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]>;

  list(filter?: ListFilter): Promise<ListPage>;

  /** Journal entries, oldest first. */
  history(owner: Owner, range?: HistoryRange): Promise<readonly Entry[]>;

  /** Commits of all owners after a cursor (null: only the newest cursor, no items), at most `limit` (100). */
  feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }>;

  /**
   * Removes an owner's record, journal, answers and inbox. With `tombstone` a mark remains (status `forgotten`,
   * no content, the version and epoch go up; also for an owner that did not exist) that every commit is refused against.
   * It stays for ever, or until `untilMs` (as `expiresAtMs` of its facts); one that is there already stays as it is.
   */
  forget(owner: Owner, options?: ForgetOptions): Promise<Forgotten>;

  /** Removes what has expired, a bounded number of owners at a time (1,000 unless given). */
  sweep(limit?: number): Promise<Swept>;

  /** Finishes what was begun, then lets go of files and connections. Later calls reject. */
  close(): Promise<void>;
}

/** What every store can be told. */
export interface StoreOptions {
  /** Where the store's time comes from. */
  readonly clock?: Clock;
  /** How long a method may take before it rejects, in milliseconds; 5,000 unless given. */
  readonly timeoutMs?: number;
}

/** The owner key of a conversation. The id has been checked (`base/ids.ts`). */
export function conversationOwner(conversationId: string): Owner {
  return `conversation:${conversationId}`;
}

/** The id inside an owner key. */
export function idOf(owner: Owner): string {
  return owner.slice(owner.indexOf(":") + 1);
}
