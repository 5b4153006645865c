// Up to which version a state is the same.

import type { TimelineEntry } from "../../../../src/inspector/api.ts";

/** The newest version, from one on, whose state is still the same: units that changed nothing came after it. */
export function sameStateVersion(entries: readonly TimelineEntry[], since: number): number {
  let version = since;
  for (const entry of entries) {
    if (entry.version <= since) continue;
    if (entry.version !== version + 1 || entry.changes === null || Object.values(entry.changes).some(({ length }) => length > 0)) break;
    version = entry.version;
  }
  return version;
}
