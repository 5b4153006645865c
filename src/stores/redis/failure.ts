// What an error of Redis, or of the way to it, means.
//
// Owns the table from words of the server and codes of the network to our errors. Never repeats a command or a value.
//
//   RF1. "none" is said only when the server answered with an error that it gives before a script writes, or when
//        nothing was sent. A connection that ended under way proves nothing.                                (S6)
//   RF2. What a script is refused in the middle of its work, it may have done in part.

import { ConversimpleError, StoreUnavailableError } from "../../base/errors.ts";

/** How a call failed. */
export interface Failure {
  /** The server's word (`OOM`) or the network's code (`ECONNREFUSED`); "no answer" for a connection that ended. */
  readonly code: string;
  /** Whether the script did certainly nothing (RF1). */
  readonly didNothing: boolean;
  /** Whether the same call may go well in a moment. */
  readonly mayPass: boolean;
  /**
   * What becomes of the connection: it is used on; it is well but leads elsewhere, so what else was asked on it is still
   * answered; or it is dropped.
   */
  readonly connection: "stays" | "leads elsewhere" | "ends";
}

/** Words of a server that does nothing now, but soon will. */
const PASSING = new Set(["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS"]);
/** The same, but of a server that is the wrong one now. */
const ELSEWHERE = new Set(["READONLY", "MOVED", "ASK"]);
/** Words of a server that does nothing until somebody sets something right. */
const REFUSING = new Set(["OOM", "NOPERM", "WRONGPASS", "MISCONF", "WRONGTYPE", "CROSSSLOT", "NOSCRIPT", "NOPROTO", "DENIED"]);

/** What a person has to do, by word or code. */
const REMEDIES: Readonly<Record<string, string>> = {
  OOM: "its memory is full; raise maxmemory, shorten retention, and keep maxmemory-policy noeviction",
  NOPERM: "its user may not run what the store needs; allow the scripts, hashes, sorted sets, sets, streams, TIME and INFO on the prefix (ACL SETUSER ... ~conversimple:* +@all -@admin -@dangerous +info)",
  WRONGPASS: "user or password is wrong",
  NOAUTH: "it wants a password; write redis://<user>:<password>@<host>, or sentinelPassword= for Sentinels",
  MISCONF: "it cannot save to its disk and takes no writes; look into its log, then at the disk",
  WRONGTYPE: "a key under the prefix belongs to another program; choose another prefix=",
  READONLY: "it is a replica; use the address of the primary, or redis+sentinel://",
  LOADING: "it is still loading its data",
  CLUSTERDOWN: "the cluster has no server for a part of its slots; look at CLUSTER INFO",
  NOREPLICAS: "too few replicas are connected (min-replicas-to-write)",
  MOVED: "it is a node of a cluster; write redis+cluster://",
  CROSSSLOT: "it is a cluster behind one address; write redis+cluster://",
  "no cluster": "it is a single server; write redis://",
  "no Sentinel": "it is no Sentinel; write redis://, or the address of the Sentinels",
  ECONNREFUSED: "nothing listens there; start Redis or correct the address",
  ENOTFOUND: "there is no such host; correct the address",
  EAI_AGAIN: "the name of the host cannot be looked up; check the address and the network",
  ETIMEDOUT: "the host does not answer; check the address and the network",
  EHOSTUNREACH: "the host cannot be reached; check the address and the network",
  ENETUNREACH: "the host cannot be reached; check the address and the network",
  TLS: "the server speaks no TLS on that port; write redis://, or use its TLS port",
  CERTIFICATE: "the server's certificate is not trusted; give its authority with ?ca=<file>",
  "no TLS answer": "the host does not answer, or speaks no TLS on that port; check the address, or write redis://",
  "no answer": "the connection ended without an answer; if it should be TLS, write rediss://",
  "no primary": "no Sentinel knows a primary of that name; check the addresses and the name",
};

/** The error of a call that took too long: its connection must not be read any further. */
export class CallTimeout extends Error {}

/** The error when Sentinels were asked in vain. */
export class NoPrimary extends Error {}

/** A call that was given up: nothing is known of it. */
export const TIMED_OUT: Failure = { code: "ETIMEDOUT", didNothing: false, mayPass: true, connection: "ends" };

