// The rows of a timeline: only those that can be seen are drawn.
//
//   EL1. All rows have one height, so that 5,000 of them cost what fits on the screen.
//   EL2. One stop for Tab: arrows walk, Enter opens, Home and End go to the oldest and the newest.
//   EL3. Who is at the newest entry stays there when another one comes; who has scrolled away is left alone.

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";

import type { TimelineEntry } from "../../../../src/inspector/api.ts";
import { linkPieces, linksAmong, type Waterfall } from "../logic/waterfall.ts";
import { EntryRow } from "./entry-row.tsx";

const ROW = 52;
const NARROW_ROW = 68;
/** Rows beyond what is seen, on each side: more of them make every frame of a fast scroll longer, and are gone unseen. */
const BEYOND = 3;
/** So near to the end counts as at the end, pixels. */
const AT_END = 40;

interface EntryListProps {
  readonly entries: readonly TimelineEntry[];
  /** Which of them are shown, by place, ascending. */
  readonly shown: readonly number[];
  readonly waterfall: Waterfall;
  readonly selectedVersion: number | null;
  readonly isNarrow: boolean;
  readonly onOpen: (version: number) => void;
}

export function EntryList({ entries, shown, waterfall, selectedVersion, isNarrow, onOpen }: EntryListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const height = isNarrow ? NARROW_ROW : ROW;
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: BEYOND });
  const pieces = useMemo(() => linkPieces(linksAmong(waterfall.links, shown)), [waterfall, shown]);
  const { active, setActive } = useActive(entries, shown, selectedVersion, virtual.scrollRect?.height, (index) => virtual.scrollToIndex(index, { align: "auto" }));
  useEffect(() => virtual.measure(), [height]);
  useFollowing(scroller, shown.length, selectedVersion, () => virtual.scrollToIndex(shown.length - 1, { align: "end" }));
  const items = virtual.getVirtualItems();
  const go = (index: number): void => {
    const next = Math.min(shown.length - 1, Math.max(0, index));
    setActive(next);
    virtual.scrollToIndex(next, { align: "auto" });
    // Where a detail is open it follows.
    if (selectedVersion !== null && shown[next] !== undefined) onOpen(entries[shown[next]]!.version);
  };
  const keys = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (to !== undefined) go(to);
    else if (event.key === "Enter" && shown[active] !== undefined) onOpen(entries[shown[active]]!.version);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={scroller} role="listbox" aria-label="Timeline, oldest first" tabIndex={0} aria-activedescendant={items.some(({ index }) => index === active) ? `${id}-${active}` : undefined} onKeyDown={keys} className="group/list min-h-0 flex-1 overflow-y-auto focus-visible:-outline-offset-2">
      <div className="relative w-full" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const entry = entries[shown[index]!]!;
          const bar = waterfall.bars[shown[index]!]!;
          const isSelected = entry.version === selectedVersion;
          return (
            <div key={entry.version} id={`${id}-${index}`} role="option" aria-selected={isSelected} aria-posinset={index + 1} aria-setsize={shown.length} style={{ height, transform: `translateY(${start}px)` }} className="absolute inset-x-0 top-0" onClick={() => { setActive(index); onOpen(entry.version); }}>
              <EntryRow entry={entry} bar={bar} scaleMs={waterfall.scaleMs} links={pieces.get(index)} isSelected={isSelected} isActive={index === active} isNarrow={isNarrow} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The row that the keys are at: the selected one, or the newest. */
function useActive(entries: readonly TimelineEntry[], shown: readonly number[], selectedVersion: number | null, room: number | undefined, reveal: (index: number) => void) {
  const [chosen, setActive] = useState<number | null>(null);
  const selected = useMemo(() => (selectedVersion === null ? -1 : shown.findIndex((index) => entries[index]!.version === selectedVersion)), [entries, shown, selectedVersion]);
  useEffect(() => {
    if (selected >= 0) {
      setActive(selected);
      reveal(selected);
    }
    // When another one is selected, and when a detail that opened took the room.
  }, [selectedVersion, selected >= 0, room]);
  return { active: Math.max(0, Math.min(shown.length - 1, chosen ?? shown.length - 1)), setActive };
}

/** EL3. */
function useFollowing(scroller: React.RefObject<HTMLDivElement | null>, count: number, selectedVersion: number | null, toEnd: () => void): void {
  const wasAtEnd = useRef(true);
  useEffect(() => {
    const { current } = scroller;
    if (!current) return undefined;
    let top = current.scrollTop;
    const look = (): void => {
      const isAtEnd = current.scrollHeight - current.scrollTop - current.clientHeight < AT_END;
      // The event comes after the move: the list may have grown by then, and nobody went away from its end.
      if (isAtEnd || current.scrollTop < top) wasAtEnd.current = isAtEnd;
      top = current.scrollTop;
    };
    current.addEventListener("scroll", look, { passive: true });
    return () => current.removeEventListener("scroll", look);
  }, [scroller]);
  useEffect(() => {
    if (wasAtEnd.current && selectedVersion === null && count > 0) toEnd();
  }, [count]);
}
