// The bar of one unit on the common scale, with the links to what it waited for.
//
//   BA1. A row is made anew whenever it is scrolled to, and each element of it costs: the phases of a bar are one background.

import { memo } from "react";

import type { Bar, LinkPiece } from "../logic/waterfall.ts";
import { PHASE_LOOKS } from "./phases.ts";

interface BarCellProps {
  readonly bar: Bar;
  readonly scaleMs: number;
  readonly links: readonly LinkPiece[] | undefined;
}

/** A phase is at least that wide, pixels. */
const LEAST = 2;

/** A cell as high as its row; it says nothing that the row does not say in words. */
export const BarCell = memo(function BarCell({ bar, scaleMs, links = [] }: BarCellProps) {
  const at = (ms: number): string => `${Math.min(100, (ms / scaleMs) * 100)}%`;
  const { fromMs, totalMs, segments } = bar;
  const isCut = fromMs + totalMs > scaleMs;
  const shownMs = Math.max(0, Math.min(totalMs, scaleMs - fromMs));
  return (
    <div aria-hidden="true" className="relative h-full min-w-0 flex-1 overflow-hidden">
      {links.map(({ atMs, part }, index) => (
        <span key={index} style={{ left: at(atMs) }} className={`absolute w-px bg-ink-3 ${part === "start" ? "top-1/2 bottom-0" : part === "end" ? "top-0 h-1/2" : "inset-y-0"}`}>
          {part === "start" ? <span className="absolute -top-[3px] -left-[3px] size-[7px] rounded-full border-2 border-ink-3 bg-pane" /> : null}
          {part === "end" ? <span className="absolute -bottom-px -left-[3px] border-x-[3.5px] border-t-[5px] border-x-transparent border-t-ink-3" /> : null}
        </span>
      ))}
      {segments.length === 0 ? null : <span style={{ left: at(fromMs), width: at(shownMs), minWidth: LEAST * segments.length, backgroundImage: phasesImage(bar, shownMs) }} className="absolute top-1/2 h-2 -translate-y-1/2 rounded-l-sm" />}
      {isCut ? <span className="absolute top-1/2 right-0 -translate-y-1/2 rounded-sm bg-pane px-0.5 text-2xs text-ink-3">»</span> : null}
    </div>
  );
});

/** The phases one after another, from the beginning of the bar to what is shown of it (BA1). */
function phasesImage({ fromMs, segments }: Bar, shownMs: number): string {
  let end = "0px";
  const stops = segments.map(({ phase, fromMs: atMs, ms }) => {
    const start = end;
    end = `max(${shownMs === 0 ? 0 : ((atMs + ms - fromMs) / shownMs) * 100}%, calc(${start} + ${LEAST}px))`;
    return `${PHASE_LOOKS[phase].fill} ${start} ${end}`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
