// A value as the inspector says it: masked, in the codec's lossless JSON.                               (IA1, IA2)

import { encode, ENVELOPE_DEPTH, MAX_DEPTH } from "../base/codec.ts";
import type { Shown } from "../base/shown.ts";
import type { PartChanges } from "../state/changes.ts";
import type { Patch } from "../state/patch.ts";
import type { ShownValue } from "./api.ts";

/** The stored form of a value that went through its mask, as JSON. */
export function shownValue({ value }: Shown): ShownValue {
  return JSON.parse(encode(value, "value", undefined, MAX_DEPTH + ENVELOPE_DEPTH));
}

/** The same for what a commit changed, which `Changes` masks; null where nothing is known of what was before. */
export function shownChanges(changes: PartChanges): Readonly<Record<string, readonly Patch[]>> | null {
  return changes ? (JSON.parse(encode(changes, "changes", undefined, MAX_DEPTH + ENVELOPE_DEPTH)) as Record<string, readonly Patch[]>) : null;
}
