// Which store a command is about, and opening it to read.
//
//   SA1. Reading never makes a store: what is not there is an error.

import { resolve } from "node:path";

import { ConversimpleError } from "../base/errors.ts";
import type { Store } from "../state/store.ts";
import type { OpenStoreOptions } from "../stores/open.ts";
import { Failure, misuse } from "./failure.ts";
import { readRunning } from "./dev/running-file.ts";

const DEFAULT_ADDRESS = "sqlite:.conversimple/state.db";
const SQLITE = /^sqlite:(\/\/(?=\/))?/i;

/** The address to write to: as typed, else `CONVERSIMPLE_STORE`, else the default. */
export function storeAddress(typed: string | undefined): string {
  return typed ?? (process.env.CONVERSIMPLE_STORE || DEFAULT_ADDRESS);
}

/** The same address, independent of the working directory. */
export function absoluteAddress(address: string): string {
  return SQLITE.test(address) ? `sqlite:${resolve(address.replace(SQLITE, ""))}` : address;
}

/** The address to read from: as typed, else of the `dev` that runs here, else as for writing. */
export function readAddress(typed: string | undefined): string {
  return typed ?? readRunning()?.store ?? storeAddress(undefined);
}

/**
 * Opens a store to read (SA1), with the keys that `CONVERSIMPLE_ENCRYPTION_KEYS` names unless told otherwise.
 *
 * @throws {Failure} It is not there, or cannot be read from another process.
 * @throws {ConversimpleError} `store_misconfigured`.
 */
export async function openToRead(address: string, options: OpenStoreOptions = {}): Promise<Store> {
  if (/^memory:/i.test(address)) throw new Failure("A memory: store lives inside the process that uses it; nothing of it can be read from here.", { remedy: "Run the agents on sqlite:<path> to look into their state." });
  const { openStore } = await import("../stores/open.ts");
  return openStore(address, { ...options, create: false }).catch((thrown: unknown) => {
    if (!(thrown instanceof ConversimpleError) || thrown.fields.isMissing !== true) throw thrown;
    throw new Failure(`There is no store at ${address}.`, { cause: thrown, remedy: "It is made when agents run: conversimple dev <paths>. Another one: --store sqlite:<path>" });
  });
}

/** Refuses an address that no store has, before anything is started. */
export function checkAddress(address: string, hint: string): void {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(address)) throw misuse(`A store address begins with its kind: sqlite:${address} or memory:`, hint);
}
