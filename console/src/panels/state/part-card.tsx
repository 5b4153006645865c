// One part: what it holds, how large it is, what changed it last, and changing it by hand.

import { memo, useMemo } from "react";

import type { PartInfo, PartView, TimelineEntry } from "../../../../src/inspector/api.ts";
import { Chip } from "../../kit/chip.tsx";
import { momentsOf } from "../logic/moments.ts";
import { indexOf, changesOf, NO_CHANGES } from "../logic/value-changes.ts";
import type { TreeEditing } from "../value/editing.ts";
import { ValueTree } from "../value/value-tree.tsx";
import { SizeBar } from "./size-bar.tsx";

const KINDS: Readonly<Record<PartInfo["kind"], string>> = {
  state: "conversation state", customer: "customer", session: "session", workflow: "workflow", cache: "cache", ephemeral: "memory only", other: "part",
};

interface PartCardProps {
  readonly part: PartView;
  readonly isRevealed: boolean;
  /** The entry that wrote the version that is shown, and the part's value before it. */
  readonly entry: TimelineEntry | undefined;
  readonly before: PartView | undefined;
  readonly editing: TreeEditing | undefined;
}

/** A part as a card. */
export const PartCard = memo(function PartCard({ part, isRevealed, entry, before, editing }: PartCardProps) {
  const patches = entry?.changes?.[part.name];
  const changes = useMemo(() => (patches && patches.length > 0 ? indexOf(changesOf(before?.value, patches)) : NO_CHANGES), [patches, before]);
  return (
    <section aria-labelledby={`part-${part.name}`} className="rounded-lg border border-line bg-pane">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-2">
        <h3 id={`part-${part.name}`} className="font-mono text-sm font-semibold">{part.name}</h3>
        <span className="text-2xs text-ink-3">{KINDS[part.kind]} · schema {part.schemaVersion}</span>
        {patches && patches.length > 0 && entry ? <Chip tone="warn">changed by {entry.name}{entry.source === undefined ? "" : ` from ${entry.source}`}, version {entry.version}</Chip> : null}
        <span className="ml-auto"><SizeBar bytes={part.bytes} maxBytes={part.maxBytes} /></span>
      </header>
      <div className="px-1.5 py-1">
        <ValueTree label={part.name} value={part.value} masks={part.masks} isRevealed={isRevealed} changes={changes} moments={momentsOf(part.kind)} editing={editing} />
      </div>
    </section>
  );
});
