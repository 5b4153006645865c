// Commits on PostgreSQL beside the raw driver: one upsert of the record and one insert of the turn per durable write, as
// one prepared statement, over as many connections as the store has.
//
// The server that CONVERSIMPLE_TEST_POSTGRES names, else one of its own on this machine with fsync and
// synchronous_commit on. Driver and server share the machine then.

import { randomUUID } from "node:crypto";
import { Pool } from "pg";
import { startPostgres } from "../tests/servers/postgres.ts";
import { Unavailable } from "../tests/servers/programs.ts";
import { changeOf, measureStore, merge, perSecond, row, ROUNDS, WARM_UP_MS, type Measured } from "./commit.ts";
import type { Row } from "./row.ts";

/** The store's default. */
const CONNECTIONS = 10;

/** Measures the store and the raw driver in turns; nothing, with a line, where no server can be had. */
export async function postgresCommitBenchmark(sizes: readonly number[], durationMs = 2_000): Promise<Row[]> {
  const given = process.env.CONVERSIMPLE_TEST_POSTGRES;
  const server = given ? undefined : await startPostgres("fsync=on", "synchronous_commit=on").catch(skipped);
  const url = given ?? server?.url;
  if (url === undefined) return [];
  try {
    const rows: Row[] = [];
    for (const conversations of sizes) rows.push(...(await measure(url, conversations, durationMs)));
    return rows;
  } finally {
    await server?.remove();
  }
}

function skipped(thrown: unknown): undefined {
  if (!(thrown instanceof Unavailable)) throw thrown;
  process.stderr.write(`commit on postgres was not measured: ${thrown.message}\n`);
}

async function measure(url: string, conversations: number, durationMs: number): Promise<Row[]> {
  const raw: Measured[] = [];
  const ours: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    raw.push(await inSchema(url, (schema) => measureRaw(url, schema, conversations, durationMs / ROUNDS)));
    ours.push(await inSchema(url, (schema) => measureStore(`${url}?schema=${schema}`, conversations, durationMs / ROUNDS)));
  }
  const limit = merge(raw);
  return [row("commit (raw driver)", "postgres", conversations, limit, 1), row("commit", "postgres", conversations, merge(ours), perSecond(merge(ours)) / perSecond(limit))];
}

async function inSchema(url: string, work: (schema: string) => Promise<Measured>): Promise<Measured> {
  const schema = `bench_${randomUUID().replaceAll("-", "")}`;
  const measured = await work(schema);
  const pool = new Pool({ connectionString: url, max: 1 });
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
  return measured;
}

async function measureRaw(url: string, schema: string, conversations: number, durationMs: number): Promise<Measured> {
  const pool = new Pool({ connectionString: url, max: CONNECTIONS });
  await pool.query(`
    CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.owners (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner text NOT NULL UNIQUE, version bigint NOT NULL, write_id text, updated_at bigint, record text) WITH (fillfactor = 60);
    CREATE TABLE ${schema}.turns (owner_id bigint, version bigint, at bigint, call_id text, digest text, entry text, answer text, PRIMARY KEY (owner_id, version))`);
  const text = `
    WITH saved AS (
      INSERT INTO ${schema}.owners AS o (owner, version, write_id, updated_at, record) VALUES ($1, 1, $2, $3, $4)
      ON CONFLICT (owner) DO UPDATE SET version = o.version + 1, write_id = excluded.write_id, updated_at = excluded.updated_at, record = excluded.record WHERE o.version = $5
      RETURNING id, version)
    INSERT INTO ${schema}.turns (owner_id, version, at, call_id, digest, entry, answer) SELECT id, version, $3, $6, $7, $8, $9 FROM saved`;
  const latenciesMs: number[] = [];
  const startMs = performance.now() + WARM_UP_MS;
  const converse = async (n: number) => {
    for (let version = 0; ; version++) {
      const begunMs = performance.now();
      if (begunMs >= startMs + durationMs) return;
      const { writeId, record, entry, answer } = changeOf(n, version);
      await pool.query({ name: "save", text, values: [`conversation:c-${n}`, writeId, Date.now(), record, version, answer!.callId, answer!.digest, entry, answer!.text] });
      if (begunMs >= startMs) latenciesMs.push(performance.now() - begunMs);
    }
  };
  await Promise.all(Array.from({ length: conversations }, (_, n) => converse(n)));
  const elapsedMs = performance.now() - startMs;
  await pool.end();
  return { operations: latenciesMs.length, elapsedMs, latenciesMs, cpuMs: 0 };
}
