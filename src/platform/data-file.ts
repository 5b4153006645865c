// The platform's data file: one SQLite connection and its group commit.
//
// Owns opening, the schema, and when things are durable. All writes of one turn of the event loop share one
// transaction, so that thousands of calls per second cost few commits.
//
//   F1. `done` of a write runs after COMMIT, in the order of the writes, never before `write` returned; with an error
//       nothing of the write was stored.
//   F2. Reads see every write before them, also the ones not yet committed.
//   F3. One platform per file: a second one is refused.
//   F4. What is committed survives kill -9 of the process (WAL, synchronous=NORMAL). A power cut may lose the last
//       moments, never the consistency; this is a developer's tool, the agents' own state is stored with FULL.

import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync as Database, StatementSync } from "node:sqlite";
import { StoreUnavailableError } from "../base/errors.ts";
import { DatabaseSync } from "../stores/sqlite/driver.ts";

/** Runs when a write is durable, or with the error that stopped it. */
export type Done = (error: StoreUnavailableError | undefined) => void;

const FORMAT = 3;

const SCHEMA = `
  CREATE TABLE conversations (
    id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, caller TEXT, tools TEXT NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL, ended_at INTEGER, reason TEXT, is_rung INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX conversations_ended ON conversations (ended_at);
  CREATE TABLE calls (
    seq INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, call_id TEXT NOT NULL, tool TEXT NOT NULL,
    arguments TEXT NOT NULL, timeout_seconds REAL NOT NULL, is_checked INTEGER NOT NULL,
    created_at INTEGER NOT NULL, answered_at INTEGER, outcome TEXT, answer TEXT, digest TEXT,
    UNIQUE (call_id, conversation_id)
  );
  CREATE INDEX calls_conversation ON calls (conversation_id);
`;

/** What made each format of the one before it, from 2 on. */
const CHANGES = ["ALTER TABLE calls ADD COLUMN digest TEXT;", "ALTER TABLE conversations ADD COLUMN is_rung INTEGER NOT NULL DEFAULT 0;"];

export class DataFile {
  readonly #database: Database;
  #waiting: Done[] = [];
  #isClosed = false;

  /**
   * @param path of the file; undefined keeps everything in memory.
   * @throws {StoreUnavailableError} It cannot be opened, is used by another platform, or was written by newer code.
   */
  constructor(path: string | undefined) {
    try {
      if (path !== undefined) makePrivate(path);
      this.#database = new DatabaseSync(path ?? ":memory:");
      this.#prepareFile();
    } catch (error) {
      throw unavailable(error, `Cannot open the platform's data file ${path ?? "in memory"}`);
    }
  }

  /** @internal The declarations need no types of Node. */
  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Runs statements in this turn's transaction (F1). */
  write(run: () => void, done: Done): void {
    if (this.#isClosed) return queueMicrotask(() => done(new StoreUnavailableError("The platform's data file is closed; nothing was written.")));
    try {
      this.#begin();
      run();
    } catch (error) {
      const failure = unavailable(error, "The platform's data file refused a write");
      // A full disk rolls the whole transaction back, and with it every write of this turn.
      if (!this.#database.isTransaction) this.#settle(failure);
      return queueMicrotask(() => done(failure));
    }
    this.#waiting.push(done);
  }

  /** Runs `done` when every write so far is durable: at once when nothing waits. */
  afterWrites(done: Done): void {
    if (this.#waiting.length === 0) done(undefined);
    else this.#waiting.push(done);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#commit();
    this.#isClosed = true;
    this.#database.close();
  }

  #prepareFile(): void {
    this.#database.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=4000;");
    this.#database.exec("BEGIN IMMEDIATE");
    const found = this.#database.prepare("PRAGMA user_version").get()?.["user_version"];
    if (typeof found === "number" && found < FORMAT) this.#database.exec(`${found === 0 ? SCHEMA : CHANGES.slice(found - 1).join("")} PRAGMA user_version=${FORMAT};`);
    else if (found !== FORMAT) throw new Error(`it has format ${String(found)}, this version knows ${FORMAT}; use the newer version or another file`);
    this.#database.exec("COMMIT");
  }

  #begin(): void {
    if (this.#database.isTransaction) return;
    this.#database.exec("BEGIN");
    setImmediate(() => this.#commit());
  }

  #commit(): void {
    if (this.#isClosed || !this.#database.isTransaction) return;
    try {
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      return this.#settle(unavailable(error, "The platform's data file refused a commit"));
    }
    this.#settle(undefined);
  }

  #settle(error: StoreUnavailableError | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(error);
  }
}

/** The file holds what callers said: nobody else may read it. */
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
}

function unavailable(cause: unknown, what: string): StoreUnavailableError {
  const isLocked = cause instanceof Error && /locked|busy/i.test(cause.message);
  const reason = isLocked ? "another platform uses it" : cause instanceof Error ? cause.message : "unknown reason";
  return new StoreUnavailableError(`${what}: ${reason}.`, {}, { cause });
}
