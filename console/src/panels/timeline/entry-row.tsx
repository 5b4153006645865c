// One unit of work as a row of the timeline.
//
//   ER1. A fast scroll makes twenty rows anew in each frame: a row has few elements, and reads no more of an entry than it shows.

import { memo } from "react";

import type { TimelineEntry } from "../../../../src/inspector/api.ts";
import type { Patch } from "../../../../src/state/patch.ts";
import { Chip, type Tone } from "../../kit/chip.tsx";
import { duration, timeOfDay } from "../../lib/formatting.ts";
import { noteChip, outcomeText, toneOf, whyText } from "../logic/entry-words.ts";
import { previewOf } from "../logic/shown-value.ts";
import { pathText } from "../logic/value-changes.ts";
import type { Bar, LinkPiece } from "../logic/waterfall.ts";
import { BarCell } from "./bar-cell.tsx";

export interface EntryRowProps {
  readonly entry: TimelineEntry;
  readonly bar: Bar;
  readonly scaleMs: number;
  readonly links: readonly LinkPiece[] | undefined;
  readonly isSelected: boolean;
  readonly isActive: boolean;
  readonly isNarrow: boolean;
}

const EDGES: Readonly<Record<ReturnType<typeof toneOf>, string>> = { good: "", plain: "", warn: "shadow-[inset_2px_0_var(--color-warn)]", bad: "shadow-[inset_2px_0_var(--color-bad)]" };

/** What is in a row; what it is for a list is around it. */
export const EntryRow = memo(function EntryRow({ entry, bar, scaleMs, links, isSelected, isActive, isNarrow }: EntryRowProps) {
  const tone = toneOf(entry);
  const look = isSelected ? "bg-chosen" : tone === "bad" ? "bg-bad-soft/50 hover:bg-bad-soft" : "hover:bg-hover";
  return (
    <div className={`flex h-full gap-3 border-b border-line pr-3 pl-3 ${EDGES[tone]} ${look} ${isActive ? "group-focus/list:outline-2 group-focus/list:-outline-offset-2 group-focus/list:outline-accent" : ""}`}>
      <div className={`flex min-w-0 flex-col justify-center ${isNarrow ? "flex-1" : "basis-3/5"}`}>
        <div className="flex min-w-0 items-center gap-2">
          <time dateTime={new Date(entry.atMs).toISOString()} className="shrink-0 font-mono text-2xs text-ink-3">{timeOfDay(entry.atMs, !isNarrow)}</time>
          <span className="max-w-[70%] shrink-0 truncate font-mono text-sm font-medium">{entry.name}</span>
          {entry.unit === "tool" ? null : <span className="shrink-0 text-2xs text-ink-3">{entry.unit}</span>}
          <Arguments entry={entry} />
          {tone === "good" ? <span className="ml-auto shrink-0 text-2xs text-good">ok</span> : <span className="ml-auto shrink-0"><Chip tone={tone}>{outcomeText(entry)}</Chip></span>}
          {isNarrow ? <Total bar={bar} isOpen={entry.commitMs === null} /> : null}
        </div>
        <SecondLine entry={entry} />
        {isNarrow ? <div className="flex h-4">{<BarCell bar={bar} scaleMs={scaleMs} links={links} />}</div> : null}
      </div>
      {isNarrow ? null : <BarCell bar={bar} scaleMs={scaleMs} links={links} />}
      {isNarrow ? null : <Total bar={bar} isOpen={entry.commitMs === null} className="w-16 self-center text-right" />}
    </div>
  );
});

/** How long it took. `isOpen`: how long its commit and its reply took comes with the entry after it. */
function Total({ bar, isOpen, className = "" }: { readonly bar: Bar; readonly isOpen: boolean; readonly className?: string }) {
  return <span title={isOpen ? "How long its commit and its reply took is known with the next entry" : undefined} className={`shrink-0 font-mono text-2xs text-ink-2 ${className}`}>{duration(bar.totalMs)}{isOpen ? "+" : ""}</span>;
}

function Arguments({ entry }: { readonly entry: TimelineEntry }) {
  const { arguments: input } = entry;
  const isEmpty = input === undefined || (typeof input === "object" && input !== null && Object.keys(input).length === 0);
  return isEmpty ? null : <span className="min-w-0 shrink truncate font-mono text-2xs text-ink-3">{previewOf(input, 100)}</span>;
}

/** The most chips of a row; the detail has all. */
const MOST_CHIPS = 4;

function SecondLine({ entry }: { readonly entry: TimelineEntry }) {
  const chips = chipsOf(entry);
  const why = whyText(entry);
  if (chips.length === 0 && why === undefined) return null;
  return (
    <div className="mt-0.5 flex min-w-0 items-center gap-1 overflow-hidden">
      {chips.slice(0, MOST_CHIPS).map(({ tone, text }, index, { length }) => <Chip key={text} tone={tone} canShrink={index === length - 1}>{text}</Chip>)}
      {chips.length > MOST_CHIPS ? <span className="shrink-0 text-2xs text-ink-3">and {chips.length - MOST_CHIPS} more</span> : null}
      {why === undefined ? null : <span className="min-w-0 truncate text-2xs text-ink-2" title={why}>{why}{entry.remedy === undefined ? "" : ` ${entry.remedy}`}</span>}
    </div>
  );
}

function chipsOf(entry: TimelineEntry): readonly { readonly tone: Tone; readonly text: string }[] {
  const notes = entry.notes.map((note) => noteChip(note, timeOfDay));
  const waited = entry.waitedFor === undefined ? [] : [{ tone: "note" as const, text: `waited ${duration(entry.queueMs)} for ${entry.waitedFor}` }];
  const source = entry.source === undefined ? [] : [{ tone: "note" as const, text: `from ${entry.source}` }];
  const changed = Object.entries(entry.changes ?? {}).flatMap(([part, patches]) => placesOf(part, patches));
  return [...notes, ...waited, ...source, ...changed.map((text) => ({ tone: "accent" as const, text: `± ${text.length > 40 ? `${text.slice(0, 39)}…` : text}` }))];
}

/** More places than that of one part are only counted. */
const MOST_PLACES = 2;

/** ... and of more changes than that not even their places. */
const MOST_READ = 50;

function placesOf(part: string, patches: readonly Patch[]): readonly string[] {
  if (patches.length > MOST_READ) return [`${part}: ${patches.length.toLocaleString("en")} changes`];
  const places = [...new Set(patches.map((patch) => pathText(part, patch[1])))];
  return places.length > MOST_PLACES ? [`${part}: ${places.length} places`] : places;
}
