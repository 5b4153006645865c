// From an address to a store.
//
//   A1. An address that cannot be served is an error with a remedy: never another store instead.
//      Nor is one made where somebody only wants to look.
//   A2. Where the environment has encryption keys, a store is never opened without them by mistake.

import { existsSync } from "node:fs";

import { ConversimpleError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import type { Store, StoreOptions } from "../state/store.ts";
import { environmentEncryption, KeyRing, type EncryptionOptions } from "./encryption/key-ring.ts";
import { EncryptedStore, encryptedStore } from "./encryption/store.ts";
import { openMemory } from "./memory.ts";
import type { Migrated } from "./postgres/store.ts";
import { openSqlite } from "./sqlite/store.ts";

/** Used when neither an address nor `CONVERSIMPLE_STORE` is given. */
export const DEFAULT_STORE = "sqlite:.conversimple/state.db";

const KNOWN = "Use memory:, sqlite:<path>, redis://<user>:<password>@<host> or postgres://<user>:<password>@<host>/<database>.";

/** What {@link openStore} can be told. */
export interface OpenStoreOptions extends StoreOptions {
  /** The keys of encryption at rest; what `CONVERSIMPLE_ENCRYPTION_KEYS` says unless given. With `false` the texts are given as they are stored. */
  readonly encryption?: EncryptionOptions | false | undefined;
  /** Whether an SQLite file that is not there is made, with its folders; true unless given. */
  readonly create?: boolean;
  /** Where a store says what it survived, and which of its settings may lose state; nowhere unless given. */
  readonly logger?: Logger;
}

const OPTIONS: OptionNames<OpenStoreOptions> = { clock: true, timeoutMs: true, encryption: true, create: true, logger: true };

/**
 * Opens the store at an address: `memory:` (for tests; ends with the process), `sqlite:<path>`,
 * `redis://<user>:<password>@<host>`, `rediss://`, `redis+sentinel://`, `redis+cluster://` (needs the package `redis`) or
 * `postgres://<user>:<password>@<host>/<database>` (needs the package `pg`).
 *
 * @param address `CONVERSIMPLE_STORE`, else `sqlite:.conversimple/state.db`, unless given.
 * @throws {ConversimpleError} `option_invalid`, `store_misconfigured`; the message never repeats a password or a key.
 */
export async function openStore(address: string = process.env.CONVERSIMPLE_STORE || DEFAULT_STORE, options: OpenStoreOptions = {}): Promise<Store> {
  const mistake = optionMistakeText(options, OPTIONS);
  if (mistake !== undefined) throw new ConversimpleError("option_invalid", `openStore: ${mistake}.`);
  const { encryption = environmentEncryption(), ...own } = options;
  if (!encryption) return openPlain(address, own);
  // The keys are checked before anything is opened.
  const ring = new KeyRing(encryption.keys);
  return new EncryptedStore(await openPlain(address, own), ring, encryption.allowPlain === true);
}

/**
 * Brings the tables of a store up to date and opens nothing; undefined for a store that needs no such thing.
 *
 * @throws {ConversimpleError} `store_misconfigured`.
 */
export async function migrateStore(address: string): Promise<Migrated | undefined> {
  const kind = kindOf(address);
  if (kind === "postgres") return (await import("./postgres/store.ts")).migratePostgres(address);
  if (kind === undefined) throw refuse(schemeOf(address));
  return undefined;
}

/** An open store, encrypted when there are keys. @throws {ConversimpleError} `store_misconfigured`. */
export function withEncryption(store: Store, encryption: EncryptionOptions | undefined): Store {
  return encryption ? encryptedStore(store, encryption) : store;
}

async function openPlain(address: string, { create = true, ...options }: Omit<OpenStoreOptions, "encryption">): Promise<Store> {
  const scheme = schemeOf(address);
  const rest = scheme ? address.slice(scheme.length + 1) : address;
  const kind = kindOf(address);
  if (kind === "memory" && rest === "") return openMemory(options);
  if (kind === "sqlite") {
    const path = checkPath(rest);
    if (!create && !existsSync(path)) throw new ConversimpleError("store_misconfigured", `There is no store at ${address}. One is made when agents run on it.`, { isMissing: true });
    return openSqlite(path, options);
  }
  if (kind === "redis") return (await import("./redis/opening.ts")).openRedis(address, options);
  if (kind === "postgres") return (await import("./postgres/store.ts")).openPostgres(address, options);
  throw refuse(scheme);
}

function schemeOf(address: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase();
}

function kindOf(address: string): "memory" | "sqlite" | "redis" | "postgres" | undefined {
  const scheme = schemeOf(address) ?? "";
  if (scheme === "memory" || scheme === "sqlite") return scheme;
  if (/^rediss?(\+|$)/.test(scheme)) return "redis";
  return scheme === "postgres" || scheme === "postgresql" ? "postgres" : undefined;
}

function checkPath(path: string): string {
  if (path === ":memory:" || path === "") {
    throw misconfigured("sqlite: needs the path of a file, for example sqlite:state.db. For a store in memory use memory:.");
  }
  if (path.startsWith("//") && !path.startsWith("///")) {
    throw misconfigured("sqlite: takes a path and no host. Write sqlite:state.db, sqlite:/var/lib/state.db or sqlite:///var/lib/state.db.");
  }
  if (path.includes("\0")) throw misconfigured("The path of the database contains a NUL character.");
  return path.replace(/^\/\/\//, "/");
}

function refuse(scheme: string | undefined): ConversimpleError {
  if (scheme === "memory") return misconfigured("memory: takes nothing after the colon.");
  return misconfigured(`${scheme ? `Stores of the kind ${scheme}: are not known` : "A store address begins with its kind"}. ${KNOWN}`);
}

function misconfigured(message: string): ConversimpleError {
  return new ConversimpleError("store_misconfigured", message);
}
