// The waterfall: when each unit waited, was guarded, ran, committed and was answered, on one scale; and who waited for whom.
//
// Owns the layout. Units that overlap are one burst and share a beginning; the silence between bursts takes no room, so that
// a call of ten minutes shows its milliseconds.
//
//   WF1. A bar's phases follow each other and add up to what the entry says; nothing is made up for what is not known.
//   WF2. A unit that waited for another one ends its queue where the other ended; the link joins the two rows.
//   WF3. One scale for all rows, taken from the longest usual burst, so that one outlier does not flatten the rest; what is
//        longer is cut, and says so.

import type { TimelineEntry } from "../../../../src/inspector/api.ts";

/** What a unit spent its time with. */
export type Phase = "queue" | "guard" | "run" | "commit" | "reply";

export const PHASES: readonly Phase[] = ["queue", "guard", "run", "commit", "reply"];

/** One phase of a bar, milliseconds since the burst began. */
export interface Segment {
  readonly phase: Phase;
  readonly fromMs: number;
  readonly ms: number;
}

/** The bar of one unit. */
export interface Bar {
  readonly version: number;
  /** Since the burst began. */
  readonly fromMs: number;
  readonly totalMs: number;
  readonly segments: readonly Segment[];
  /** The first of its burst. */
  readonly isFirst: boolean;
}

/** That a unit waited for another one; both by their place in the list. */
export interface Link {
  readonly from: number;
  readonly to: number;
  /** Where the waiting ended, since the burst began. */
  readonly atMs: number;
}

export interface Waterfall {
  readonly bars: readonly Bar[];
  readonly links: readonly Link[];
  /** The end of the scale. */
  readonly scaleMs: number;
}

/** Bursts that may be longer than the scale, a share (WF3). */
const OUTLIERS = 0.05;

/** How far back a unit is looked for that another one waited for, entries. */
const MAX_LOOK_BACK = 128;

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Lays out entries, oldest first. */
export function waterfallOf(entries: readonly TimelineEntry[]): Waterfall {
  const spans = entries.map(spanOf);
  const bursts = burstsOf(spans);
  const bars = entries.map((entry, index) => barOf(entry, spans[index]!.startMs - bursts[index]!.startMs, index === 0 || bursts[index] !== bursts[index - 1]));
  return { bars, links: linksOf(entries, bars), scaleMs: niceScale([...new Set(bursts)].map(({ startMs, endMs }) => endMs - startMs)) };
}

/** The burst of each span. Spans are in the order of their commits: who began first may be later in the list. */
function burstsOf(spans: readonly Span[]): readonly Span[] {
  const bursts: Span[] = [];
  let burst: { startMs: number; endMs: number } | undefined;
  for (const index of [...spans.keys()].sort((a, b) => spans[a]!.startMs - spans[b]!.startMs)) {
    const span = spans[index]!;
    if (!burst || span.startMs > burst.endMs) burst = { ...span };
    else burst.endMs = Math.max(burst.endMs, span.endMs);
    bursts[index] = burst;
  }
  return bursts;
}

/** The journal's time is when the unit was to be committed: all but commit and reply lies before it. */
function spanOf({ atMs, queueMs, guardMs, runMs, commitMs, replyMs }: TimelineEntry): Span {
  return { startMs: atMs - queueMs - guardMs - runMs, endMs: atMs + (commitMs ?? 0) + (replyMs ?? 0) };
}

/** WF1. */
function barOf(entry: TimelineEntry, fromMs: number, isFirst: boolean): Bar {
  const segments: Segment[] = [];
  let at = fromMs;
  for (const phase of PHASES) {
    const ms = entry[`${phase}Ms`];
    if (ms === null || ms <= 0) continue;
    segments.push({ phase, fromMs: at, ms });
    at += ms;
  }
  return { version: entry.version, fromMs, totalMs: at - fromMs, segments, isFirst };
}

/** WF2. */
function linksOf(entries: readonly TimelineEntry[], bars: readonly Bar[]): readonly Link[] {
  return entries.flatMap(({ waitedFor, queueMs }, to) => {
    if (waitedFor === undefined) return [];
    for (let from = to - 1; from >= Math.max(0, to - MAX_LOOK_BACK); from--) {
      if (entries[from]!.name === waitedFor) return [{ from, to, atMs: bars[to]!.fromMs + queueMs }];
      if (bars[from]!.isFirst) break;
    }
    return [];
  });
}

/** WF3: 1, 2 or 5 times a power of ten. */
function niceScale(lengths: readonly number[]): number {
  const sorted = [...lengths].sort((a, b) => a - b);
  const usual = sorted[Math.max(0, Math.ceil(sorted.length * (1 - OUTLIERS)) - 1)] ?? 0;
  const power = 10 ** Math.floor(Math.log10(Math.max(usual, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= usual) ?? 10 * power;
}

/** The links between the entries that are shown, by their places among those. @param shown places among all, ascending. */
export function linksAmong(links: readonly Link[], shown: readonly number[]): readonly Link[] {
  const place = new Map(shown.map((index, at) => [index, at]));
  return links.flatMap(({ from, to, atMs }) => {
    const start = place.get(from);
    const end = place.get(to);
    return start === undefined || end === undefined ? [] : [{ from: start, to: end, atMs }];
  });
}

/** What of a link is drawn in the row at `index`. */
export type LinkPiece = { readonly atMs: number; readonly part: "start" | "through" | "end" };

/** The pieces of the links by row. */
export function linkPieces(links: readonly Link[]): ReadonlyMap<number, readonly LinkPiece[]> {
  const pieces = new Map<number, LinkPiece[]>();
  for (const { from, to, atMs } of links) {
    for (let index = from; index <= to; index++) {
      const row = pieces.get(index) ?? [];
      row.push({ atMs, part: index === from ? "start" : index === to ? "end" : "through" });
      pieces.set(index, row);
    }
  }
  return pieces;
}

/** Marks of the scale: its beginning, its middle and its end. */
export function ticksOf(scaleMs: number): readonly number[] {
  return [0, scaleMs / 2, scaleMs];
}
