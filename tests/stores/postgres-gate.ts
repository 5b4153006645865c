// A place in a PostgreSQL database for one test, and gates in it: statements stop at a gate until the test opens it.
//
//   GA1. Who waits is read from the server, so a test goes on when it is so, never after some time.

import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { onTestFinished } from "vitest";
import { openPostgres, type PostgresOptions } from "../../src/stores/postgres/store.ts";
import type { Store } from "../../src/state/store.ts";
import { until } from "../servers/redis.ts";

export class Place {
  readonly schema = `test_${randomUUID().replaceAll("-", "")}`;
  readonly #server: string;
  readonly #admin: Client;

  private constructor(server: string, admin: Client) {
    this.#server = server;
    this.#admin = admin;
  }

  /** A schema of its own in the database at an address. */
  static async in(server: string): Promise<Place> {
    const admin = await connected(server);
    return new Place(server, admin);
  }

  /** The address with further options: `pool=1&prepare=false`. */
  address(more = "pool=4"): string {
    return `${this.#server}?schema=${this.schema}&${more}`;
  }

  async open(options: PostgresOptions = {}, more?: string): Promise<Store> {
    const store = await openPostgres(this.address(more), options);
    onTestFinished(() => store.close());
    return store;
  }

  async sql(text: string): Promise<Record<string, unknown>[]> {
    return (await this.#admin.query<Record<string, unknown>>(text.replaceAll("$S", this.schema))).rows;
  }

  /** How many rows a table has, also those that hang on nothing any more. */
  async count(table: "owners" | "turns" | "inbox"): Promise<number> {
    return Number((await this.sql(`SELECT count(*) AS n FROM $S.${table}`))[0]!.n);
  }

  /** A closed gate: who writes a row there waits, in the middle of his statement or in his COMMIT. Returns what opens it. */
  async gate(event: "INSERT ON" | "UPDATE ON" | "DELETE ON", table: string, when: "BEFORE" | "DEFERRED" = "BEFORE"): Promise<() => Promise<void>> {
    const [kind, deferred] = when === "BEFORE" ? ["TRIGGER gate BEFORE", ""] : ["CONSTRAINT TRIGGER gate AFTER", "DEFERRABLE INITIALLY DEFERRED"];
    await this.sql(`
      CREATE OR REPLACE FUNCTION $S.gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(hashtext('$S')); RETURN coalesce(NEW, OLD); END $$;
      CREATE ${kind} ${event} $S.${table} ${deferred} FOR EACH ROW EXECUTE FUNCTION $S.gate();
      SELECT pg_advisory_lock(hashtext('$S'))`);
    return async () => void (await this.sql("SELECT pg_advisory_unlock(hashtext('$S'))"));
  }

  /** Holds locks until the function is called, as a process does that stopped in the middle of a transaction. */
  async hold(text: string): Promise<() => Promise<void>> {
    const holder = await connected(this.#server);
    await holder.query(`BEGIN; ${text.replaceAll("$S", this.schema)}`);
    return async () => void (await holder.query("COMMIT"));
  }

  /** Resolves when so many statements of this place wait for a lock (GA1). */
  async waiting(count: number): Promise<void> {
    await until(async () => Number((await this.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND (query LIKE '%$S%' OR query = 'COMMIT')"))[0]!.n) === count);
  }
}

/** A connection beside the store's, closed with the test. */
export async function connected(address: string): Promise<Client> {
  const client = new Client({ connectionString: address });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
