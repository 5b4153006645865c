// The embedded store: the port, over a worker that has the file.
//
// Owns the translation of the port's methods into requests. Time comes from the caller's clock with each request.
//
//   Q1. The caller's event loop never waits for the disk: all of SQLite runs in the worker.
//   Q2. Several processes may share the file; SQLite's write lock puts their groups in order. (P14)

import { resolve } from "node:path";
import { systemClock } from "../../base/clock.ts";
import type { Clock } from "../../base/clock.ts";
import type {
  Acquired, Change, Committed, Entry, FeedItem, ForgetOptions, Forgotten, HistoryRange, ListFilter, ListPage, Loaded, Message, Owner, ProcessIdentity, Store,
  StoreOptions, Swept, WaitingMessage,
} from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit } from "../paging.ts";
import { checkOwner } from "../refusal.ts";
import type { Fault } from "./faults.ts";
import { Link } from "./link.ts";
import type { OperationName, Operations, RareChange } from "./protocol.ts";

/** Options of {@link openSqlite}; those beside {@link StoreOptions} are the test kit's. */
export interface SqliteOptions extends StoreOptions {
  /** @internal What goes wrong at which step of which group. */
  readonly faults?: readonly Fault[];
  /** @internal How many pages the file may have: a full disk. */
  readonly maxPageCount?: number;
}

/** Default of `StoreOptions.timeoutMs`. */
const TIMEOUT_MS = 5_000;

/**
 * Opens (and makes, if need be) a database file.
 *
 * @param path relative to the working directory, or absolute.
 * @throws {ConversimpleError} `store_misconfigured` when it cannot be used, with the remedy.
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Store> {
  const { clock = systemClock, timeoutMs = TIMEOUT_MS, faults = [], maxPageCount } = options;
  const address = `sqlite:${path}`;
  const link = new Link({
    path: resolve(path),
    address,
    timeoutMs,
    // A lock that cannot be had is told ("none") before the caller gives up ("unknown").
    busyTimeoutMs: Math.ceil(timeoutMs / 2),
    faults,
    ...(maxPageCount === undefined ? {} : { maxPageCount }),
  });
  await link.open();
  return new SqliteStore(address, link, clock);
}

class SqliteStore implements Store {
  readonly address: string;
  readonly #link: Link;
  readonly #clock: Clock;

  constructor(address: string, link: Link, clock: Clock) {
    this.address = address;
    this.#link = link;
    this.#clock = clock;
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    return this.#about(owner, "load");
  }

  async commit(owner: Owner, change: Change): Promise<Committed> {
    const { writeId, expectedVersion, epoch, record, entry, answer } = change;
    const version = await this.#about(
      owner, "commit", writeId, expectedVersion, epoch, record ?? null, entry ?? null,
      answer?.callId ?? null, answer?.digest ?? null, answer?.text ?? null, rareOf(change),
    );
    return { version };
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    return this.#about(owner, "answer", callId);
  }

  async acquire(owner: Owner, process: ProcessIdentity, facts: { agentId?: string } = {}): Promise<Acquired> {
    return this.#about(owner, "acquire", process, facts.agentId ?? null);
  }

  async renew(process: ProcessIdentity, leaseMs: number): Promise<void> {
    return this.#ask("renew", process, leaseMs);
  }

  async release(owner: Owner, process: string, epoch: number): Promise<void> {
    return this.#about(owner, "release", process, epoch);
  }

  async retire(process: string): Promise<void> {
    return this.#ask("retire", process);
  }

  async post(owner: Owner, message: Message): Promise<void> {
    return this.#about(owner, "post", message.id, message.text);
  }

  async pending(process: string | null): Promise<readonly Owner[]> {
    return this.#ask("pending", process);
  }

  async inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]> {
    return this.#about(owner, "inbox", after ?? null);
  }

  async list(filter: ListFilter = {}): Promise<ListPage> {
    return this.#ask("list", filter);
  }

  async history(owner: Owner, range: HistoryRange = {}): Promise<readonly Entry[]> {
    return this.#about(owner, "history", range.afterVersion ?? 0, pageLimit(range.limit, PAGE_ITEMS.history), range.answers === true);
  }

  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    return this.#ask("feed", after, pageLimit(limit, PAGE_ITEMS.feed));
  }

  async forget(owner: Owner, { tombstone = false, untilMs }: ForgetOptions = {}): Promise<Forgotten> {
    return this.#about(owner, "forget", tombstone, untilMs ?? null);
  }

  /** In slices, each a request of its own, so that commits are not kept waiting. */
  async sweep(limit?: number): Promise<Swept> {
    let left = pageLimit(limit, PAGE_ITEMS.sweep);
    for (let removed = 0; ; ) {
      const slice = await this.#ask("sweep", left);
      removed += slice.removed;
      left -= slice.removed;
      if (!slice.more || left === 0) return { removed, more: slice.more };
    }
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #ask<K extends OperationName>(operation: K, ...args: Parameters<Operations[K]>): Promise<ReturnType<Operations[K]>> {
    return this.#link.call(this.#clock.now(), operation, ...args);
  }

  #about<K extends OperationName>(...[owner, operation, ...args]: AboutOwner<K>): Promise<ReturnType<Operations[K]>> {
    checkOwner(owner);
    return this.#ask(operation, ...([owner, ...args] as unknown as Parameters<Operations[K]>));
  }
}

/** The owner first, then the operation, then what else the operation takes. */
type AboutOwner<K extends OperationName> = Parameters<Operations[K]> extends [Owner, ...infer Rest] ? [owner: Owner, operation: K, ...rest: Rest] : never;

function rareOf({ facts, consume, trimBelow }: Change): RareChange | null {
  if (facts === undefined && consume === undefined && trimBelow === undefined) return null;
  return { ...(facts && { facts }), ...(consume && { consume }), ...(trimBelow !== undefined && { trimBelow }) };
}
