// A PostgreSQL address: what the driver is told, and what a log may show.
//
//   AD1. `postgres://user:password@host:port/database?schema=...&pool=...&prepare=...&sslmode=...`; the options that are
//        ours are taken out, everything else is the driver's.
//   AD2. What a log shows has no user, password or query.

import type { PoolConfig } from "pg";
import { ConversimpleError } from "../../base/errors.ts";

/** The schema (namespace) unless the address names one. */
const DEFAULT_SCHEMA = "conversimple";
/** Connections of one process unless the address says otherwise. Source: the driver's own default. */
const DEFAULT_POOL = 10;

/** A checked address. */
export interface PostgresAddress {
  readonly shown: string;
  readonly schema: string;
  readonly prepares: boolean;
  readonly config: PoolConfig;
}

/** @throws {ConversimpleError} `store_misconfigured`; the message never repeats a password. */
export function parseAddress(address: string): PostgresAddress {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw misconfigured("The address of the PostgreSQL store cannot be read. Write postgres://user:password@host:5432/database; characters such as @ or / in a password are written as %40 or %2F.");
  }
  const schema = taken(url, "schema") ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw misconfigured("schema= in the address must be lower-case letters, digits and _.");
  const prepare = taken(url, "prepare") ?? "true";
  if (prepare !== "true" && prepare !== "false") throw misconfigured("prepare= in the address is true or false.");
  const pool = Number(taken(url, "pool") ?? DEFAULT_POOL);
  if (!Number.isSafeInteger(pool) || pool < 1 || pool > 1_000) throw misconfigured("pool= in the address is a number of connections, 1 to 1000.");
  const config: PoolConfig = { connectionString: url.href, max: pool, application_name: "conversimple" };
  return { shown: `postgres://${url.host}${url.pathname}`, schema, prepares: prepare === "true", config };
}

function taken(url: URL, name: string): string | undefined {
  const value = url.searchParams.get(name) ?? undefined;
  url.searchParams.delete(name);
  return value;
}

function misconfigured(message: string): ConversimpleError {
  return new ConversimpleError("store_misconfigured", message);
}
