// Encrypting anew with the first key what was encrypted with an older one, or not at all.
//
// Records only: a journal is never rewritten. What of it, of answers and of messages still needs an old key is counted.
//
//   RW1. A record is changed by a commit like any other, with the version and the epoch that were read: whoever was
//        faster wins, and nothing that a process serves is touched. Its owner's next commit does the same work.
//   RW2. A record that cannot be opened stays as it is.
//   RW3. It may be stopped and run again at any time; it goes on with what is left.

import { randomUUID } from "node:crypto";

import { ConversimpleError, type ErrorCode } from "../../base/errors.ts";
import { encryptedHead, unreadable } from "../../state/encrypted-text.ts";
import { wholeInbox } from "../../state/inbox.ts";
import { entryText } from "../../state/journal.ts";
import type { Listed, Loaded, Owner, Store } from "../../state/store.ts";
import { EncryptedStore } from "./store.ts";

/** What a key still holds. */
export interface KeyUse {
  records: number;
  entries: number;
  answers: number;
  messages: number;
}

/** What a rewrap did. */
export interface Rewrapped {
  /** The ring's first key. */
  readonly key: string;
  /** Records that are encrypted with it now and were not before. */
  rewrapped: number;
  /** Records of conversations that a process serves, or is about to: they follow with their next commit. */
  served: number;
  /** Records that cannot be opened; they stay as they are. */
  refused: number;
  /** What still needs other keys, by key id; what is not encrypted is under the empty id. */
  readonly others: Map<string, KeyUse>;
}

/** What {@link rewrap} can be told. */
export interface RewrapOptions {
  /** Called after every page of owners. */
  readonly onProgress?: (owners: number) => void;
  /** Stops it: what it has done stays done (RW3). */
  readonly signal?: AbortSignal;
}

/** Owners that are worked on at the same time: a store with group commit puts them into one transaction. */
const AT_ONCE = 32;
const PAGE = 500;
/** How often a record that others write meanwhile is tried. */
const TRIES = 3;

/**
 * Encrypts every record with the first key of the store's ring (RW1 to RW3).
 *
 * @param store as `encryptedStore`, or `openStore` with keys, gave it. With `allowPlain` what is in clear is encrypted, too.
 * @throws {ConversimpleError} `store_misconfigured` when it is another one, `state_unavailable`.
 */
export async function rewrap(store: Store, options: RewrapOptions = {}): Promise<Rewrapped> {
  if (!(store instanceof EncryptedStore)) throw new ConversimpleError("store_misconfigured", "The store was opened without encryption keys; there is nothing to encrypt with.");
  const rewrapping = new Rewrapping(store);
  const orphans = new Map<Owner, number>();
  for await (const page of pagesOf(store.inner, { kind: "conversation", status: "live", orphaned: true })) for (const { owner, epoch } of page) orphans.set(owner, epoch);
  let owners = 0;
  for await (const page of pagesOf(store.inner, {})) {
    for (let from = 0; from < page.length && !options.signal?.aborted; from += AT_ONCE) {
      await Promise.all(page.slice(from, from + AT_ONCE).map((listed) => rewrapping.one(listed, orphans.get(listed.owner))));
    }
    if (options.signal?.aborted) break;
    options.onProgress?.((owners += page.length));
  }
  return rewrapping.report;
}

async function* pagesOf(store: Store, filter: { kind?: "conversation"; status?: "live"; orphaned?: true }): AsyncGenerator<readonly Listed[]> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await store.list({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    yield page.items;
    cursor = page.nextCursor;
  }
}

class Rewrapping {
  readonly report: Rewrapped;
  readonly #store: EncryptedStore;

  constructor(store: EncryptedStore) {
    this.#store = store;
    this.report = { key: store.ring.first, rewrapped: 0, served: 0, refused: 0, others: new Map() };
  }

  /** @param orphanEpoch of a live conversation: its epoch while nobody served it; undefined when somebody does. */
  async one({ owner, facts }: Listed, orphanEpoch: number | undefined): Promise<void> {
    const isLive = owner.startsWith("conversation:") && facts.status === "live";
    for (let left = TRIES; ; left--) {
      const loaded = await this.#store.load(owner);
      if (!loaded) return;
      const key = await this.#keyOf(loaded);
      if (key === undefined || key === this.#store.ring.first) break;
      if (loaded.record !== null && unreadable(loaded.record) !== undefined) {
        this.report.refused += 1;
        this.#use(key).records += 1;
        break;
      }
      // A conversation whose start was interrupted has made calls only, one with each commit; its start is still to come.
      const isBeginning = isLive && loaded.calls.length >= loaded.version;
      const isServed = isLive && (orphanEpoch !== loaded.epoch || isBeginning);
      if (!isServed && (await this.#commit(loaded))) break;
      if (isServed || left === 1) {
        this.report.served += 1;
        this.#use(key).records += 1;
        break;
      }
    }
    await this.#count(owner);
  }

  /** Whether it was written; false when somebody was faster (RW1). */
  async #commit({ owner, version, epoch }: Loaded): Promise<boolean> {
    const entry = entryText({ unit: "outside", name: "rewrap", outcome: "ok", ms: [0, 0, 0], source: "rewrap" });
    try {
      // Without a record: the store writes the one that is there, encrypted with its first key (ES2).
      await this.#store.commit(owner, { writeId: randomUUID(), expectedVersion: version, epoch, entry });
    } catch (thrown) {
      if (thrown instanceof ConversimpleError && FASTER.has(thrown.code)) return false;
      throw thrown;
    }
    this.report.rewrapped += 1;
    return true;
  }

  /** The key of the record as it is stored; "" when it is in clear, undefined when there is none. */
  async #keyOf({ owner }: Loaded): Promise<string | undefined> {
    const stored = (await this.#store.inner.load(owner))?.record;
    return typeof stored === "string" ? keyOf(stored) : undefined;
  }

  /** What of its journal, answers and messages needs another key. An answer has the key of the entry that it came with. */
  async #count(owner: Owner): Promise<void> {
    const { inner } = this.#store;
    for (let afterVersion = 0; ; ) {
      const entries = await inner.history(owner, { afterVersion, limit: PAGE });
      for (const { text, callId } of entries) {
        if (text === null || keyOf(text) === this.report.key) continue;
        const use = this.#use(keyOf(text));
        use.entries += 1;
        if (callId !== null) use.answers += 1;
      }
      if (entries.length < PAGE) break;
      afterVersion = entries.at(-1)!.version;
    }
    for (const { text } of await wholeInbox(inner, owner)) if (keyOf(text) !== this.report.key) this.#use(keyOf(text)).messages += 1;
  }

  #use(key: string): KeyUse {
    let use = this.report.others.get(key);
    if (!use) this.report.others.set(key, (use = { records: 0, entries: 0, answers: 0, messages: 0 }));
    return use;
  }
}

/** How a store says that somebody else committed, took over or removed it meanwhile. */
const FASTER: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["version_conflict", "fenced", "state_lost"]);

function keyOf(stored: string): string {
  return encryptedHead(stored)?.key ?? "";
}
