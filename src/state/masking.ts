// Stored parts and journal entries as they may be shown: what their own masks say is left out.          (P21)
//
//   MS1. It takes nothing but what is stored: whoever reads a store can mask, without the agent's code.
//   MS2. A change inside of something that is masked as a whole shows as a change of the whole: keys and positions in it
//        are as personal as its values.
//   MS3. Masking loses: keep the clear value for whatever has to go on from it.

import { Mask, MASKED } from "../base/mask.ts";
import type { MaskPath, Masks } from "../base/marks.ts";
import type { JournalEntry } from "./journal.ts";
import type { Patch } from "./patch.ts";
import type { StoredPart } from "./record.ts";

/** The masks of two moments: what was personal at one of them is. */
export function joinedMasks(first: Masks, second: Masks): Masks {
  const names = new Set([...Object.keys(first), ...Object.keys(second)]);
  return Object.fromEntries([...names].map((name) => [name, [...new Set([...(first[name] ?? []), ...(second[name] ?? [])])]]));
}

/** What a record's parts, or a snapshot's, say of themselves. */
export function masksOfParts(parts: Iterable<readonly [name: string, part: StoredPart]>): Masks {
  return Object.fromEntries([...parts].flatMap(([name, { mask }]) => (mask === undefined ? [] : [[name, mask]])));
}

/** What an entry says of the parts that it changed. */
export function masksOfEntry({ masks = {}, snapshot = {} }: JournalEntry): Masks {
  return joinedMasks(masks, masksOfParts(Object.entries(snapshot)));
}

/** Steps that show nothing masked (MS2). */
export function maskedPatches(patches: readonly Patch[], paths: readonly MaskPath[] = []): readonly Patch[] {
  const whole = Mask.of(paths);
  if (whole.isEmpty) return patches;
  const seen = new Set<string>();
  return patches.map((patch) => maskedPatch(patch, whole)).filter(([kind, path, value]) => {
    if (kind !== "set" || value !== MASKED) return true;
    const key = JSON.stringify(path);
    return !seen.has(key) && seen.add(key);
  });
}

function maskedPatch(patch: Patch, whole: Mask): Patch {
  const { path, mask } = whole.along(patch[1]);
  if (path.length < patch[1].length || (mask.isWhole && patch[0] === "splice")) return ["set", path, MASKED];
  if (patch[0] === "set") return ["set", path, mask.shown(patch[2])];
  if (patch[0] === "cut") return patch;
  const [, , index, removed, added] = patch;
  return ["splice", path, index, removed, added.map((item, offset) => mask.at(index + offset).shown(item))];
}

/**
 * An entry that shows nothing masked: arguments, patches and snapshot. What was recorded to run the call again is left out.
 *
 * @param also masks that are known from elsewhere, for example of the record as it is now.
 */
export function maskedEntry({ recorded: _unmasked, ...entry }: JournalEntry, also: Masks = {}): JournalEntry {
  const masks = joinedMasks(masksOfEntry(entry), also);
  const { arguments: input, mask, patches, snapshot } = entry;
  return {
    ...entry,
    ...(input === undefined ? {} : { arguments: Mask.of(mask).shown(input) }),
    ...(patches ? { patches: Object.fromEntries(Object.entries(patches).map(([name, steps]) => [name, maskedPatches(steps, masks[name])])) } : {}),
    ...(snapshot ? { snapshot: Object.fromEntries(Object.entries(snapshot).map(([name, part]) => [name, { ...part, data: Mask.of(masks[name]).shown(part.data) }])) } : {}),
  };
}
