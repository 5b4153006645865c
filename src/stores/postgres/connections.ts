// Connections to PostgreSQL: a pool, and what becomes of a connection that fails.
//
//   CO1. A connection on which a statement ran out of time, or broke, is destroyed: nobody reads a late answer as his own.
//   CO2. A statement is tried again when the server said that it did nothing and that another try may go well; one that
//        only reads also when its connection ended.
//   CO3. `pg` is loaded when a store is opened; without it the error says which package is missing.
//   CO4. A transaction of several statements is READ COMMITTED whatever the database's default is, so that each sees
//        what was committed before it; and the server ends it when this process stops in the middle.

import type { Client as PgClient, Pool as PgPool, PoolClient, PoolConfig } from "pg";
import { ConversimpleError } from "../../base/errors.ts";
import { didNothing, isWorthAnother, leavesConnection, openingError, runtimeError, wasCut } from "./failure.ts";

/** Runs a statement and gives its rows. */
export type Session = <R extends object>(text: string, values?: readonly unknown[], name?: string) => Promise<R[]>;

/** Tries of one statement. Under SERIALIZABLE each failure means that another transaction went on. */
const TRIES = 10;
/** How long a migration may wait for another process's, and take itself, milliseconds. */
const MIGRATION_MS = 600_000;
const INT8 = 20;

/** How connections are made. */
export interface ConnectionsOptions {
  readonly address: string;
  readonly config: PoolConfig;
  /** How long connecting, and then a statement, may take, milliseconds. */
  readonly timeoutMs: number;
  /** Whether statements are prepared under a name; poolers before pgbouncer 1.21 do not take that in transaction mode. */
  readonly prepares: boolean;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #pool: PgPool;

  private constructor(pool: PgPool, options: ConnectionsOptions) {
    this.#pool = pool;
    this.#options = options;
    // A connection that breaks is replaced by the next one; whoever uses it hears of it from his statement.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** @throws {ConversimpleError} `store_misconfigured` when the package `pg` is not there (CO3). */
  static async open(options: ConnectionsOptions): Promise<Connections> {
    const { default: pg } = await import("pg").catch((thrown: unknown) => {
      throw new ConversimpleError("store_misconfigured", "Stores of the kind postgres: need the package pg. Install it: npm install pg", {}, { cause: thrown });
    });
    // The driver leaves the socket open when it gives up between connecting and logging in, for example without a password.
    class Client extends pg.Client {
      /** As the pool calls it. */
      override connect = ((callback: (error: Error) => void) => {
        super.connect((error: Error) => {
          if (error) this.end(() => {});
          callback(error);
        });
      }) as PgClient["connect"];
    }
    const types = new pg.TypeOverrides();
    types.setTypeParser(INT8, Number);
    try {
      const pool = new pg.Pool({ ...options.config, Client, connectionTimeoutMillis: options.timeoutMs, query_timeout: options.timeoutMs, types, keepAlive: true });
      return new Connections(pool, options);
    } catch (thrown) {
      throw openingError(thrown, options.address);
    }
  }

  /** One statement on any connection (CO1, CO2). @throws {StoreUnavailableError} with `outcome`. */
  readonly run: Session = (text, values, name) => this.#attempt(isWorthAnother, (session) => session(text, values, name));

  /** The same for one that changes nothing, or may be done twice. */
  readonly read: Session = (text, values, name) => this.#attempt((thrown) => wasCut(thrown) || isWorthAnother(thrown), (session) => session(text, values, name), 2);

  /** Several statements in one transaction (CO4), all of them again where one statement would be (CO2). */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#attempt(isWorthAnother, (session) => inTransaction(session, `SET LOCAL idle_in_transaction_session_timeout = ${this.#options.timeoutMs}`, work));
  }

  /** The transaction of a migration: it may take long. @throws {ConversimpleError} `store_misconfigured`. */
  async migration<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#connect((thrown) => openingError(thrown, this.#options.address));
    const session: Session = (text, values = []) => this.#query(client, text, values, undefined, MIGRATION_MS);
    try {
      const result = await inTransaction(session, "SET LOCAL statement_timeout = 0", work);
      client.release();
      return result;
    } catch (thrown) {
      client.release(!(thrown instanceof ConversimpleError) && !leavesConnection(thrown));
      throw openingError(thrown, this.#options.address);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #attempt<T>(isWorthIt: (thrown: unknown) => boolean, work: (session: Session) => Promise<T>, tries = TRIES): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#connect((thrown) => runtimeError(thrown, this.#options.address, false));
      try {
        const result = await work((text, values = [], name) => this.#query(client, text, values, name));
        client.release();
        return result;
      } catch (thrown) {
        client.release(!leavesConnection(thrown));
        if (!isWorthIt(thrown) || attempt === tries) throw runtimeError(thrown, this.#options.address, true);
      }
    }
  }

  async #connect(failed: (thrown: unknown) => ConversimpleError): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (thrown) {
      throw failed(thrown);
    }
  }

  async #query<R extends object>(client: PoolClient, text: string, values: readonly unknown[], name?: string, timeoutMs?: number): Promise<R[]> {
    const named = name !== undefined && this.#options.prepares ? { name } : {};
    const { rows } = await client.query<R>({ text, values: values as unknown[], ...named, ...(timeoutMs ? { query_timeout: timeoutMs } : {}) });
    return rows;
  }
}

async function inTransaction<T>(session: Session, setting: string, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    await session(`BEGIN ISOLATION LEVEL READ COMMITTED; ${setting}`);
    const result = await work(session);
    await session("COMMIT");
    return result;
  } catch (thrown) {
    // A connection that did not answer is not asked again.
    if (thrown instanceof ConversimpleError || didNothing(thrown)) await session("ROLLBACK");
    throw thrown;
  }
}
