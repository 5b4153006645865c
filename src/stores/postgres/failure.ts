// What an error of PostgreSQL, or of the way to it, means to the caller.
//
// Owns the table from SQLSTATE and network codes to our errors. Never repeats SQL, values or passwords.
//
//   PF1. "none" is said only when the server itself said that it did nothing; a connection that ended under way
//        proves nothing.                                                                               (S6)

import { ConversimpleError, StoreUnavailableError } from "../../base/errors.ts";

/** States in which the same statement may go well the next time: serialization failure, deadlock. */
const AGAIN: ReadonlySet<string> = new Set(["40001", "40P01"]);
/** The server ended the connection, perhaps after it had committed. */
const CUT = /^(08|57P0)/;

/** What a person has to set right before the store can be opened, by SQLSTATE or network code. */
const REMEDIES: Readonly<Record<string, string>> = {
  "28P01": "the password is wrong",
  "28000": "the user may not log in; check user, password and pg_hba.conf",
  "3D000": "there is no such database; create it first",
  "42501": "the user has no right to create or use the tables; grant CREATE on the database, or run `conversimple migrate` as a user who has it",
  "3F000": "the schema does not exist and cannot be made; grant CREATE on the database",
  "25006": "the server is read-only, a standby; use the address of the primary",
  "53300": "the server takes no more connections; raise max_connections, lower pool=, or use a pooler",
  ECONNREFUSED: "nothing listens there; start PostgreSQL or correct the address",
  ENOTFOUND: "there is no such host; correct the address",
  EAI_AGAIN: "the name of the host cannot be looked up; check the address and the network",
  ETIMEDOUT: "the host does not answer; check the address and the network",
  EHOSTUNREACH: "the host cannot be reached; check the address and the network",
};

/** The SQLSTATE or network code; undefined when the error has none. */
export function stateOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the server answered with an error, so that the statement did nothing (PF1). */
export function isAnswer(thrown: unknown): boolean {
  const code = stateOf(thrown);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && typeof (thrown as { severity?: unknown }).severity === "string" && !CUT.test(code);
}

/** Whether the same statement may go well the next time. */
export function isWorthAnother(thrown: unknown): boolean {
  return AGAIN.has(stateOf(thrown) ?? "");
}

/** An error of a statement that was sent, for the caller. Errors that are ours already stay. */
export function runtimeError(thrown: unknown, address: string, wasSent: boolean): ConversimpleError {
  if (thrown instanceof ConversimpleError) return thrown;
  const code = stateOf(thrown) ?? "no code";
  const outcome = wasSent && !isAnswer(thrown) ? "unknown" : "none";
  const why = REMEDIES[code] ?? (outcome === "unknown" ? "the connection ended before the answer" : "the server refused the statement");
  return new StoreUnavailableError(`The store ${address} failed (${code}): ${why}.`, { address, outcome, state: code });
}

/** An error while the store was opened: something a person must set right. */
export function openingError(thrown: unknown, address: string): ConversimpleError {
  if (thrown instanceof ConversimpleError) return thrown;
  const code = stateOf(thrown);
  const text = thrown instanceof Error ? thrown.message : "";
  const why = REMEDIES[code ?? ""] ?? tlsRemedy(text, code) ?? (/timeout/i.test(text) ? REMEDIES.ETIMEDOUT! : "the connection failed");
  return new ConversimpleError("store_misconfigured", `Cannot open the store ${address}${code ? ` (${code})` : ""}: ${why}.`, { address, ...(code ? { state: code } : {}) });
}

function tlsRemedy(text: string, code: string | undefined): string | undefined {
  if (/does not support SSL/i.test(text)) return "the server speaks no TLS; remove sslmode from the address, or turn TLS on";
  if (/no pg_hba.conf entry.*no encryption/i.test(text)) return "the server wants TLS; add ?sslmode=verify-full to the address";
  if (/certificate|self.signed|altname/i.test(text) || code?.startsWith("ERR_TLS") || code?.includes("CERT")) return "the server's certificate is not trusted; give its authority with ?sslrootcert=<file>";
  return undefined;
}
