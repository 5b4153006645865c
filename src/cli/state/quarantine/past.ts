// What the journal of an owner can give back.
//
//   PA1. A version can be given back when a snapshot at or before it can be read, and every entry since.
//   PA2. An entry that cannot be read costs the versions from it up to the next snapshot, no others.

import { copyOf } from "../../../base/plain.ts";
import { openEntry } from "../../../state/journal.ts";
import { apply } from "../../../state/patch.ts";
import type { StoredPart } from "../../../state/record.ts";
import type { Entry, Owner } from "../../../state/store.ts";

/** The parts of a record, with what is stored beside their values. */
export type PastParts = ReadonlyMap<string, StoredPart>;

/** First and last of some versions without a gap. */
export type VersionRange = readonly [first: number, last: number];

/** What can be given back, as ranges (PA1, PA2). */
export function restorableVersions(owner: Owner, entries: readonly Entry[]): readonly VersionRange[] {
  const ranges: [number, number][] = [];
  for (const { version, parts } of walk(owner, entries)) {
    if (!parts) continue;
    const last = ranges.at(-1);
    if (last?.[1] === version - 1) last[1] = version;
    else ranges.push([version, version]);
  }
  return ranges;
}

/** The parts as they were at a version; undefined when they cannot be given back. */
export function pastParts(owner: Owner, entries: readonly Entry[], version: number): PastParts | undefined {
  for (const step of walk(owner, entries)) if (step.version === version) return step.parts && new Map([...step.parts].map(([name, part]) => [name, { ...part, data: copyOf(part.data) }]));
  return undefined;
}

/** Entry by entry; the parts are changed in place by the next step. */
function* walk(owner: Owner, entries: readonly Entry[]): Generator<{ readonly version: number; readonly parts: Map<string, StoredPart> | undefined }> {
  let parts: Map<string, StoredPart> | undefined;
  let before: number | undefined;
  for (const { version, text } of entries) {
    if (before !== undefined && version !== before + 1) parts = undefined;
    before = version;
    if (text !== null) parts = after(owner, text, parts);
    yield { version, parts };
  }
}

function after(owner: Owner, text: string, parts: Map<string, StoredPart> | undefined): Map<string, StoredPart> | undefined {
  try {
    const { snapshot, patches } = openEntry(owner, text);
    if (snapshot) return new Map(Object.entries(snapshot));
    for (const [name, steps] of Object.entries(parts && patches ? patches : {})) {
      const part = parts!.get(name)!;
      parts!.set(name, { ...part, data: apply(part.data, steps) });
    }
    return parts;
  } catch {
    return undefined;
  }
}

/** `1-17, 20, 22-25`. */
export function rangesText(ranges: readonly VersionRange[]): string {
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}
