// What was said and what was done for it, in one row.
//
//   TH1. A tool call stands in the turn that made it: after what the caller said, before what the agent said about it. The
//        caller's line is shown only before the first output, so its time alone would put it after the call.
//   TH2. What one says is pending until the server has it.

import type { TimelineEntry } from "../../../src/inspector/api.ts";
import type { SaidLine } from "../lib/api.ts";

/** What is older than this when a caller's line is shown was not done for it, milliseconds: no turn takes longer. */
const TURN_MS = 30_000;

export type ThreadItem =
  | { readonly kind: "line"; readonly key: string; readonly line: SaidLine }
  | { readonly kind: "pending"; readonly key: string; readonly text: string }
  | { readonly kind: "call"; readonly key: string; readonly entry: TimelineEntry };

/** Whether an entry is worth a place in the talk: what tools did, and everything that went wrong. */
export function isTold(entry: TimelineEntry): boolean {
  return entry.unit === "tool" || entry.unit === "deadline" || (entry.outcome !== "ok" && entry.unit !== "outside");
}

/** The row (TH1). @param entries oldest first. */
export function threadOf(lines: readonly SaidLine[], entries: readonly TimelineEntry[], pending: readonly string[]): readonly ThreadItem[] {
  const items: ThreadItem[] = [];
  let next = 0;
  const tellUntil = (atMs: number) => {
    for (; next < entries.length && entries[next]!.atMs <= atMs; next++) items.push({ kind: "call", key: `e${entries[next]!.version}`, entry: entries[next]! });
  };
  for (const [index, line] of lines.entries()) {
    const atMs = Date.parse(line.at);
    tellUntil(line.by === "agent" ? atMs : atMs - TURN_MS);
    items.push({ kind: "line", key: `l${index}`, line });
  }
  tellUntil(Number.POSITIVE_INFINITY);
  return [...items, ...pending.map((text, index): ThreadItem => ({ kind: "pending", key: `p${index}`, text }))];
}

/** What is pending still, when the server has `said` more lines of the caller than before. */
export function stillPending(pending: readonly string[], callerLines: number, callerLinesBefore: number): readonly string[] {
  return pending.slice(Math.max(0, callerLines - callerLinesBefore));
}

/** One's own words while they are pending, where a tool takes something secret: three digits and more are hidden. */
export function hiddenDigits(text: string, hasSecrets: boolean): string {
  return hasSecrets ? text.replaceAll(/\d(?:[\s-]?\d){2,}/g, "•••") : text;
}

/** Why a call did not do what was asked, in a few words; null for one that did. */
export function trouble(entry: TimelineEntry): { readonly word: string; readonly why: string } | null {
  const login = entry.notes.find((note) => note.kind === "login");
  if (login?.kind === "login" && login.outcome === "locked") return { word: "locked out", why: "too many attempts" };
  if (login?.kind === "login" && login.outcome === "wrong") return { word: "refused", why: "wrong secret" };
  if (entry.outcome === "ok") return null;
  const words: Readonly<Record<Exclude<TimelineEntry["outcome"], "ok">, string>> = { refused: "refused", tool_error: "said no", failed: "failed", timeout: "took too long", cancelled: "cancelled" };
  return { word: words[entry.outcome], why: (entry.reason ?? entry.code ?? "").replaceAll("_", " ").replace(/\.$/, "") };
}
