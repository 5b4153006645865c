// The tables, and how an older file becomes a newer one.
//
// Owns the ordered migrations; `PRAGMA user_version` counts those that ran.
//
//   G1. A commit dirties one page of `owners` and shares the last pages of `turns`: an index on (owner, version)
//       made a group of 64 commits dirty 64 pages more and halved the throughput (27,000/s against 67,000/s).
//   G2. So `turns` is append-only and has no index but its rowid. The turns of an owner are linked backwards by
//       `prev`, those with an answer also by `prev_call`; `owners` holds both heads. The rowid order is the feed.
//       Turns of customers and accounts are the exception: they are few, and each asks for a call id, so those with a call
//       are found by an index that the turns of conversations are not in.
//   G3. AUTOINCREMENT: a rowid is never used twice, so a cursor or a link that dangles never finds a stranger's row.
//   G4. Indexes lie only on what does not change with every commit.
//   G5. A file of a newer release is refused, never guessed at.

import type { DatabaseSync } from "node:sqlite";
import { ConversimpleError } from "../../base/errors.ts";

const MIGRATIONS: readonly string[] = [
  // `record` is last, so that reading the other columns never follows its overflow pages.
  // No NOT NULL in `turns`: INSERT ... SELECT would keep a statement journal, which costs a third of a commit.
  // `trim_below`: lowest version that is shown. `kept_from`: lowest version whose row may still be there.
  `CREATE TABLE owners (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     owner TEXT NOT NULL UNIQUE,
     kind TEXT NOT NULL,
     version INTEGER NOT NULL DEFAULT 0,
     epoch INTEGER NOT NULL DEFAULT 0,
     process TEXT,
     write_id TEXT,
     status TEXT NOT NULL DEFAULT 'live',
     agent_id TEXT,
     customer TEXT,
     end_reason TEXT,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     expires_at INTEGER,
     last_turn INTEGER,
     last_call INTEGER,
     trim_below INTEGER NOT NULL DEFAULT 1,
     kept_from INTEGER NOT NULL DEFAULT 1,
     record TEXT
   );
   CREATE INDEX owners_listed ON owners (kind, status, id);
   CREATE INDEX owners_by_customer ON owners (customer) WHERE customer IS NOT NULL;
   CREATE INDEX owners_by_process ON owners (process) WHERE process IS NOT NULL;
   CREATE INDEX owners_by_expiry ON owners (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE turns (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     owner_id INTEGER,
     version INTEGER,
     at INTEGER,
     prev INTEGER,
     prev_call INTEGER,
     call_id TEXT,
     digest TEXT,
     entry TEXT,
     answer TEXT
   );
   CREATE TABLE inbox (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     owner_id INTEGER NOT NULL,
     message_id TEXT NOT NULL,
     text TEXT NOT NULL,
     at INTEGER NOT NULL,
     UNIQUE (owner_id, message_id)
   );
   CREATE TABLE processes (
     id TEXT PRIMARY KEY,
     pid INTEGER NOT NULL,
     host TEXT NOT NULL,
     started_at INTEGER NOT NULL,
     lease_until INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  `ALTER TABLE turns ADD COLUMN is_joint INTEGER;
   UPDATE turns SET is_joint = 1 WHERE owner_id IN (SELECT id FROM owners WHERE kind <> 'conversation');
   CREATE INDEX turns_of_joint ON turns (owner_id, call_id) WHERE is_joint = 1 AND call_id IS NOT NULL;`,
];

/** The schema that this release writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings the file to {@link SCHEMA_VERSION}; of several processes that open it at once one does the work.
 *
 * @throws {ConversimpleError} `store_misconfigured` when the file is of a newer release (G5), or another program's.
 */
export function migrate(database: DatabaseSync, address: string): void {
  if (checkVersion(database, address) === SCHEMA_VERSION) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const step of MIGRATIONS.slice(checkVersion(database, address))) database.exec(step);
    database.exec(`PRAGMA user_version=${SCHEMA_VERSION}; COMMIT`);
  } catch (thrown) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw thrown;
  }
}

/**
 * The file's schema version; 0 for a new one. Changes nothing.
 *
 * @throws {ConversimpleError} as {@link migrate}.
 */
export function checkVersion(database: DatabaseSync, address: string): number {
  // One statement, so one snapshot: another process may be migrating.
  const { found, tables } = database.prepare("SELECT (SELECT user_version FROM pragma_user_version) AS found, (SELECT count(*) FROM sqlite_schema) AS tables").get()!;
  if (Number(found) > SCHEMA_VERSION) {
    throw new ConversimpleError(
      "store_misconfigured",
      `Cannot open the store ${address}: its schema is version ${Number(found)}, this release knows ${SCHEMA_VERSION}. Upgrade conversimple, or use another file.`,
      { address, found: Number(found), known: SCHEMA_VERSION },
    );
  }
  if (Number(found) === 0 && Number(tables) > 0) {
    throw new ConversimpleError("store_misconfigured", `Cannot open the store ${address}: the database belongs to another program. Use another file.`, { address });
  }
  return Number(found);
}
