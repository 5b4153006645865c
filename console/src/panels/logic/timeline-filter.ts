// Which entries a timeline shows.
//
//   TF1. A login that was refused counts as refused, though its tool answered: that is what somebody looks for.

import type { TimelineEntry } from "../../../../src/inspector/api.ts";
import { failedLogin } from "./entry-words.ts";

/** `tools`: only tool calls. `refused`: refusals, tool errors and failed logins. `failed`: what broke. */
export type Filter = "all" | "tools" | "refused" | "failed";

export const FILTERS: readonly Filter[] = ["all", "tools", "refused", "failed"];

/** Whether an entry passes. `search`: a piece of its name, code, reason, source or call id; any case. */
export function passes(entry: TimelineEntry, filter: Filter, search = ""): boolean {
  return passesFilter(entry, filter) && (search === "" || textsOf(entry).some((text) => text.toLowerCase().includes(search.toLowerCase())));
}

function passesFilter(entry: TimelineEntry, filter: Filter): boolean {
  const { unit, outcome, isUnreadable } = entry;
  if (filter === "tools") return unit === "tool";
  if (filter === "refused") return outcome === "refused" || outcome === "tool_error" || failedLogin(entry) !== undefined; // TF1
  if (filter === "failed") return outcome === "failed" || outcome === "timeout" || outcome === "cancelled" || isUnreadable === true;
  return true;
}

function textsOf({ name, unit, code, reason, source, callId, waitedFor }: TimelineEntry): readonly string[] {
  return [name, unit, code, reason, source, callId, waitedFor].filter((text) => text !== undefined);
}

/** How many pass each filter. */
export function countsOf(entries: readonly TimelineEntry[]): Readonly<Record<Filter, number>> {
  const counts = { all: 0, tools: 0, refused: 0, failed: 0 };
  for (const entry of entries) for (const filter of FILTERS) if (passesFilter(entry, filter)) counts[filter]++;
  return counts;
}
