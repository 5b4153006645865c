// The tables, and how an older database becomes a newer one.
//
// Owns the ordered migrations. Everything lies in one schema (namespace), `conversimple` unless the address says
// otherwise, and every statement names it: nothing depends on a search path, which poolers share between clients.
//
//   PG1. Migrations run in one transaction under an advisory lock that ends with it: ten processes that start at once
//        migrate once, also behind a pooler in transaction mode, and one that is killed leaves nothing half-done.
//   PG2. `owners` has no index on what a commit changes, so its updates stay on their page (HOT).
//   PG3. Texts are `text`, never jsonb: what was stored comes back character by character (texts.ts).
//   PG4. A turn carries the id of its transaction: the feed shows what is older than every transaction that still runs,
//        so a cursor never passes a commit that becomes visible late.
//   PG5. A database of a newer release is refused, never guessed at.

import { ConversimpleError } from "../../base/errors.ts";
import type { Connections, Session } from "./connections.ts";

const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => `
    CREATE TABLE ${schema}.owners (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      owner text COLLATE "C" NOT NULL UNIQUE,
      kind text NOT NULL,
      version bigint NOT NULL DEFAULT 0,
      epoch bigint NOT NULL DEFAULT 0,
      process text,
      write_id text,
      status text NOT NULL DEFAULT 'live',
      agent_id text,
      customer text,
      end_reason text,
      created_at bigint NOT NULL,
      updated_at bigint NOT NULL,
      expires_at bigint,
      record text
    ) WITH (fillfactor = 60);
    CREATE INDEX owners_listed ON ${schema}.owners (kind, status, id);
    CREATE INDEX owners_by_customer ON ${schema}.owners (customer) WHERE customer IS NOT NULL;
    CREATE INDEX owners_by_process ON ${schema}.owners (process) WHERE process IS NOT NULL;
    CREATE INDEX owners_by_expiry ON ${schema}.owners (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE ${schema}.turns (
      owner_id bigint NOT NULL,
      version bigint NOT NULL,
      xid bigint NOT NULL,
      id bigint GENERATED ALWAYS AS IDENTITY,
      at bigint NOT NULL,
      call_id text,
      digest text,
      entry text,
      answer text,
      PRIMARY KEY (owner_id, version)
    );
    CREATE INDEX turns_in_order ON ${schema}.turns (xid, id);
    CREATE INDEX turns_by_call ON ${schema}.turns (owner_id, call_id) WHERE call_id IS NOT NULL;
    CREATE TABLE ${schema}.inbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      owner_id bigint NOT NULL,
      message_id text NOT NULL,
      text text NOT NULL,
      at bigint NOT NULL,
      UNIQUE (owner_id, message_id)
    );
    CREATE TABLE ${schema}.processes (
      id text PRIMARY KEY,
      pid bigint NOT NULL,
      host text NOT NULL,
      started_at bigint NOT NULL,
      lease_until bigint NOT NULL
    );`,
];

/** The schema version that this release writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/** Any number will do, as long as all releases use the same one. */
const LOCK = 7_302_118_552;

/**
 * Brings the database to {@link SCHEMA_VERSION} (PG1).
 *
 * @returns the version that was found, 0 for a new one.
 * @throws {ConversimpleError} `store_misconfigured` when it is of a newer release (PG5).
 */
export async function migrate(connections: Connections, schema: string, address: string): Promise<number> {
  // Nearly always there is nothing to do, and no reason to wait for anybody.
  const found = await connections.migration((session) => versionOf(session, schema));
  if (found < SCHEMA_VERSION) return connections.migration((session) => upgrade(session, schema, address));
  return checked(found, address);
}

async function upgrade(session: Session, schema: string, address: string): Promise<number> {
  await session(`SELECT pg_advisory_xact_lock(${LOCK})`);
  const found = checked(await versionOf(session, schema), address);
  if (found === SCHEMA_VERSION) return found;
  // Only where it is missing: who may write in a schema need not have the right to make one.
  const [namespace] = await session("SELECT 1 FROM pg_namespace WHERE '\"' || nspname || '\"' = $1", [schema]);
  if (!namespace) await session(`CREATE SCHEMA ${schema}`);
  await session(`CREATE TABLE IF NOT EXISTS ${schema}.migrations (version bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`);
  for (let version = found + 1; version <= SCHEMA_VERSION; version++) {
    await session(MIGRATIONS[version - 1]!(schema));
    await session(`INSERT INTO ${schema}.migrations (version) VALUES ($1)`, [version]);
  }
  return found;
}

function checked(found: number, address: string): number {
  if (found <= SCHEMA_VERSION) return found;
  throw new ConversimpleError(
    "store_misconfigured",
    `Cannot open the store ${address}: its schema is version ${found}, this release knows ${SCHEMA_VERSION}. Upgrade conversimple, or use another database.`,
    { address, found, known: SCHEMA_VERSION },
  );
}

/** Asks the catalogue's own tables: to_regclass may answer from a cache that is older than the lock (PG1). */
async function versionOf(session: Session, schema: string): Promise<number> {
  const [table] = await session("SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'migrations' AND '\"' || n.nspname || '\"' = $1", [schema]);
  if (!table) return 0;
  const [{ version }] = await session<{ version: number }>(`SELECT coalesce(max(version), 0) AS version FROM ${schema}.migrations`) as [{ version: number }];
  return version;
}
