// What happened in the open conversation, unit by unit, and where the time went.

import { useDeferredValue, useMemo, useState } from "react";

import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { useShortcuts } from "../lib/keyboard.ts";
import { countsOf, passes, type Filter } from "./logic/timeline-filter.ts";
import { waterfallOf } from "./logic/waterfall.ts";
import { EntryDetail } from "./timeline/entry-detail.tsx";
import { EntryList } from "./timeline/entry-list.tsx";
import { FilterBar, ScaleHead } from "./timeline/timeline-head.tsx";
import { useWidth } from "./width.ts";

/** Narrower panels draw a bar below its row, and a detail over the list, pixels. */
const NARROW = 620;
const SIDE_BY_SIDE = 980;

export function TimelinePanel() {
  const { timeline, selectedVersion, selectedEntry, select } = useConversation();
  const { entries, isComplete, failure } = timeline;
  const [filter, setFilter] = useState<Filter>("all");
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const [panel, width] = useWidth(SIDE_BY_SIDE);
  const waterfall = useMemo(() => waterfallOf(entries), [entries]);
  const counts = useMemo(() => countsOf(entries), [entries]);
  const shown = useMemo(() => entries.flatMap((entry, index) => (passes(entry, filter, wanted) ? [index] : [])), [entries, filter, wanted]);
  const detail = selectedVersion === null ? undefined : selectedEntry;
  const step = (by: 1 | -1): void => {
    const at = shown.findIndex((index) => entries[index]!.version === selectedVersion);
    const next = shown[at + by];
    if (at >= 0 && next !== undefined) select(entries[next]!.version);
  };
  useShortcuts(detail ? [{ keys: "Escape", run: () => select(null) }] : null);
  const isNarrow = width < NARROW;
  const isSplit = width >= SIDE_BY_SIDE;
  return (
    <div ref={panel} className="@container flex h-full min-h-0 flex-col">
      {failure ? <FailureNotice failure={failure.failure} /> : null}
      <FilterBar filter={filter} search={search} counts={counts} onFilter={setFilter} onSearch={setSearch} />
      <div className={`flex min-h-0 flex-1 ${isSplit ? "" : "flex-col"}`}>
        <div className={`flex min-h-0 min-w-0 flex-col ${detail && isNarrow ? "hidden" : detail && isSplit ? "basis-3/5" : detail ? "basis-2/5" : "flex-1"}`}>
          <ScaleHead scaleMs={waterfall.scaleMs} isNarrow={isNarrow} />
          {entries.length === 0 ? (
            isComplete ? <EmptyNotice title="Nothing has happened yet"><p>Say something, or run a tool. Each unit of work will be a row here: what it was called with, what it changed, and where its time went.</p></EmptyNotice> : <p role="status" className="p-4 text-ink-3">Loading the timeline…</p>
          ) : shown.length === 0 ? (
            <EmptyNotice title="No entry is like that"><p>{entries.length.toLocaleString("en")} entries are hidden by the filter.</p></EmptyNotice>
          ) : (
            <EntryList entries={entries} shown={shown} waterfall={waterfall} selectedVersion={selectedVersion} isNarrow={isNarrow} onOpen={select} />
          )}
        </div>
        {detail ? (
          <div className={`min-h-0 min-w-0 flex-1 ${isSplit ? "border-l border-line" : "border-t border-line"}`}>
            <EntryDetail key={detail.version} entry={detail} onStep={step} onClose={() => select(null)} />
          </div>
        ) : null}
      </div>
    </div>
  );
}