/** Whether the server said that it does not know a script. */
export function isUnknownScript(thrown: unknown): boolean {
  return thrown instanceof Error && wordOf(thrown.message) === "NOSCRIPT";
}

/** Reads what a client threw. */
export function failureOf(thrown: unknown): Failure {
  const text = thrown instanceof Error ? thrown.message : "";
  const word = wordOf(text);
  if (PASSING.has(word)) return { code: word, didNothing: true, mayPass: true, connection: "stays" };
  if (ELSEWHERE.has(word)) return { code: word, didNothing: true, mayPass: true, connection: "leads elsewhere" };
  if (word === "NOAUTH") return { code: word, didNothing: true, mayPass: true, connection: "ends" };
  if (REFUSING.has(word)) return { code: word, didNothing: !isMidway(word, text), mayPass: false, connection: "stays" };
  if (isUnsent(thrown)) return { code: "no connection", didNothing: true, mayPass: true, connection: "ends" };
  if (/cluster support disabled/i.test(text)) return { code: "no cluster", didNothing: true, mayPass: false, connection: "ends" };
  if (/unknown command.*SENTINEL/i.test(text)) return { code: "no Sentinel", didNothing: true, mayPass: false, connection: "ends" };
  if (word !== "") return { code: word, didNothing: false, mayPass: false, connection: "stays" };
  return { code: networkCode(thrown, text), didNothing: false, mayPass: true, connection: "ends" };
}

/** A call that failed for good, for the caller. */
export function callError(failure: Failure, operation: string, address: string, mayBeDone: boolean): StoreUnavailableError {
  const { code } = failure;
  const outcome = mayBeDone ? "unknown" : "none";
  return new StoreUnavailableError(`The store ${address} did not finish "${operation}" (${code}): ${REMEDIES[code] ?? "Redis refused, or the connection ended"}.`, { address, operation, outcome, redis: code });
}

/** An error while the store was opened: something a person must set right. */
export function openingError(thrown: unknown, address: string): ConversimpleError {
  const said = thrown instanceof ConversimpleError ? thrown.fields.redis : failureOf(thrown).code;
  if (thrown instanceof ConversimpleError && said === undefined) return thrown;
  // Redis waits in silence for the rest of what it takes for a command.
  const code = said === "ETIMEDOUT" && address.startsWith("rediss") ? "no TLS answer" : String(said);
  return new ConversimpleError("store_misconfigured", `Cannot open the store ${address} (${code}): ${REMEDIES[code] ?? "the connection failed"}.`, { address, redis: code });
}

/** The word that an answer of the server begins with; releases before 7 hide it in the text. Empty when it is none. */
function wordOf(text: string): string {
  const [, word] = /^-?([A-Z]{2,})(?=[ :]|$)/.exec(text) ?? [];
  if (word === undefined) return "";
  const [, hidden] = word === "ERR" ? (/@user_script: ?\d+: -?([A-Z]{2,}) /.exec(text) ?? []) : [];
  if (/Script attempted to access|cross slot/i.test(text)) return "CROSSSLOT";
  if (/user executing the script can't/i.test(text)) return "NOPERM";
  return hidden ?? word;
}

/** RF2. Memory and disk are looked at before the first write of a script, rights and types with each of its commands. */
function isMidway(word: string, text: string): boolean {
  return (word === "NOPERM" || word === "WRONGTYPE") && /user_script|executing the script/.test(text);
}

/** What clients say of a command that they did not send. */
function isUnsent(thrown: unknown): boolean {
  const name = thrown instanceof Error ? thrown.constructor.name : "";
  return name === "ClientClosedError" || name === "ClientOfflineError" || name === "RootNodesUnavailableError" || name === "MaxCommandRedirectionsError";
}

function networkCode(thrown: unknown, text: string): string {
  if (thrown instanceof NoPrimary) return "no primary";
  if (thrown instanceof CallTimeout || /timeout|timed out/i.test(text)) return "ETIMEDOUT";
  const { code: own, cause } = (thrown ?? {}) as { code?: string; cause?: { code?: string } };
  const code = own ?? cause?.code ?? "";
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) return "CERTIFICATE";
  if (/SSL|TLS|EPROTO/.test(code)) return "TLS";
  return code in REMEDIES ? code : "no answer";
}
