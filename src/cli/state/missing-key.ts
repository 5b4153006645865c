// A record that could be read with a key that this command was not given.
//
//   MK1. Nothing is wrong with it: no command removes or replaces it unless somebody says that the key is lost.

import { encryptedHead, storedText } from "../../state/encrypted-text.ts";
import type { Loaded, Store } from "../../state/store.ts";
import { EncryptedStore } from "../../stores/encryption/store.ts";
import { Failure } from "../failure.ts";

/** @throws {Failure} The record needs a key that the store was opened without. */
export function checkKeyIsHere(store: Store, { record }: Loaded): void {
  const key = encryptedHead(storedText(record ?? ""))?.key;
  if (key === undefined || (store instanceof EncryptedStore && store.ring.cipher(key))) return;
  throw new Failure(`The record is encrypted with the key "${key}", which is not here. Nothing was changed.`, { remedy: "Give it in CONVERSIMPLE_ENCRYPTION_KEYS. If it is lost for good: --force" });
}
