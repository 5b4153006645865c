// What a unit changed, place by place: from what to what.

import { useMemo } from "react";

import type { TimelineEntry } from "../../../../src/inspector/api.ts";
import type { Patch } from "../../../../src/state/patch.ts";
import { Chip } from "../../kit/chip.tsx";
import { useConversation } from "../../lib/conversation-context.tsx";
import { useBefore } from "../before.ts";
import { Icon } from "../../kit/icon.tsx";
import type { Change } from "../logic/change.ts";
import { momentsOf, type Moments } from "../logic/moments.ts";
import { changesOf, entryChanges, keyOfPath, pathText } from "../logic/value-changes.ts";
import { InlineValue } from "../value/tree-line.tsx";
import { DetailSection } from "./detail-section.tsx";

/** A commit may change thousands of places. */
const MOST = 200;

export function EntryChanges({ entry }: { readonly entry: TimelineEntry }) {
  const before = useBefore(entry);
  const { agent } = useConversation();
  const kindOf = (part: string) => before?.get(part)?.kind ?? agent?.parts.find(({ name }) => name === part)?.kind;
  const { changes } = entry;
  if (changes === null) return <DetailSection title="What it changed"><p className="text-xs text-ink-3">Not known any more: the entries before it were trimmed. The state at this version is there as a whole.</p></DetailSection>;
  const parts = Object.entries(changes).filter(([, patches]) => patches.length > 0);
  return (
    <DetailSection title="What it changed">
      {parts.length === 0 ? <p className="text-xs text-ink-3">Nothing.</p> : parts.map(([part, patches]) => <PartChanges key={part} part={part} patches={patches} before={before?.get(part)?.value} moments={momentsOf(kindOf(part))} />)}
    </DetailSection>
  );
}

function PartChanges({ part, patches, before, moments }: { readonly part: string; readonly patches: readonly Patch[]; readonly before: unknown; readonly moments: Moments }) {
  const changes = useMemo(() => changesOf(before, patches).flatMap(entryChanges), [before, patches]);
  return (
    <ul className="divide-y divide-line rounded-md border border-line">
      {changes.slice(0, MOST).map((change) => <ChangeLine key={`${change.kind} ${pathText(part, change.path)}`} part={part} change={change} isMoment={moments.has(keyOfPath(change.path))} />)}
      {changes.length > MOST ? <li className="px-2 py-1 text-xs text-ink-3">and {changes.length - MOST} more</li> : null}
    </ul>
  );
}

const TONES = { added: "good", changed: "warn", removed: "bad" } as const;

function ChangeLine({ part, change, isMoment }: { readonly part: string; readonly change: Change; readonly isMoment: boolean }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5 px-2 py-1">
      <Chip tone={TONES[change.kind]}>{change.kind}</Chip>
      <span className="font-mono text-xs font-medium break-all">{pathText(part, change.path)}</span>
      <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
        {change.kind === "changed" && change.isBeforeKnown ? <><del className="min-w-0 text-ink-3"><InlineValue raw={change.before} isMoment={isMoment} /></del><Icon name="right" className="size-3 self-center text-ink-3" /></> : null}
        {change.kind === "removed" ? change.isBeforeKnown ? <del className="min-w-0 text-ink-3"><InlineValue raw={change.before} isMoment={isMoment} /></del> : null : <InlineValue raw={change.after} isMoment={isMoment} />}
      </span>
    </li>
  );
}
