// What an error of SQLite means to the caller.
//
// Owns the table from result codes to our errors. Never repeats SQL or values.
//
//   X1. "none" is said only when the transaction cannot come back; a failed sync at COMMIT may leave a complete frame
//       in the WAL that a recovery finds, so its outcome is "unknown".                                       (S6)

import { ConversimpleError, StoreUnavailableError, textOf } from "../../base/errors.ts";

/** Primary result codes, from sqlite.org/rescode.html. */
export const SQLITE = { PERM: 3, BUSY: 5, LOCKED: 6, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, TOOBIG: 18, NOTADB: 26 } as const;

const REMEDIES: Readonly<Record<number, string>> = {
  [SQLITE.BUSY]: "another process holds the write lock for too long",
  [SQLITE.LOCKED]: "another process holds the write lock for too long",
  [SQLITE.READONLY]: "the file cannot be written; check its rights and the disk",
  [SQLITE.IOERR]: "the disk reported an error; check it",
  [SQLITE.CORRUPT]: "the file is damaged; stop, keep it, and restore a backup",
  [SQLITE.FULL]: "the disk is full; free some space, then try again",
  [SQLITE.CANTOPEN]: "the file cannot be opened; check that its folder exists and can be written",
  [SQLITE.TOOBIG]: "a text is too large for SQLite",
  [SQLITE.NOTADB]: "the file is not a SQLite database; restore a backup",
};

/** The primary result code of an error that `node:sqlite` threw; 0 for any other. */
export function sqliteCode(thrown: unknown): number {
  if (!(thrown instanceof Error) || !("errcode" in thrown) || typeof thrown.errcode !== "number") return 0;
  return thrown.errcode & 0xff;
}

/**
 * An error of a transaction or a read that was begun, for the caller. Errors that are ours already stay.
 *
 * @param isUnknown whether what was to be written may be stored all the same (X1).
 */
export function runtimeError(thrown: unknown, address: string, isUnknown: boolean): ConversimpleError {
  if (thrown instanceof ConversimpleError) return thrown;
  const code = sqliteCode(thrown);
  const outcome = isUnknown ? "unknown" : "none";
  const why = REMEDIES[code] ?? textOf(thrown);
  return new StoreUnavailableError(`The store ${address} failed (SQLite ${code}): ${why}.`, { address, outcome, sqlite: code });
}

/** An error while the file was opened: something a person must set right. A lock that is held passes by itself. */
export function openingError(thrown: unknown, address: string): ConversimpleError {
  if (thrown instanceof ConversimpleError) return thrown;
  const code = sqliteCode(thrown);
  if (code === SQLITE.BUSY || code === SQLITE.LOCKED || code === SQLITE.FULL) return runtimeError(thrown, address, false);
  const why = REMEDIES[code] ?? textOf(thrown);
  return new ConversimpleError("store_misconfigured", `Cannot open the store ${address}: ${why}.`, { address, sqlite: code });
}
