// Going back in time: the parts of a conversation as they were at a version, from its journal.   (J2)

import type { Masks } from "../base/marks.ts";
import { copyOf } from "../base/plain.ts";
import { openEntry } from "./journal.ts";
import { joinedMasks, masksOfEntry } from "./masking.ts";
import { apply } from "./patch.ts";
import type { StoredPart } from "./record.ts";
import type { Entry, Owner } from "./store.ts";

/** Parts by name. */
export type Parts = Readonly<Record<string, unknown>>;

/**
 * The parts at a version, undefined when the journal does not reach back that far.
 *
 * @param entries journal entries in order, from the beginning or from a snapshot at or below the version.
 */
export function partsAt(owner: Owner, entries: readonly Entry[], version: number): Parts | undefined {
  const parts = storedPartsAt(owner, entries, version);
  return parts && Object.fromEntries(Object.entries(parts).map(([name, { data }]) => [name, data]));
}

/** The same with what the record said of each: the version of its schema, and what is masked of it. */
export function storedPartsAt(owner: Owner, entries: readonly Entry[], version: number): Readonly<Record<string, StoredPart>> | undefined {
  let parts: Record<string, StoredPart> | undefined;
  for (const stored of entries) {
    if (stored.version > version) break;
    if (stored.text === null) continue;
    const entry = openEntry(owner, stored.text);
    if (entry.snapshot) parts = { ...entry.snapshot };
    else if (entry.patches && parts) {
      for (const [name, patches] of Object.entries(entry.patches)) {
        const { version = 1, ...part } = parts[name] ?? {};
        parts[name] = { ...part, version, data: apply(parts[name]?.data, patches) };
      }
    }
  }
  return parts && copyOf(parts);
}

/** What entries up to a version say that is masked: of everything that {@link partsAt} can give. */
export function masksAt(owner: Owner, entries: readonly Entry[], version: number): Masks {
  let masks: Masks = {};
  for (const stored of entries) {
    if (stored.version > version) break;
    if (stored.text !== null) masks = joinedMasks(masks, masksOfEntry(openEntry(owner, stored.text)));
  }
  return masks;
}
