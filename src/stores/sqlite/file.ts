// The database file: made, opened and set up so that COMMIT means durable.
//
//   D1. The file and its folder are made for their owner alone (0600, 0700): they hold what callers said.
//   D2. WAL with synchronous=FULL: COMMIT returns after the WAL was synced.                              (S1)
//   D3. secure_delete: what was deleted is overwritten, not only unlinked.                              (P22)

import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync as Database } from "node:sqlite";
import { systemClock } from "../../base/clock.ts";
import { ConversimpleError } from "../../base/errors.ts";
import { DatabaseSync } from "./driver.ts";
import { limitPages } from "./faults.ts";
import { SQLITE, openingError, sqliteCode } from "./failure.ts";
import { checkVersion, migrate } from "./schema.ts";

export interface FileOptions {
  readonly path: string;
  readonly address: string;
  /** How long a lock of another process is waited for, milliseconds. */
  readonly busyTimeoutMs: number;
  readonly maxPageCount?: number;
}

/** Pages that SQLite keeps in memory, KiB. The default of 2,000 spills a group of 1,000 commits to disk before COMMIT. */
const CACHE_KIB = 32_000;

/** Only a backstop: `checkpoints.ts` copies the WAL back long before, outside of a COMMIT. Pages. */
const AUTO_CHECKPOINT_PAGES = 64_000;

/** @throws {ConversimpleError} `store_misconfigured` with the remedy; `state_unavailable` when it is locked or full. */
export function openFile(options: FileOptions): Database {
  const deadlineMs = systemClock.monotonic() + options.busyTimeoutMs;
  makeFile(options);
  for (;;) {
    try {
      return openOnce(options);
    } catch (thrown) {
      // SQLite does not wait for a lock when two processes turn WAL on at once.
      if (sqliteCode(thrown) !== SQLITE.BUSY || systemClock.monotonic() > deadlineMs) throw openingError(thrown, options.address);
    }
  }
}

function openOnce({ path, address, busyTimeoutMs, maxPageCount }: FileOptions): Database {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    checkVersion(database, address);
    database.exec("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY");
    database.exec(`PRAGMA cache_size=-${CACHE_KIB}; PRAGMA wal_autocheckpoint=${AUTO_CHECKPOINT_PAGES}`);
    const { journal_mode: mode } = database.prepare("PRAGMA journal_mode=WAL").get()!;
    if (mode !== "wal") throw misconfigured(address, "its file system does not support WAL; use a local disk");
    if (maxPageCount !== undefined) limitPages(database, maxPageCount);
    migrate(database, address);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function makeFile({ path, address }: FileOptions): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw misconfigured(address, "it is a folder; name a file");
    closeSync(openSync(path, "a", 0o600));
  } catch (thrown) {
    if (thrown instanceof ConversimpleError) throw thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown error";
    throw misconfigured(address, `the file cannot be made or written (${code}); check its folder and its rights`);
  }
}

function misconfigured(address: string, why: string): ConversimpleError {
  return new ConversimpleError("store_misconfigured", `Cannot open the store ${address}: ${why}.`, { address });
}
