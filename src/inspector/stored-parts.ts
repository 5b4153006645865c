// The parts of a record, and of a version of the past, as they may be shown.                            (P21)
//
// Owns the reading in clear for the inspector and the commands of the CLI.
//
//   SP1. A part leaves masked, by what is stored beside it and by what is personal now; in clear only to those who wrote a
//        reason down first (`reveal.ts`), and to those who compare.
//   SP2. Parts of the SDK itself (`$...`) are nobody's to read.
//   SP3. Going back reads from the newest snapshot at or below the version, not the whole journal.

import type { Masks } from "../base/marks.ts";
import { copyOf } from "../base/plain.ts";
import { isOwnPart } from "../state/changes.ts";
import { openEntry, SNAPSHOT_EVERY, type JournalEntry } from "../state/journal.ts";
import { joinedMasks, masksOfEntry, masksOfParts } from "../state/masking.ts";
import { apply } from "../state/patch.ts";
import { openRecord, type StoredPart } from "../state/record.ts";
import type { Entry, Loaded, Owner, Store } from "../state/store.ts";

/** Parts at a version, in clear, with what is masked of them. */
export interface ClearParts {
  readonly version: number;
  readonly parts: ReadonlyMap<string, StoredPart>;
  readonly masks: Masks;
}

/** @throws {StateQuarantinedError} The record is damaged, newer than this code, or encrypted with a key that is not here. */
export function partsNow({ owner, version, record }: Loaded): ClearParts {
  const stored = record === null ? [] : [...openRecord(owner, version, record)];
  const own = stored.filter(([name]) => isOwnPart(name));
  return { version, parts: new Map(own), masks: masksOfParts(stored) };
}

/** What an account's record holds: times of attempts, nothing of a person. @throws {StateQuarantinedError} */
export async function accountRecord(store: Store, owner: Owner): Promise<ReadonlyMap<string, StoredPart>> {
  const loaded = await store.load(owner);
  return loaded?.record ? openRecord(owner, loaded.version, loaded.record) : new Map<string, StoredPart>();
}

/** What the record says that is masked: nothing when it cannot be read. */
export function masksNow(loaded: Loaded): Masks {
  try {
    return partsNow(loaded).masks;
  } catch {
    return {};
  }
}

/**
 * The parts as they were at a version; undefined when the journal cannot tell.
 *
 * @param also what is personal beside what its entries say: of the record as it is now.
 */
export async function partsBack(store: Store, owner: Owner, version: number, also: Masks = {}): Promise<ClearParts | undefined> {
  if (version === 0) return { version, parts: new Map(), masks: also };
  const steps = await stepsBack(store, owner, version);
  let parts: Map<string, StoredPart> | undefined;
  let masks = also;
  let before: number | undefined;
  for (const { version: at, entry } of steps) {
    if (before !== undefined && at !== before + 1) parts = undefined;
    before = at;
    if (entry === null) continue;
    if (entry === undefined) {
      parts = undefined;
      continue;
    }
    masks = joinedMasks(masks, masksOfEntry(entry));
    parts = after(parts, entry);
  }
  if (!parts || before !== version) return undefined;
  const own = [...parts].filter(([name]) => isOwnPart(name)).map(([name, part]) => [name, { ...part, data: copyOf(part.data) }] as const);
  return { version, parts: new Map(own), masks };
}

/** An entry: null where the commit had none, undefined where it cannot be read. */
interface Step {
  readonly version: number;
  readonly entry: JournalEntry | null | undefined;
}

/** From the newest snapshot at or below the version up to it (SP3). */
async function stepsBack(store: Store, owner: Owner, version: number): Promise<readonly Step[]> {
  let steps: Step[] = [];
  for (let end = version; end > 0; ) {
    const start = Math.max(0, end - SNAPSHOT_EVERY);
    const page = (await store.history(owner, { afterVersion: start, limit: end - start })).filter(({ version: at }) => at <= end);
    const read = page.map((stored) => ({ version: stored.version, entry: entryOf(owner, stored) }));
    const snapshot = read.findLastIndex(({ entry }) => entry?.snapshot !== undefined);
    steps = [...(snapshot === -1 ? read : read.slice(snapshot)), ...steps];
    if (snapshot !== -1 || page.length === 0) return steps;
    end = start;
  }
  return steps;
}

function entryOf(owner: Owner, { text }: Entry): JournalEntry | null | undefined {
  if (text === null) return null;
  try {
    return openEntry(owner, text);
  } catch {
    return undefined;
  }
}

function after(parts: Map<string, StoredPart> | undefined, { snapshot, patches }: JournalEntry): Map<string, StoredPart> | undefined {
  if (snapshot) return new Map(Object.entries(snapshot));
  if (!parts || !patches) return parts;
  try {
    for (const [name, steps] of Object.entries(patches)) {
      const part = parts.get(name) ?? { version: 1, data: undefined };
      parts.set(name, { ...part, data: apply(part.data, steps) });
    }
    return parts;
  } catch {
    return undefined;
  }
}
