// Durable commits per second, beside what the driver alone can do.
//
// One commit is what a tool call makes: a 2 KB record, a journal entry of 250 bytes, an answer of 60. Each of the
// conversations waits for its commit before it makes the next. The raw limit writes the same rows with node:sqlite
// in the benchmark's own thread, in groups as large as there are conversations: no worker, no checks, no replies.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Change, Owner, Store } from "../src/state/store.ts";
import { openStore, type OpenStoreOptions } from "../src/stores/index.ts";
import type { Row } from "./row.ts";

export interface CommitBenchmark {
  readonly store: "memory" | "sqlite";
  readonly conversations: number;
  /** How long each side is measured, milliseconds; 2,000 unless given. */
  readonly durationMs?: number;
  /** Where the file is made; a temporary folder unless given. */
  readonly folder?: string;
}

const RECORD = "r".repeat(2_000);
const ENTRY = "e".repeat(200);
const ANSWER = "a".repeat(50);
const DIGEST = "d".repeat(22);

/** How long a measurement runs unmeasured first, milliseconds. */
export const WARM_UP_MS = 300;

/** Measures the store and, for sqlite, the raw driver: the rows of the table. */
export async function commitBenchmark(options: CommitBenchmark): Promise<Row[]> {
  const { conversations, durationMs = 2_000 } = options;
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), "commit-"));
  try {
    if (options.store === "memory") return [row("commit", "memory", conversations, await measureStore("memory:", conversations, durationMs), null)];
    // The two take turns, so that a disk that slows down in the meantime slows down both.
    const raw: Measured[] = [];
    const ours: Measured[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      raw.push(measureRaw(join(folder, `raw-${round}.db`), conversations, durationMs / ROUNDS));
      ours.push(await measureStore(`sqlite:${join(folder, `store-${round}.db`)}`, conversations, durationMs / ROUNDS));
    }
    const limit = merge(raw);
    return [
      row("commit (raw driver)", "sqlite", conversations, limit, 1),
      row("commit", "sqlite", conversations, merge(ours), perSecond(merge(ours)) / perSecond(limit)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same commits in clear and encrypted, with the CPU time that each costs the process: both threads of it. */
export async function encryptedCommitBenchmark(store: "memory" | "sqlite", conversations: number, durationMs = 2_000): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "encrypted-commit-"));
  const encryption = { keys: [{ id: "bench", key: randomBytes(32) }] };
  try {
    const measured: Record<"commit" | "encrypted commit", Measured[]> = { commit: [], "encrypted commit": [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, parts] of Object.entries(measured)) {
        const address = store === "memory" ? "memory:" : `sqlite:${join(folder, `${name}-${round}.db`)}`;
        parts.push(await measureStore(address, conversations, durationMs / ROUNDS, name === "commit" ? false : encryption));
      }
    }
    return Object.entries(measured).map(([name, parts]) => {
      const whole = merge(parts);
      return { ...row(name, store, conversations, whole, null), also: { "CPU us per commit": round((whole.cpuMs * 1_000) / whole.operations) } };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const ROUNDS = 4;

export interface Measured {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
  /** CPU time of the process meanwhile; of the raw driver it is not asked for. */
  readonly cpuMs: number;
}

export async function measureStore(address: string, conversations: number, durationMs: number, encryption: OpenStoreOptions["encryption"] = false): Promise<Measured> {
  const store = await openStore(address, { timeoutMs: 30_000, encryption });
  await Promise.all(Array.from({ length: conversations }, (_, n) => store.acquire(ownerOf(n), { id: "bench", pid: process.pid, host: "bench", startedAtMs: 0 })));
  const startMs = performance.now() + WARM_UP_MS;
  const run: Run = { startMs, endMs: startMs + durationMs, latenciesMs: [], cpuStartMs: undefined };
  await Promise.all(Array.from({ length: conversations }, (_, n) => converse(store, n, run)));
  const elapsedMs = performance.now() - startMs;
  const cpuMs = cpuTimeMs() - (run.cpuStartMs ?? 0);
  await store.close();
  return { operations: run.latenciesMs.length, elapsedMs, latenciesMs: run.latenciesMs, cpuMs };
}

interface Run {
  readonly startMs: number;
  readonly endMs: number;
  readonly latenciesMs: number[];
  cpuStartMs: number | undefined;
}

function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function converse(store: Store, n: number, run: Run): Promise<void> {
  for (let version = 0; ; version++) {
    const begunMs = performance.now();
    if (begunMs >= run.endMs) return;
    if (begunMs >= run.startMs) run.cpuStartMs ??= cpuTimeMs();
    await store.commit(ownerOf(n), changeOf(n, version));
    if (begunMs >= run.startMs) run.latenciesMs.push(performance.now() - begunMs);
  }
}

function ownerOf(n: number): Owner {
  return `conversation:c-${n}`;
}

export function changeOf(n: number, version: number): Change {
  const unique = `${n}-${version}-`.padEnd(48, "x");
  return {
    writeId: unique, expectedVersion: version, epoch: 1, record: unique + RECORD, entry: unique + ENTRY,
    answer: { callId: `call-${n}-${version}`, digest: DIGEST, text: `${version}${ANSWER}` },
  };
}

/** The same rows and the same durability, with nothing around them. */
function measureRaw(path: string, conversations: number, durationMs: number): Measured {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=16000;
    CREATE TABLE owners (id INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE, version INTEGER, write_id TEXT, updated_at INTEGER, last_turn INTEGER, record TEXT);
    CREATE TABLE turns (id INTEGER PRIMARY KEY, owner_id INTEGER, version INTEGER, at INTEGER, prev INTEGER, call_id TEXT, digest TEXT, entry TEXT, answer TEXT)`);
  const create = database.prepare("INSERT INTO owners (id, owner, version, record) VALUES (?, ?, 0, ?)");
  for (let n = 0; n < conversations; n++) create.run(n + 1, `conversation:c-${n}`, RECORD);
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const update = database.prepare("UPDATE owners SET version = version + 1, write_id = ?, updated_at = ?, last_turn = ?, record = ? WHERE owner = ? AND version = ?");
  const insert = database.prepare("INSERT INTO turns (owner_id, version, at, prev, call_id, digest, entry, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const latenciesMs: number[] = [];
  const startMs = performance.now() + WARM_UP_MS;
  const endMs = startMs + durationMs;
  for (let version = 0; performance.now() < endMs; version++) {
    const begunMs = performance.now();
    begin.run();
    for (let n = 0; n < conversations; n++) {
      const change = changeOf(n, version);
      const now = Date.now();
      const { lastInsertRowid } = insert.run(n + 1, version + 1, now, null, change.answer!.callId, DIGEST, change.entry!, change.answer!.text);
      update.run(change.writeId, now, lastInsertRowid, change.record!, `conversation:c-${n}`, version);
    }
    commit.run();
    const tookMs = performance.now() - begunMs;
    if (begunMs >= startMs) for (let n = 0; n < conversations; n++) latenciesMs.push(tookMs);
  }
  const elapsedMs = performance.now() - startMs;
  database.close();
  return { operations: latenciesMs.length, elapsedMs, latenciesMs, cpuMs: 0 };
}

export function merge(parts: readonly Measured[]): Measured {
  return {
    operations: parts.reduce((sum, part) => sum + part.operations, 0),
    elapsedMs: parts.reduce((sum, part) => sum + part.elapsedMs, 0),
    latenciesMs: parts.flatMap((part) => part.latenciesMs),
    cpuMs: parts.reduce((sum, part) => sum + part.cpuMs, 0),
  };
}

export function perSecond({ operations, elapsedMs }: Measured): number {
  return (operations * 1_000) / elapsedMs;
}

export function row(name: string, store: string, conversations: number, measured: Measured, ratioToRaw: number | null): Row {
  const sorted = Float64Array.from(measured.latenciesMs).sort();
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { name, store, conversations, opsPerSecond: Math.round(perSecond(measured)), p50Ms: at(0.5), p99Ms: at(0.99), ratioToRaw: ratioToRaw && round(ratioToRaw) };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
