// A PostgreSQL address: what the driver is told, and what a log may show.
//
//   AD1. `postgres://user:password@host:port/database?schema=...&pool=...&prepare=...&sslmode=...`; the options that are
//        ours are taken out, everything else is the driver's.
//   AD2. What a log shows has no user, password or query. An address that a password may have torn apart is refused
//        before any part of it is shown.
//   AD3. An option of ours that is misspelled is refused: the driver would pass over it, and the state lie elsewhere.

import type { PoolConfig } from "pg";
import { ConversimpleError } from "../../base/errors.ts";

/** The schema (namespace) unless the address names one. */
const DEFAULT_SCHEMA = "conversimple";
/** Connections of one process unless the address says otherwise. Source: the driver's own default. */
const DEFAULT_POOL = 10;
const HOW_TO_WRITE = "Write postgres://user:password@host:5432/database; characters such as @, /, ? or # in a password are written as %40, %2F, %3F or %23.";

/** A checked address. */
export interface PostgresAddress {
  readonly shown: string;
  /** As SQL writes it: quoted, so that a reserved word is a name too. */
  readonly schema: string;
  readonly prepares: boolean;
  readonly config: PoolConfig & { readonly max: number };
}

/** @throws {ConversimpleError} `store_misconfigured`; the message never repeats a password. */
export function parseAddress(address: string): PostgresAddress {
  const url = parsed(address);
  const schema = taken(url, "schema") ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith("pg_")) {
    throw misconfigured("schema= in the address of the PostgreSQL store must be at most 63 lower-case letters, digits and _, and not begin with pg_.");
  }
  const prepare = taken(url, "prepare") ?? "true";
  if (prepare !== "true" && prepare !== "false") throw misconfigured("prepare= in the address of the PostgreSQL store is true or false.");
  const max = Number(taken(url, "pool") ?? DEFAULT_POOL);
  if (!Number.isSafeInteger(max) || max < 1 || max > 1_000) throw misconfigured("pool= in the address of the PostgreSQL store is a number of connections, 1 to 1000.");
  for (const name of url.searchParams.keys()) if (OURS.some((ours) => isNearly(name.toLowerCase(), ours))) throw misconfigured(`The address of the PostgreSQL store has an option that is nearly ${OURS.join("=, ")}=; correct it.`);
  const config = { connectionString: url.href, max, application_name: "conversimple" };
  return { shown: `postgres://${url.host}${url.pathname}`, schema: `"${schema}"`, prepares: prepare === "true", config };
}

const OURS = ["schema", "prepare", "pool"] as const;

/** One letter more, less or another, or two exchanged: AD3. */
function isNearly(name: string, ours: string): boolean {
  let start = 0;
  while (start < ours.length && name[start] === ours[start]) start++;
  if (start === ours.length) return name.length <= ours.length + 1;
  const rest = name.slice(start);
  const tails = [ours.slice(start), ours.slice(start + 1), ours[start + 1]! + ours[start]! + ours.slice(start + 2)];
  return rest.slice(1) === tails[1] || rest.slice(1) === tails[0] || rest === tails[1] || rest === tails[2];
}

/** AD2. */
function parsed(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isTorn = !url || url.hash !== "" || /^\/.*[/@]/.test(url.pathname) || [...url.searchParams.keys()].some((key) => !/^[a-z_]+$/i.test(key));
  if (isTorn) throw misconfigured(`The address of the PostgreSQL store cannot be read. ${HOW_TO_WRITE}`);
  return url;
}

function taken(url: URL, name: string): string | undefined {
  const value = url.searchParams.get(name) ?? undefined;
  url.searchParams.delete(name);
  return value;
}

function misconfigured(message: string): ConversimpleError {
  return new ConversimpleError("store_misconfigured", message);
}
