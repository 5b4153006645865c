// Connections to PostgreSQL: a pool, and what becomes of a connection that fails.
//
//   CO1. A connection on which a statement ran out of time, or broke, is destroyed: nobody reads a late answer as his own.
//   CO2. A statement is retried only when the server said that it did nothing and that another try may go well.
//   CO3. `pg` is loaded when a store is opened; without it the error says which package is missing.

import type { Pool as PgPool, PoolClient, PoolConfig } from "pg";
import { ConversimpleError } from "../../base/errors.ts";
import { isAnswer, isWorthAnother, openingError, runtimeError } from "./failure.ts";

/** Runs a statement and gives its rows. */
export type Session = <R extends object>(text: string, values?: readonly unknown[], name?: string) => Promise<R[]>;

/** Tries of one statement that met a serialization failure or a deadlock. */
const TRIES = 5;
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
  readonly #address: string;
  readonly #prepares: boolean;
  readonly #pool: PgPool;

  private constructor(pool: PgPool, { address, prepares }: ConnectionsOptions) {
    this.#pool = pool;
    this.#address = address;
    this.#prepares = prepares;
    // An idle connection that breaks is replaced by the next one; whoever asks hears of what is really wrong.
    pool.on("error", () => {});
  }

  /** @throws {ConversimpleError} `store_misconfigured` when the package `pg` is not there (CO3). */
  static async open(options: ConnectionsOptions): Promise<Connections> {
    const { default: pg } = await import("pg").catch((thrown: unknown) => {
      throw new ConversimpleError("store_misconfigured", "Stores of the kind postgres: need the package pg. Install it: npm install pg", {}, { cause: thrown });
    });
    const types = { getTypeParser: (id: number, format?: "text" | "binary") => (id === INT8 ? Number : (pg.types.getTypeParser(id, format as "text") as (value: string) => unknown)) };
    const pool = new pg.Pool({ ...options.config, connectionTimeoutMillis: options.timeoutMs, query_timeout: options.timeoutMs, types: types as NonNullable<PoolConfig["types"]>, allowExitOnIdle: false, keepAlive: true });
    return new Connections(pool, options);
  }

  /** One statement on any connection (CO1, CO2). @throws {StoreUnavailableError} with `outcome`. */
  readonly run: Session = async <R extends object>(text: string, values: readonly unknown[] = [], name?: string): Promise<R[]> => {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#connect();
      try {
        const rows = await this.#query<R>(client, text, values, name);
        client.release();
        return rows;
      } catch (thrown) {
        client.release(!isAnswer(thrown));
        if (!isWorthAnother(thrown) || attempt === TRIES) throw runtimeError(thrown, this.#address, true);
      }
    }
  };

  /** Several statements in one transaction. */
  async transaction<T>(work: (session: Session) => Promise<T>, failed: (thrown: unknown) => ConversimpleError = (thrown) => runtimeError(thrown, this.#address, true)): Promise<T> {
    const client = await this.#connect(failed);
    const session: Session = (text, values = []) => this.#query(client, text, values);
    try {
      await session("BEGIN");
      const result = await work(session);
      await session("COMMIT");
      client.release();
      return result;
    } catch (thrown) {
      await session("ROLLBACK").catch(() => {});
      client.release(!(thrown instanceof ConversimpleError || isAnswer(thrown)));
      throw failed(thrown);
    }
  }

  /** @throws {ConversimpleError} `store_misconfigured`: what is wrong and what to do. */
  async check(): Promise<void> {
    const client = await this.#connect((thrown) => openingError(thrown, this.#address));
    client.release();
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connect(failed = (thrown: unknown) => runtimeError(thrown, this.#address, false)): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (thrown) {
      throw failed(thrown);
    }
  }

  async #query<R extends object>(client: PoolClient, text: string, values: readonly unknown[], name?: string): Promise<R[]> {
    const { rows } = await client.query<R>({ text, values: values as unknown[], ...(name !== undefined && this.#prepares ? { name } : {}) });
    return rows;
  }
}
