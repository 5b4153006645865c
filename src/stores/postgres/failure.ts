// What an error of PostgreSQL, or of the way to it, means to the caller.
//
// Owns the table from SQLSTATE and network codes to our errors. Never repeats SQL, values or passwords.
//
//   PF1. "none" is said only when the server itself said that it did nothing, or when nothing was sent; a connection
//        that ended under way proves nothing.                                                          (S6)

import { ConversimpleError, StoreUnavailableError } from "../../base/errors.ts";

/** The same statement may go well the next time: serialization failure, deadlock. */
const AGAIN: ReadonlySet<string> = new Set(["40001", "40P01"]);
/** The same statement may go well on another connection: this one has a plan of older tables. */
const ELSEWHERE: ReadonlySet<string> = new Set(["0A000"]);
/** The server ended the connection, perhaps after it had committed: lost connections, shutdowns, crashes, its disk. */
const CUT = /^(08|57P0|58|25P0[34])/;
/** The statement did nothing, but the next one should not use the connection: a primary that became a standby, a pooler that mixes up named statements. */
const SPENT: ReadonlySet<string> = new Set(["25006", "26000", "42P05", ...ELSEWHERE]);
/** Refusals for which one change of a group may be the reason: its data, its size. */
const OF_ONE = /^(22|23|54)/;

/** What a person has to set right, by SQLSTATE or network code. */
const REMEDIES: Readonly<Record<string, string>> = {
  "28P01": "the password is wrong",
  "28000": "the user may not log in; check user, password and pg_hba.conf",
  "3D000": "there is no such database; create it first",
  "42501": "the user has no right to create or use the tables; grant CREATE on the database, or run `conversimple migrate` as a user who has it and grant USAGE on the schema and SELECT, INSERT, UPDATE, DELETE on its tables",
  "3F000": "the schema does not exist and cannot be made; grant CREATE on the database",
  "25006": "the server is read-only, a standby; use the address of the primary",
  "26000": "a pooler mixes up named statements; add ?prepare=false to the address",
  "42P05": "a pooler mixes up named statements; add ?prepare=false to the address",
  "42P01": "a table is missing; run `conversimple migrate`",
  "22P05": "the database cannot hold every character; create it with ENCODING 'UTF8'",
  "53100": "the disk of the server is full; free space on it",
  "53200": "the server has no memory left",
  "53300": "the server takes no more connections; raise max_connections, lower pool=, or use a pooler",
  "57014": "the statement took longer than statement_timeout allows",
  "57P03": "the server is starting or shutting down; try again",
  ECONNREFUSED: "nothing listens there; start PostgreSQL or correct the address",
  ENOTFOUND: "there is no such host; correct the address",
  ENOENT: "a file or socket that the address names is not there; correct the address",
  EAI_AGAIN: "the name of the host cannot be looked up; check the address and the network",
  ETIMEDOUT: "the host does not answer; check the address and the network",
  EHOSTUNREACH: "the host cannot be reached; check the address and the network",
  ENETUNREACH: "the host cannot be reached; check the address and the network",
};

/** What the driver says without a code, and what to do. */
const WORDS: readonly (readonly [said: RegExp, remedy: string])[] = [
  [/does not support SSL/i, "the server speaks no TLS; remove sslmode from the address, or turn TLS on"],
  [/no pg_hba\.conf entry.*no encryption/i, "the server lets nobody in like that; it may want TLS (add ?sslmode=verify-full to the address), or not know the user or the database (pg_hba.conf)"],
  [/SSL (is )?required/i, "the server wants TLS; add ?sslmode=verify-full to the address"],
  [/certificate|self.signed|altname|wrong version number/i, "the server's certificate is not trusted; give its authority with ?sslrootcert=<file>"],
  [/password must be a string|no password/i, "it wants a password; write postgres://<user>:<password>@<host>"],
  [/timeout/i, "the host does not answer; check the address and the network"],
];

/** The SQLSTATE or network code; undefined when the error has none. */
export function stateOf(thrown: unknown): string | undefined {
  // Both addresses of a host were tried.
  const one = thrown instanceof AggregateError ? (thrown.errors[0] as unknown) : thrown;
  const code = (one as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the server answered that the statement did nothing (PF1). A server may speak any language; only codes are the same. */
export function didNothing(thrown: unknown): boolean {
  const { severity } = (thrown ?? {}) as { severity?: unknown };
  return typeof severity === "string" && severity !== "FATAL" && severity !== "PANIC" && !CUT.test(stateOf(thrown) ?? "08");
}

/** Whether the connection can be used after this error. */
export function leavesConnection(thrown: unknown): boolean {
  return didNothing(thrown) && !SPENT.has(stateOf(thrown)!);
}

/** Whether the same statement may go well the next time. */
export function isWorthAnother(thrown: unknown): boolean {
  const state = stateOf(thrown) ?? "";
  return didNothing(thrown) && (AGAIN.has(state) || ELSEWHERE.has(state));
}

/** Whether the connection ended before an answer; a server that only takes long is not asked twice. */
export function wasCut(thrown: unknown): boolean {
  return !didNothing(thrown) && !(thrown instanceof Error && /timeout/i.test(thrown.message));
}

/** Whether one change of a group may be why the server refused them all. */
export function mayBeOfOne(thrown: unknown): boolean {
  return thrown instanceof StoreUnavailableError && thrown.fields.outcome === "none" && OF_ONE.test(String(thrown.fields.state));
}

/** An error of a statement, for the caller; of a connection when nothing was sent. Errors that are ours already stay. */
export function runtimeError(thrown: unknown, address: string, wasSent: boolean): ConversimpleError {
  if (thrown instanceof ConversimpleError) return thrown;
  const code = stateOf(thrown);
  const outcome = wasSent && !didNothing(thrown) ? "unknown" : "none";
  const why = (code && REMEDIES[code]) ?? (outcome === "unknown" ? "the connection ended before the answer" : wasSent ? "the server refused the statement" : noConnection(thrown));
  return new StoreUnavailableError(`The store ${address} failed${code ? ` (${code})` : ""}: ${why}.`, { address, outcome, ...(code ? { state: code } : {}) });
}

/** An error while the store was opened: something a person must set right. */
export function openingError(thrown: unknown, address: string): ConversimpleError {
  if (thrown instanceof ConversimpleError) return thrown;
  const code = stateOf(thrown);
  const text = thrown instanceof Error ? thrown.message : "";
  const why = WORDS.find(([said]) => said.test(text))?.[1] ?? REMEDIES[code ?? ""] ?? `the connection failed${text ? ` (${text.split("\n")[0]})` : ""}`;
  return new ConversimpleError("store_misconfigured", `Cannot open the store ${address}${code ? ` (${code})` : ""}: ${why}.`, { address, ...(code ? { state: code } : {}) });
}

function noConnection(thrown: unknown): string {
  const isTimeout = thrown instanceof Error && /timeout/i.test(thrown.message);
  return isTimeout ? "no connection was free in time; raise pool=, or look at what the server waits for" : "no connection could be made";
}
