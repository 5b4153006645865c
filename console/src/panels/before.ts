// The state before a version, to say what a commit changed from.
//
//   BF1. What was shown once is not asked for again: following a call live asks for nothing.

import { useEffect } from "react";

import type { PartsView, PartView, TimelineEntry } from "../../../src/inspector/api.ts";
import { useConversation } from "../lib/conversation-context.tsx";
import { useLoaded } from "../lib/loadable.ts";

/** Versions that are kept. */
const KEPT = 32;
const seen = new Map<string, PartsView>();

function keep(id: string, view: PartsView): void {
  if (view.isRevealed) return;
  const key = `${id}@${view.version}`;
  seen.delete(key);
  seen.set(key, view);
  for (const oldest of seen.keys()) {
    if (seen.size <= KEPT) break;
    seen.delete(oldest);
  }
}

/** The parts before an entry, by name; undefined while they are not known. */
export function useBefore(entry: TimelineEntry | undefined): ReadonlyMap<string, PartView> | undefined {
  const { conversationId, api, view, shown } = useConversation();
  useEffect(() => {
    if (view.value) keep(conversationId, view.value);
    if (shown.value) keep(conversationId, shown.value);
  }, [conversationId, view.value, shown.value]);
  const version = entry && entry.version > 1 ? entry.version - 1 : undefined;
  const kept = version === undefined ? undefined : seen.get(`${conversationId}@${version}`);
  const hasChanges = entry?.changes !== null && Object.keys(entry?.changes ?? {}).length > 0;
  const asked = useLoaded(version === undefined || kept || !hasChanges ? null : `${conversationId}@${version}`, (signal) => api.partsAt(conversationId, version!, signal));
  const parts = kept ?? asked.value;
  if (parts && version !== undefined) keep(conversationId, parts);
  return parts && new Map(parts.parts.map((part) => [part.name, part]));
}
