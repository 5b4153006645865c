// A store whose content is encrypted: stands in front of any other store.
//
// Encrypted are records, journal entries, answers and messages. In clear stay what the store must search and compare:
// owner keys, versions, times, status, agent, end reason, the customer's keyed hash, call and message ids, digests.
//
//   ES1. The inner store never gets content in clear.
//   ES2. A record is bound to the very version that the owner has, so an older text of the same owner is noticed too. For
//        that a commit that changes no record writes it again, encrypted anew: also the way to a new first key.
//   ES3. What cannot be opened is handed on as a refused text: whoever reads it is told why, and nothing looks empty. It is
//        never written again by ES2: a text that was put there stays refused.
//   ES4. A text in clear is refused unless `allowPlain`: else whoever can write rows could do without the keys.
//   ES5. What it cannot notice: rows that are missing, and an owner that was put back as a whole, with its version.

import { LRUCache } from "lru-cache";

import { refusedText, unreadable } from "../../state/encrypted-text.ts";
import type { Acquired, Change, Committed, Entry, FeedItem, ForgetOptions, Forgotten, HistoryRange, ListFilter, ListPage, Loaded, Message, Owner, ProcessIdentity, Store, Swept, WaitingMessage } from "../../state/store.ts";
import { KeyRing, type EncryptionOptions } from "./key-ring.ts";
import { open, seal, textBytes, type Place } from "./sealing.ts";

/** Characters of record texts that are kept for ES2, so that a commit need not read first. */
const KEPT_CHARACTERS = 16 * 1_048_576;

/** A record's text as it is at a version. */
interface Kept {
  readonly version: number;
  readonly text: string;
}

/**
 * Encrypts what goes into a store and decrypts what comes out.
 *
 * @param store what holds the texts; closed with this one.
 * @throws {ConversimpleError} `store_misconfigured`, without any key material.
 */
export function encryptedStore(store: Store, { keys, allowPlain = false }: EncryptionOptions): Store {
  return new EncryptedStore(store, new KeyRing(keys), allowPlain);
}

export class EncryptedStore implements Store {
  readonly address: string;
  /** The store behind it, with the texts as they are stored. */
  readonly inner: Store;
  readonly ring: KeyRing;
  readonly allowPlain: boolean;
  readonly #kept = new LRUCache<Owner, Kept>({ maxSize: KEPT_CHARACTERS, sizeCalculation: ({ text }) => text.length + 1 });

  constructor(inner: Store, ring: KeyRing, allowPlain: boolean) {
    this.address = inner.address;
    this.inner = inner;
    this.ring = ring;
    this.allowPlain = allowPlain;
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    const loaded = await this.inner.load(owner);
    return loaded && this.#opened(loaded);
  }

