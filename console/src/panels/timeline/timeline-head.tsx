// Over the timeline: which entries are shown, and the scale and the legend of the bars.

import { duration } from "../../lib/formatting.ts";
import { FILTERS, type Filter } from "../logic/timeline-filter.ts";
import { PHASES, ticksOf } from "../logic/waterfall.ts";
import { PHASE_LOOKS } from "./phases.ts";

const NAMES: Readonly<Record<Filter, string>> = { all: "All", tools: "Tools", refused: "Refused", failed: "Failed" };

interface FilterBarProps {
  readonly filter: Filter;
  readonly search: string;
  readonly counts: Readonly<Record<Filter, number>>;
  readonly onFilter: (filter: Filter) => void;
  readonly onSearch: (search: string) => void;
}

export function FilterBar({ filter, search, counts, onFilter, onSearch }: FilterBarProps) {
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-1.5">
      <div role="group" aria-label="Show" className="flex items-center gap-0.5">
        {FILTERS.map((each) => (
          <button key={each} type="button" aria-pressed={each === filter} onClick={() => onFilter(each)} className="inline-flex h-6 items-center gap-1.5 rounded-md px-2 text-xs font-medium text-ink-2 hover:bg-hover aria-pressed:bg-chosen aria-pressed:text-accent">
            {NAMES[each]}
            <span className={`text-2xs ${counts[each] > 0 && (each === "refused" || each === "failed") ? "font-semibold text-bad" : "text-ink-3"}`}>{counts[each]}</span>
          </button>
        ))}
      </div>
      <input type="search" aria-label="Search the timeline" placeholder="Search…" title="By name, code, reason, source or call id" value={search} onChange={(event) => onSearch(event.target.value)} className="h-6 min-w-20 flex-1 rounded-md border border-edge/50 bg-pane px-2 text-xs @lg:max-w-56" />
    </div>
  );
}

/** Scale and legend. */
export function ScaleHead({ scaleMs, isNarrow }: { readonly scaleMs: number; readonly isNarrow: boolean }) {
  return (
    <div className={`border-b border-line bg-sunk px-3 text-2xs text-ink-3 ${isNarrow ? "py-1" : "flex h-7 items-stretch gap-3"}`}>
      <ul aria-label="What the bars are made of" className={`flex min-w-0 flex-wrap items-center gap-x-3 ${isNarrow ? "" : "basis-3/5"}`}>
        {PHASES.map((phase) => (
          <li key={phase} title={PHASE_LOOKS[phase].about} className="flex items-center gap-1">
            <span aria-hidden="true" style={{ background: PHASE_LOOKS[phase].fill }} className="size-2 rounded-[2px]" />
            {PHASE_LOOKS[phase].name}
          </li>
        ))}
        {isNarrow ? <li className="ml-auto">full width: {duration(scaleMs)}</li> : null}
      </ul>
      {isNarrow ? null : (
        <>
          <div aria-label={`Scale: 0 to ${duration(scaleMs)}`} role="img" className="relative min-w-0 flex-1">
            {ticksOf(scaleMs).map((ms, index, all) => (
              <span key={ms} style={{ left: `${(ms / scaleMs) * 100}%` }} className={`absolute inset-y-0 flex items-center border-line px-1 whitespace-nowrap ${index === 0 ? "border-l" : index === all.length - 1 ? "-translate-x-full border-r" : "-translate-x-1/2"}`}>{duration(ms)}</span>
            ))}
          </div>
          <span className="flex w-16 shrink-0 items-center justify-end">total</span>
        </>
      )}
    </div>
  );
}
