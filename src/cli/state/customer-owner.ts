// Which customer a command is about: by the id that the agents identify them with, or by the key that a store shows.
//
//   CO1. An id without the secret of the store names nobody: that is an error, never "nothing found". No secret is made.

import { existsSync } from "node:fs";

import { checkId } from "../../base/ids.ts";
import { KeyedHash } from "../../base/keyed-hash.ts";
import type { Owner, Store } from "../../state/store.ts";
import { secretFor } from "../../stores/secret.ts";
import type { Input, Option } from "../command.ts";
import { Failure, misuse } from "../failure.ts";

export const CUSTOMER_OPTION: Readonly<Record<string, Option>> = {
  key: { summary: "what was typed is the store's own key, customer:<43 characters>, as receipts and \"state list --json\" show it" },
};

/** @throws {Failure} The key is none, or there is no secret (CO1). @throws {ConversimpleError} `id_invalid`. */
export async function customerOwner(store: Store, input: Input): Promise<Owner> {
  const [typed = ""] = input.positionals;
  if (!input.flag("key")) return `customer:${new KeyedHash(await secretOf(store)).of("customer", checkId(typed, "customer id"))}`;
  if (/^customer:[A-Za-z0-9_-]{43}$/.test(typed)) return typed as Owner;
  throw misuse("That is no key of a customer: it is customer: and 43 characters.", "By the id that the agents use: without --key");
}

async function secretOf({ address }: Store): Promise<string | Uint8Array> {
  const file = address.startsWith("sqlite:") ? `${address.slice("sqlite:".length)}.secret` : undefined;
  if (!process.env.CONVERSIMPLE_SECRET && file !== undefined && !existsSync(file)) {
    throw new Failure("There is no secret for this store, so its customers cannot be found by their ids.", { remedy: `Set CONVERSIMPLE_SECRET as the agents have it, or put their file at ${file}. By the store's own key: --key` });
  }
  return secretFor(address, undefined);
}
