// One conversation in the list.

import { memo } from "react";

import type { ConversationRow } from "../../../src/inspector/api.ts";
import { Ago } from "../kit/ago.tsx";

interface RowProps {
  readonly id: string;
  readonly row: ConversationRow;
  readonly top: number;
  readonly height: number;
  /** Which one of how many, for who does not see the list. */
  readonly place: readonly [number, number];
  readonly isChosen: boolean;
  readonly isAt: boolean;
  readonly onOpen: (row: ConversationRow) => void;
}

export const ListRow = memo(function ListRow({ id, row, top, height, place: [index, total], isChosen, isAt, onOpen }: RowProps) {
  const { conversationId, agentId, status, endReason, updatedAtMs, version, customer } = row;
  return (
    <div
      id={id} role="option" aria-selected={isChosen} aria-posinset={index} aria-setsize={total} onClick={() => onOpen(row)} style={{ transform: `translateY(${top}px)`, height }}
      className={`absolute inset-x-0 top-0 flex flex-col justify-center gap-0.5 border-l-2 px-3 ${isChosen ? "border-accent bg-chosen" : isAt ? "border-ink-3 bg-hover" : "border-transparent hover:bg-hover"}`}
    >
      <div className="flex items-baseline gap-2">
        <span className="truncate font-medium" title={conversationId}>{conversationId}</span>
        <Ago atMs={updatedAtMs} className="ml-auto shrink-0 text-xs text-ink-3" />
      </div>
      <div className="flex items-center gap-1.5 text-xs text-ink-3">
        <StatusWord status={status} endReason={endReason} />
        <span aria-hidden="true">·</span>
        <span className="truncate">{agentId ?? "no agent"}</span>
        <span aria-hidden="true">·</span>
        <span className="shrink-0">v{version}</span>
        {customer === null ? null : <span className="ml-auto max-w-24 truncate font-mono text-2xs" title={`Customer ${customer}`}>{customer}</span>}
      </div>
    </div>
  );
});

/** "live" with a dot, else why it ended. */
export function StatusWord({ status, endReason }: Pick<ConversationRow, "status" | "endReason">) {
  if (status === "live") {
    return (
      <span className="inline-flex shrink-0 items-center gap-1 font-medium text-good">
        <span aria-hidden="true" className="size-1.5 rounded-full bg-good" />
        live
      </span>
    );
  }
  return <span className="shrink-0">{status === "ended" ? (endReason ?? "ended").replaceAll("_", " ") : status}</span>;
}
