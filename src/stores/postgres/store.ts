// The PostgreSQL store: the port over a pool of connections.
//
//   PS1. Works behind a pooler in transaction mode: no session locks, no LISTEN, no SET; named statements can be turned
//        off with ?prepare=false.
//   PS2. Times are the server's, so processes whose clocks differ agree.                               (S5)

import { systemClock, type Clock } from "../../base/clock.ts";
import type {
  Acquired, Change, Committed, Entry, FeedItem, Forgotten, ForgetOptions, ListFilter, ListPage, Loaded, Message, Owner, ProcessIdentity, Store, StoreOptions, Swept, WaitingMessage,
} from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit } from "../paging.ts";
import { checkOwner, closedError } from "../refusal.ts";
import { parseAddress } from "./address.ts";
import { Commits } from "./commits.ts";
import { Connections } from "./connections.ts";
import { Erasure } from "./erasure.ts";
import { openingError } from "./failure.ts";
import { Leases } from "./leases.ts";
import { Mail } from "./mail.ts";
import { Owners } from "./owners.ts";
import { migrate } from "./schema.ts";

/** How long a method may take unless told otherwise, milliseconds. Source: the store port. */
const TIMEOUT_MS = 5_000;

/**
 * Opens a PostgreSQL store and brings its schema up to date.
 *
 * @param address `postgres://user:password@host:5432/database`; see address.ts for what can be asked for behind it.
 * @throws {ConversimpleError} `store_misconfigured`: what is wrong and what to do; never a password.
 */
export async function openPostgres(address: string, options: StoreOptions = {}): Promise<Store> {
  const { config, prepares, schema, shown } = parseAddress(address);
  const connections = await Connections.open({ address: shown, config, prepares, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
  try {
    await connections.check();
    await connections.transaction((session) => migrate(session, schema, shown), (thrown) => openingError(thrown, shown));
    return new PostgresStore(shown, connections, schema, options.clock);
  } catch (thrown) {
    await connections.close();
    throw thrown;
  }
}

class PostgresStore implements Store {
  readonly address: string;
  readonly #connections: Connections;
  readonly #owners: Owners;
  readonly #commits: Commits;
  readonly #leases: Leases;
  readonly #mail: Mail;
  readonly #erasure: Erasure;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(address: string, connections: Connections, schema: string, clock: Clock | undefined) {
    this.address = address;
    this.#connections = connections;
    const shared = { connections, schema, nowMs: () => (clock && clock !== systemClock ? clock.now() : null) };
    this.#owners = new Owners(shared);
    this.#erasure = new Erasure(shared);
    this.#commits = new Commits({ ...shared, erasure: this.#erasure });
    this.#leases = new Leases({ ...shared, owners: this.#owners, erasure: this.#erasure });
    this.#mail = new Mail(shared);
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    return this.#about(owner, () => this.#owners.load(owner));
  }

  async commit(owner: Owner, change: Change): Promise<Committed> {
    return this.#about(owner, () => this.#commits.commit(owner, change));
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    return this.#about(owner, () => this.#owners.answer(owner, callId));
  }

  async acquire(owner: Owner, process: ProcessIdentity, facts: { agentId?: string } = {}): Promise<Acquired> {
    return this.#about(owner, () => this.#leases.acquire(owner, process, facts.agentId));
  }

  async renew(process: ProcessIdentity, leaseMs: number): Promise<void> {
    return this.#open(() => this.#leases.renew(process, leaseMs));
  }

  async release(owner: Owner, process: string, epoch: number): Promise<void> {
    return this.#about(owner, () => this.#leases.release(owner, process, epoch));
  }

  async retire(process: string): Promise<void> {
    return this.#open(() => this.#leases.retire(process));
  }

  async post(owner: Owner, message: Message): Promise<void> {
    return this.#about(owner, () => this.#mail.post(owner, message));
  }

  async pending(process: string | null): Promise<readonly Owner[]> {
    return this.#open(() => this.#mail.pending(process));
  }

  async inbox(owner: Owner): Promise<readonly WaitingMessage[]> {
    return this.#about(owner, () => this.#mail.inbox(owner));
  }

  async list(filter: ListFilter = {}): Promise<ListPage> {
    return this.#open(() => this.#owners.list(filter));
  }

  async history(owner: Owner, range?: { afterVersion?: number; limit?: number }): Promise<readonly Entry[]> {
    return this.#about(owner, () => this.#owners.history(owner, range));
  }

  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    return this.#open(() => this.#owners.feed(after, limit));
  }

  async forget(owner: Owner, options: ForgetOptions = {}): Promise<Forgotten> {
    return this.#about(owner, () => this.#erasure.forget(owner, options));
  }

  async sweep(limit?: number): Promise<Swept> {
    return this.#open(() => this.#erasure.sweep(pageLimit(limit, PAGE_ITEMS.sweep)));
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => this.#connections.close());
    return this.#closing;
  }

  #about<T>(owner: Owner, work: () => Promise<T>): Promise<T> {
    return this.#open(() => {
      checkOwner(owner);
      return work();
    });
  }

  #open<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) throw closedError(this.address);
    const done = work();
    this.#underWay.add(done);
    return done.finally(() => this.#underWay.delete(done));
  }
}
