// The list of conversations: ten thousand of them, by keys or by pointer.

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";

import type { ConversationRow } from "../../../src/inspector/api.ts";
import { FailureNotice } from "../kit/notice.tsx";
import { count } from "../lib/formatting.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { useShortcuts } from "../lib/keyboard.ts";
import { go, place } from "../lib/navigation.ts";
import { useSelected, useStore } from "../lib/use-store.ts";
import { ListEmpty } from "./list-empty.tsx";
import { ListFilterBar } from "./list-filter-bar.tsx";
import { ListRow } from "./list-row.tsx";
import { ListSource } from "./list-source.ts";

const ROW_PX = 52;

export function ConversationList({ chosen }: { readonly chosen: string | null }) {
  const source = useListSource();
  if (!source) return null;
  return <LoadedList source={source} chosen={chosen} />;
}

function LoadedList({ source, chosen }: { readonly source: ListSource; readonly chosen: string | null }) {
  const { rows, isComplete, isCut, failure } = useStore(source.state);
  const [at, setAt] = useState<string | null>(chosen);
  useEffect(() => setAt(chosen), [chosen]);
  const index = Math.max(0, rows.findIndex(({ conversationId }) => conversationId === (at ?? chosen)));
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 12, getItemKey: (row) => rows[row]!.conversationId });
  const items = virtual.getVirtualItems();
  useShown(chosen, rows, (row) => virtual.scrollToIndex(row, { align: "center" }));
  const open = ({ conversationId }: ConversationRow) => go({ page: "conversation", conversationId, panel: panelNow(), version: null });
  const move = (by: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at === null ? 0 : index + by))];
    if (!next) return;
    setAt(next.conversationId);
    virtual.scrollToIndex(rows.indexOf(next), { align: "auto" });
    if (chosen !== null) open(next);
  };
  useShortcuts([
    { keys: "j", does: "Next conversation", group: "List", run: () => move(1) },
    { keys: "k", does: "Previous conversation", group: "List", run: () => move(-1) },
    { keys: "Enter", does: "Open the conversation", group: "List", run: () => rows[index] && open(rows[index]) },
  ]);
  return (
    <section aria-label="Conversations" className="flex min-h-0 flex-1 flex-col">
      <ListFilterBar />
      {failure ? <FailureNotice failure={failure} /> : null}
      {rows.length === 0 && isComplete ? <ListEmpty /> : null}
      <div
        ref={box} role="listbox" aria-label="Conversations" tabIndex={0} aria-activedescendant={items.some((item) => item.index === index) ? `row-${index}` : undefined} className="min-h-0 flex-1 overflow-y-auto overscroll-contain outline-offset-[-2px]"
        onKeyDown={(event) => {
          if (event.key === "Enter" && rows[index]) open(rows[index]);
          const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          move(by);
        }}
      >
        <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => (
            <ListRow key={item.key} id={`row-${item.index}`} row={rows[item.index]!} top={item.start} height={ROW_PX} place={[item.index + 1, rows.length]} isChosen={rows[item.index]!.conversationId === chosen} isAt={item.index === index && at !== null} onOpen={open} />
          ))}
        </div>
      </div>
      <p role="status" className="flex h-7 shrink-0 items-center border-t border-line px-3 text-xs text-ink-3">
        {failure && rows.length === 0 ? "" : count(rows.length, "conversation")}
        {failure ? "" : isCut ? " - there are more: narrow the list" : isComplete ? "" : " so far…"}
      </p>
    </section>
  );
}

/** Brings the open conversation into sight once it is in the list, and again when another one is opened from elsewhere. */
function useShown(chosen: string | null, rows: readonly ConversationRow[], show: (row: number) => void): void {
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (chosen === shown.current) return;
    const row = rows.findIndex(({ conversationId }) => conversationId === chosen);
    if (row === -1 && chosen !== null) return;
    shown.current = chosen;
    if (row !== -1 && !document.getElementById(`row-${row}`)?.matches("[aria-selected=true]")) show(row);
  });
}

function useListSource(): ListSource | null {
  const { api, onEvent } = useInspector();
  const filter = useSelected(place, (now) => now.filter);
  const key = JSON.stringify(filter);
  const [current, setCurrent] = useState<ListSource | null>(null);
  useEffect(() => {
    const source = new ListSource(api, filter);
    // A list that is being typed for is shown when its first page is here, so that the old one does not blink away.
    const isFirst = current === null;
    if (isFirst) setCurrent(source);
    const stopWaiting = source.state.subscribe(() => setCurrent(source));
    const timer = setTimeout(() => setCurrent(source), 600);
    const stop = source.start(onEvent);
    return () => {
      clearTimeout(timer);
      stopWaiting();
      stop();
    };
    // The filter is a new object with every move; its text says whether it is another one.
  }, [api, onEvent, key]);
  return current;
}

/** The panel that is open stays open in the next conversation. */
function panelNow(): string {
  const { view } = place.get();
  return view.page === "conversation" ? view.panel : "";
}
