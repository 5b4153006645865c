// The PostgreSQL store: the port over a pool of connections.
//
//   PS1. Works behind a pooler in transaction mode: no session locks, no LISTEN, no SET; named statements can be turned
//        off with ?prepare=false.
//   PS2. Times are the server's, so processes whose clocks differ agree.                               (S5)
//   PS3. Every method ends within the timeout, whatever it waits for: a connection, a row, its turn.     (S6)

import { systemClock } from "../../base/clock.ts";
import { StoreUnavailableError } from "../../base/errors.ts";
import { silentLogger, type Logger } from "../../base/log.ts";
import type {
  Acquired, Change, Committed, Entry, FeedItem, Forgotten, HistoryRange, ForgetOptions, ListFilter, ListPage, Loaded, Message, Owner, ProcessIdentity, Store, StoreOptions, Swept, WaitingMessage,
} from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit } from "../paging.ts";
import { checkOwner, closedError } from "../refusal.ts";
import { parseAddress } from "./address.ts";
import { Commits } from "./commits.ts";
import { Connections } from "./connections.ts";
import { Erasure } from "./erasure.ts";
import { checkRights, checkServer } from "./fitness.ts";
import { Leases } from "./leases.ts";
import { Mail } from "./mail.ts";
import { Owners } from "./owners.ts";
import { migrate, SCHEMA_VERSION } from "./schema.ts";

/** How long a method may take unless told otherwise, milliseconds. Source: the store port. */
const TIMEOUT_MS = 5_000;

/** Options of {@link openPostgres}. */
export interface PostgresOptions extends StoreOptions {
  /** Where warnings about the server's settings go; nowhere unless given. */
  readonly logger?: Logger;
}

/** What a migration found and made: versions of the schema, 0 for none. */
export interface Migrated {
  /** The store's address, without user and password. */
  readonly address: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Opens a PostgreSQL store and brings its schema up to date.
 *
 * @param address `postgres://user:password@host:5432/database`; see address.ts for what can be asked for behind it.
 * @throws {ConversimpleError} `store_misconfigured`: what is wrong and what to do; never a password.
 */
export async function openPostgres(address: string, options: PostgresOptions = {}): Promise<Store> {
  const { clock, timeoutMs = TIMEOUT_MS } = options;
  const { connections, schema, shown } = await prepare(address, options, async (prepared) => {
    await migrate(prepared.connections, prepared.schema, prepared.shown);
    await prepared.connections.migration((session) => checkRights(session, prepared.schema, prepared.shown));
    return prepared;
  });
  return new PostgresStore({ address: shown, connections, schema, timeoutMs, nowMs: () => (clock && clock !== systemClock ? clock.now() : null) });
}

/**
 * Brings the schema up to date and does nothing else; needs the right to make tables, and none to use them.
 *
 * @throws {ConversimpleError} `store_misconfigured`.
 */
export async function migratePostgres(address: string, options: PostgresOptions = {}): Promise<Migrated> {
  return prepare(address, options, async ({ connections, schema, shown }) => {
    const from = await migrate(connections, schema, shown);
    await connections.close();
    return { address: shown, from, to: SCHEMA_VERSION };
  });
}

interface Prepared {
  readonly connections: Connections;
  readonly schema: string;
  readonly shown: string;
}

/** Connections to a server that can be used. They are closed when the work fails. */
async function prepare<T>(address: string, { timeoutMs = TIMEOUT_MS, logger = silentLogger }: PostgresOptions, work: (prepared: Prepared) => Promise<T>): Promise<T> {
  const { config, prepares, schema, shown } = parseAddress(address);
  const connections = await Connections.open({ address: shown, config, prepares, timeoutMs });
  try {
    await connections.migration((session) => checkServer(session, shown, logger));
    return await work({ connections, schema, shown });
  } catch (thrown) {
    await connections.close();
    throw thrown;
  }
}

interface Parts {
  readonly address: string;
  readonly connections: Connections;
  readonly schema: string;
  readonly timeoutMs: number;
  /** The time for tests; null takes the server's. */
  readonly nowMs: () => number | null;
}

/** What is known of a method that did not end in time: reading did nothing, the rest may have happened. */
type Outcome = "none" | "unknown";

class PostgresStore implements Store {
  readonly address: string;
  readonly #connections: Connections;
  readonly #timeoutMs: number;
  readonly #owners: Owners;
  readonly #commits: Commits;
  readonly #leases: Leases;
  readonly #mail: Mail;
  readonly #erasure: Erasure;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor({ address, timeoutMs, ...shared }: Parts) {
    this.address = address;
    this.#timeoutMs = timeoutMs;
    this.#connections = shared.connections;
    this.#owners = new Owners(shared);
    this.#erasure = new Erasure(shared);
    this.#commits = new Commits({ ...shared, erasure: this.#erasure });
    this.#leases = new Leases({ ...shared, owners: this.#owners, erasure: this.#erasure });
    this.#mail = new Mail(shared);
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    return this.#about(owner, () => this.#owners.load(owner), "none");
  }

  async commit(owner: Owner, change: Change): Promise<Committed> {
    return this.#about(owner, () => {
      const { done, withdraw } = this.#commits.commit(owner, change);
      return this.#inTime(done, () => (withdraw() ? "none" : "unknown"));
    }, null);
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    return this.#about(owner, () => this.#owners.answer(owner, callId), "none");
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
    return this.#open(() => this.#mail.pending(process), "none");
  }

  async inbox(owner: Owner, after?: string): Promise<readonly WaitingMessage[]> {
    return this.#about(owner, () => this.#mail.inbox(owner, after), "none");
  }

  async list(filter: ListFilter = {}): Promise<ListPage> {
    return this.#open(() => this.#owners.list(filter), "none");
  }

  async history(owner: Owner, range?: HistoryRange): Promise<readonly Entry[]> {
    return this.#about(owner, () => this.#owners.history(owner, range), "none");
  }

  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    return this.#open(() => this.#owners.feed(after, limit), "none");
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

  #about<T>(owner: Owner, work: () => Promise<T>, late: Outcome | null = "unknown"): Promise<T> {
    return this.#open(() => {
      checkOwner(owner);
      return work();
    }, late);
  }

  /** @param late null: the work minds its time itself. */
  #open<T>(work: () => Promise<T>, late: Outcome | null = "unknown"): Promise<T> {
    if (this.#closing) throw closedError(this.address);
    const done = work();
    this.#underWay.add(done);
    const over = () => this.#underWay.delete(done);
    done.then(over, over);
    return late === null ? done : this.#inTime(done, () => late);
  }

  /** PS3. */
  #inTime<T>(work: Promise<T>, outcomeOf: () => Outcome): Promise<T> {
    return new Promise((resolve, reject) => {
      const { address } = this;
      const timer = systemClock.after(this.#timeoutMs, () => {
        reject(new StoreUnavailableError(`The store ${address} did not answer within ${this.#timeoutMs} ms.`, { address, outcome: outcomeOf() }));
      });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
