// A journal that grows at its end and is read in pages.
//
//   TM1. Entries are in the order of their versions, each once; a newer copy of one takes its place.
//   TM2. When nothing changes, the list stays the same one.

import type { TimelineEntry } from "../../../src/inspector/api.ts";

/** Adds entries to a journal. */
export function mergeEntries(known: readonly TimelineEntry[], added: readonly TimelineEntry[]): readonly TimelineEntry[] {
  if (added.length === 0) return known;
  const last = known.at(-1)?.version ?? -1;
  // What comes is nearly always what follows.
  if (added.every((entry, index) => entry.version > (index === 0 ? last : added[index - 1]!.version))) return [...known, ...added];
  const byVersion = new Map(known.map((entry) => [entry.version, entry]));
  for (const entry of added) byVersion.set(entry.version, entry);
  return [...byVersion.values()].sort((a, b) => a.version - b.version);
}

/** Puts durations that became known later into their entry. */
export function settleEntry(known: readonly TimelineEntry[], durations: { readonly version: number; readonly commitMs: number | null; readonly replyMs: number | null }): readonly TimelineEntry[] {
  const index = known.findLastIndex(({ version }) => version === durations.version);
  const entry = known[index];
  if (!entry || (entry.commitMs === durations.commitMs && entry.replyMs === durations.replyMs)) return known;
  return known.with(index, { ...entry, commitMs: durations.commitMs, replyMs: durations.replyMs });
}
