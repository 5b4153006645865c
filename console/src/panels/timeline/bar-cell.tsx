// The bar of one unit on the common scale, with the links to what it waited for.

import { memo } from "react";

import type { Bar, LinkPiece } from "../logic/waterfall.ts";
import { PHASE_LOOKS } from "./phases.ts";

interface BarCellProps {
  readonly bar: Bar;
  readonly scaleMs: number;
  readonly links: readonly LinkPiece[] | undefined;
}

/** A cell as high as its row; it says nothing that the row does not say in words. */
export const BarCell = memo(function BarCell({ bar, scaleMs, links = [] }: BarCellProps) {
  const at = (ms: number): string => `${Math.min(100, (ms / scaleMs) * 100)}%`;
  const isCut = bar.fromMs + bar.totalMs > scaleMs;
  return (
    <div aria-hidden="true" className="relative h-full min-w-0 flex-1 overflow-hidden">
      {links.map(({ atMs, part }, index) => (
        <span key={index} style={{ left: at(atMs) }} className={`absolute w-px bg-ink-3 ${part === "start" ? "top-1/2 bottom-0" : part === "end" ? "top-0 h-1/2" : "inset-y-0"}`}>
          {part === "start" ? <span className="absolute -top-[3px] -left-[3px] size-[7px] rounded-full border-2 border-ink-3 bg-pane" /> : null}
          {part === "end" ? <span className="absolute -bottom-px -left-[3px] border-x-[3.5px] border-t-[5px] border-x-transparent border-t-ink-3" /> : null}
        </span>
      ))}
      {bar.segments.map(({ phase, fromMs, ms }) => (
        <span key={phase} style={{ left: at(fromMs), width: `max(2px, ${Math.max(0, Math.min(100 - (fromMs / scaleMs) * 100, (ms / scaleMs) * 100))}%)` }} className={`absolute top-1/2 h-2 -translate-y-1/2 first-of-type:rounded-l-sm ${PHASE_LOOKS[phase].fill}`} />
      ))}
      {isCut ? <span className="absolute top-1/2 right-0 -translate-y-1/2 rounded-sm bg-pane px-0.5 text-2xs text-ink-3">»</span> : null}
    </div>
  );
});
