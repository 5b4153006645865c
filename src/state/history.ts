// Going back in time: the parts of a conversation as they were at a version, from its journal.   (J2)

import type { Masks } from "../base/marks.ts";
import { copyOf } from "../base/plain.ts";
import { openEntry } from "./journal.ts";
import { joinedMasks, masksOfEntry } from "./masking.ts";
import { apply } from "./patch.ts";
import type { Entry, Owner } from "./store.ts";

/** Parts by name. */
export type Parts = Readonly<Record<string, unknown>>;

/**
 * The parts at a version, undefined when the journal does not reach back that far.
 *
 * @param entries journal entries in order, from the beginning or from a snapshot at or below the version.
 */
export function partsAt(owner: Owner, entries: readonly Entry[], version: number): Parts | undefined {
  let parts: Record<string, unknown> | undefined;
  for (const stored of entries) {
    if (stored.version > version) break;
    if (stored.text === null) continue;
    const entry = openEntry(owner, stored.text);
    if (entry.snapshot) parts = Object.fromEntries(Object.entries(entry.snapshot).map(([name, part]) => [name, part.data]));
    else if (entry.patches && parts) {
      for (const [name, patches] of Object.entries(entry.patches)) parts[name] = apply(parts[name], patches);
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
