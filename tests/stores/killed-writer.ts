// A writer that died in the middle of its work (process/writer.ts), and what must be in its file.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { conversationOwner } from "../../src/state/store.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";

/** Conversations that a writer writes at the same time. */
export const CONVERSATIONS = 4;

/** What a writer said until it was gone: by conversation, the version it began last, and the one that was acknowledged last. */
export interface Played {
  readonly begun: ReadonlyMap<number, number>;
  readonly done: ReadonlyMap<number, number>;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Listens to a writer until it is gone. */
export async function playedBy(writer: ChildProcess): Promise<Played> {
  const begun = new Map<number, number>();
  const done = new Map<number, number>();
  const lines = createInterface(writer.stdout!).on("line", (line) => {
    const [what, n, version] = line.split(" ");
    (what === "begin" ? begun : done).set(Number(n), Number(version));
  });
  const [[code, signal]] = await Promise.all([once(writer, "exit") as Promise<[number | null, NodeJS.Signals | null]>, once(lines, "close")]);
  return { begun, done, code, signal };
}

/** Everything acknowledged is there and nothing half-done; the write whose answer was lost can be sent again. */
export async function expectNothingLost(path: string, begun: Played["begun"], done: Played["done"]): Promise<void> {
  const store = await openSqlite(path);
  for (let n = 0; n < CONVERSATIONS; n++) {
    const owner = conversationOwner(String(n));
    const loaded = await store.load(owner);
    const stored = loaded?.version ?? 0;
    expect(stored).toBeGreaterThanOrEqual(done.get(n) ?? 0);
    expect(stored).toBeLessThanOrEqual(begun.get(n) ?? 0);
    const versions = Array.from({ length: stored }, (_, index) => index + 1);
    expect(loaded?.record?.trimEnd().startsWith(`record ${stored} `) ?? stored === 0).toBe(true);
    expect((await store.history(owner)).map((entry) => entry.text)).toEqual(versions.map((version) => `entry ${version}`));
    expect(loaded?.calls.map((call) => call.callId) ?? []).toEqual(versions.map((version) => `call-${version}`));
    // It happened, or it happens now, once.
    const next = await store.commit(owner, { writeId: `${n}-${stored}`, expectedVersion: Math.max(0, stored - 1), epoch: 0, entry: "entry 1", record: "record 1 " });
    expect(next.version).toBe(Math.max(1, stored));
  }
  await store.close();
  expect(integrityOf(path)).toBe("ok");
}

/** "ok" when SQLite finds nothing wrong with a file. */
export function integrityOf(path: string): unknown {
  const database = new DatabaseSync(path);
  try {
    return database.prepare("PRAGMA integrity_check").get()!.integrity_check;
  } finally {
    database.close();
  }
}
