import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import { codeOf } from "../../src/base/errors.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import { encodePart, openRecord, sealRecord } from "../../src/state/record.ts";
import type { Slice } from "../../src/state/slice.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { UnrulyAgent } from "./agents.ts";

const folder = mkdtempSync(join(tmpdir(), "faults-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SLICE: Slice = { name: "state", schemaVersion: 1, maxBytes: 65_536, initial: () => ({}), restore: (stored) => stored, check: (value) => value };

/** Every conversation has a record of the same length. */
const idOf = (n: number) => `row-${String(n).padStart(4, "0")}`;
const agent = () => new UnrulyAgent(async () => ({ attempts: 0 }));

interface Row {
  readonly owner: string;
  readonly version: number;
  readonly bytes: Uint8Array;
}

function rowsOf(path: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT owner, version, CAST(record AS BLOB) AS bytes FROM owners WHERE owner LIKE 'conversation:%' ORDER BY owner").all() as unknown as Row[];
  database.close();
  return rows;
}

/** Runs the task with a host on the file. */
async function withHost<T>(path: string, task: (host: AgentHost) => Promise<T>): Promise<T> {
  const store = await openSqlite(path);
  const host = await AgentHost.start({ agents: [agent()], store, secret: "the same after a restart" });
  try {
    return await task(host);
  } finally {
    await host.drain(1_000);
    await store.close();
  }
}

async function inParts<T>(count: number, task: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < count; from += 100) {
    results.push(...(await Promise.all(Array.from({ length: Math.min(100, count - from) }, (_, n) => task(from + n)))));
  }
  return results;
}

test("a flipped bit in any byte of a 1 KB record: quarantined, never served, never overwritten", { timeout: 60_000 }, async () => {
  const path = join(folder, "state.db");
  const keep = (host: AgentHost, n: number, callId: string) =>
    host.invoke({ conversationId: idOf(n), callId, tool: "keep", arguments: { text: "é".repeat(430) } });
  const begin = async (host: AgentHost, n: number) => {
    await host.open(idOf(n), { agentId: "unruly" });
    return keep(host, n, "first");
  };
  await withHost(path, (host) => begin(host, 0));
  const size = rowsOf(path)[0]!.bytes.length;
  expect(size).toBeGreaterThan(900);
  // As many conversations as a record has bytes; the one with number n loses byte n. One more stays well.
  await withHost(path, (host) => inParts(size + 1, (n) => begin(host, n)));

  const random = seededRandom(7);
  const database = new DatabaseSync(path);
  const damage = database.prepare("UPDATE owners SET record = CAST(? AS TEXT) WHERE owner = ?");
  const written = rowsOf(path);
  database.exec("BEGIN");
  for (let n = 0; n < size; n++) {
    const bytes = Uint8Array.from(written[n]!.bytes);
    bytes[n]! ^= 1 << Math.floor(random() * 8);
    damage.run(bytes, `conversation:${idOf(n)}`);
  }
  database.exec("COMMIT");
  database.close();
  const damaged = rowsOf(path);
  expect(damaged.filter((row, n) => Buffer.compare(row.bytes, written[n]!.bytes) !== 0)).toHaveLength(size);

  const outcomes = await withHost(path, (host) =>
    inParts(size + 1, async (n) => {
      expect(await host.open(idOf(n), { agentId: "unruly" })).toMatchObject({ kind: "serving" });
      expect(host.tools(idOf(n))).not.toEqual([]);
      const outcome = await keep(host, n, "second");
      // The answer of the first call lies beside the record: it is not given either.
      const again = await keep(host, n, "first");
      if (n < size) await host.close(idOf(n), "rang off");
      return [outcome, again].map((one) => (one.kind === "error" ? one.code : one.kind));
    }),
  );
  expect(outcomes.pop()).toEqual(["result", "result"]);
  expect(outcomes.flatMap((outcome, n) => (outcome.every((code) => code === "state_quarantined") ? [] : [{ byte: n, was: Buffer.from(written[n]!.bytes).toString("latin1").slice(Math.max(0, n - 8), n + 8), outcome }]))).toEqual([]);
  expect(rowsOf(path).flatMap((row, n) => (n < size && Buffer.compare(row.bytes, damaged[n]!.bytes) !== 0 ? [n] : []))).toEqual([]);
});

test("no single bit of a record's text can be flipped unnoticed", () => {
  const owner = "conversation:c1";
  const bytes = Buffer.from(sealRecord(owner, 17, [["state", encodePart(SLICE, { cart: ["é", "b"], total: 12.5, since: new Date(0) })]]));
  expect([...openRecord(owner, 17, bytes.toString()).keys()]).toEqual(["state"]);
  const unnoticed = Array.from({ length: bytes.length * 8 }, (_, bit) => bit).filter((bit) => {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    try {
      openRecord(owner, 17, flipped.toString());
      return true;
    } catch (thrown) {
      return codeOf(thrown) !== "state_quarantined";
    }
  });
  expect(unnoticed.map((bit) => ({ byte: bit >> 3, bit: bit & 7, near: bytes.toString("latin1", Math.max(0, (bit >> 3) - 10), (bit >> 3) + 10) }))).toEqual([]);
});