  async commit(owner: Owner, change: Change): Promise<Committed> {
    const { ring } = this;
    const { record, entry, answer, expectedVersion, facts } = change;
    const at = expectedVersion + 1;
    const text = record ?? (await this.#recordAt(owner, expectedVersion));
    const committed = await this.inner.commit(owner, {
      ...change,
      ...(text === undefined ? {} : { record: seal(ring, recordOf(owner), at, text) }),
      ...(entry === undefined ? {} : { entry: seal(ring, entryOf(owner), at, entry) }),
      ...(answer ? { answer: { ...answer, text: seal(ring, answerOf(owner, answer.callId), at, answer.text) } } : {}),
    });
    const isOver = facts?.status !== undefined && facts.status !== "live";
    if (text === undefined || isOver) this.#kept.delete(owner);
    else this.#kept.set(owner, { version: at, text });
    return committed;
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    const text = await this.inner.answer(owner, callId);
    return text === undefined ? undefined : this.#text(answerOf(owner, callId), text);
  }

  async acquire(owner: Owner, process: ProcessIdentity, facts?: { agentId?: string }): Promise<Acquired> {
    const acquired = await this.inner.acquire(owner, process, facts);
    return acquired.kind === "acquired" ? { ...acquired, loaded: this.#opened(acquired.loaded) } : acquired;
  }

  async renew(process: ProcessIdentity, leaseMs: number): Promise<void> {
    return this.inner.renew(process, leaseMs);
  }

  async release(owner: Owner, process: string, epoch: number): Promise<void> {
    this.#kept.delete(owner);
    return this.inner.release(owner, process, epoch);
  }

  async retire(process: string): Promise<void> {
    return this.inner.retire(process);
  }

  async post(owner: Owner, { id, text }: Message): Promise<void> {
    return this.inner.post(owner, { id, text: seal(this.ring, messageOf(owner, id), 0, text) });
  }

  async pending(process: string | null): Promise<readonly Owner[]> {
    return this.inner.pending(process);
  }

  async inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]> {
    return (await this.inner.inbox(owner, after)).map((message) => ({ ...message, text: this.#text(messageOf(owner, message.id), message.text, 0) }));
  }

  /** Sizes are those of the texts in clear; of rows that are not encrypted they are too small. */
  async list(filter?: ListFilter): Promise<ListPage> {
    const { items, nextCursor } = await this.inner.list(filter);
    return { items: items.map((item) => ({ ...item, recordBytes: textBytes(item.recordBytes) })), nextCursor };
  }

  async history(owner: Owner, range?: HistoryRange): Promise<readonly Entry[]> {
    return (await this.inner.history(owner, range)).map((entry) => ({ ...entry, text: this.#entry(owner, entry), ...this.#answer(owner, entry) }));
  }

  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    const { items, cursor } = await this.inner.feed(after, limit);
    return { items: items.map((item) => ({ ...item, text: this.#entry(item.owner, item) })), cursor };
  }

  async forget(owner: Owner, options?: ForgetOptions): Promise<Forgotten> {
    this.#kept.delete(owner);
    return this.inner.forget(owner, options);
  }

  async sweep(limit?: number): Promise<Swept> {
    return this.inner.sweep(limit);
  }

  async close(): Promise<void> {
    this.#kept.clear();
    return this.inner.close();
  }

  #opened(loaded: Loaded): Loaded {
    const { owner, version, record } = loaded;
    if (record === null) return loaded;
    const text = this.#text(recordOf(owner), record, version);
    // Whoever commits has loaded before: what is kept is of this owner as it is now, also if another one had its key before.
    if (unreadable(text) === undefined) this.#kept.set(owner, { version, text });
    else this.#kept.delete(owner);
    return { ...loaded, record: text };
  }

  #answer(owner: Owner, { callId, answer }: Entry): Pick<Entry, "answer"> {
    if (answer === undefined) return {};
    return { answer: answer === null || callId === null ? null : this.#text(answerOf(owner, callId), answer) };
  }

  #entry(owner: Owner, { version, text }: Entry): string | null {
    return text === null ? null : this.#text(entryOf(owner), text, version);
  }

  /** A record's text as it was stored, from a backup: in clear, or refused. Whether it is the newest one is not asked. */
  recordText(owner: Owner, stored: string): string {
    return this.#text(recordOf(owner), stored);
  }

  /** The text in clear, or a refused one (ES3). @param version the one that it must be of, where the row says so. */
  #text(place: Place, stored: string, version?: number): string {
    const opening = open(this.ring, place, stored);
    if (opening.kind === "refused") return refusedText(opening.reason, stored);
    if (opening.kind === "plain") return this.allowPlain ? stored : refusedText(PLAIN, stored);
    return version === undefined || opening.at === version ? opening.text : refusedText(otherVersion(opening.at, version), stored);
  }

  /** The record at the version that a commit expects (ES2); undefined when there is none, or none that can be read (ES3). */
  async #recordAt(owner: Owner, version: number): Promise<string | undefined> {
    if (version === 0) return undefined;
    const kept = this.#kept.get(owner);
    if (kept?.version === version) return kept.text;
    const loaded = await this.inner.load(owner);
    // Another version: the commit will be refused, or is a repetition that changes nothing.
    if (loaded?.version !== version || loaded.record === null) return undefined;
    const opening = open(this.ring, recordOf(owner), loaded.record);
    if (opening.kind === "plain") return this.allowPlain ? loaded.record : undefined;
    return opening.kind === "text" && opening.at === version ? opening.text : undefined;
  }
}

const PLAIN = "it is not encrypted, but the store is opened with encryption keys; if it is from before that: conversimple state rewrap --allow-plain";

function otherVersion(at: number, version: number): string {
  return `it was written as version ${at} and stands under version ${version}: it was put back, or a process without the keys wrote beside it`;
}

function recordOf(owner: Owner): Place {
  return { owner, kind: "record", id: "" };
}

function entryOf(owner: Owner): Place {
  return { owner, kind: "entry", id: "" };
}

function answerOf(owner: Owner, callId: string): Place {
  return { owner, kind: "answer", id: callId };
}

function messageOf(owner: Owner, messageId: string): Place {
  return { owner, kind: "message", id: messageId };
}
