// The state of the open conversation at the version that is looked at: each part, live, with what the last commit changed.

import type { PartView, TimelineEntry } from "../../../src/inspector/api.ts";
import { EmptyNotice, FailureNotice } from "../kit/notice.tsx";
import { useConversation } from "../lib/conversation-context.tsx";
import { useBefore } from "./before.ts";
import { PartCard } from "./state/part-card.tsx";
import { usePartEditing } from "./state/part-editing.ts";
import { RevealButton, RevealDialog, RevealedBar, useStateReveal, type Reveal } from "./state/reveal.tsx";

export function StatePanel() {
  const { shown, info, selectedEntry } = useConversation();
  const reveal = useStateReveal();
  const before = useBefore(selectedEntry);
  const editingOf = usePartEditing();
  const parts = reveal.parts?.parts ?? shown.value?.parts;
  // The entry may have come before the state that it made, and the state before the entry.
  const entry = selectedEntry && shown.value && selectedEntry.version === shown.value.version ? selectedEntry : undefined;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <RevealedBar reveal={reveal} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {entry ? <p role="status" className="sr-only">Version {entry.version}, by {entry.name}: {changedParts(entry)}</p> : null}
        {shown.state === "failed" ? <FailureNotice failure={shown.failure} /> : null}
        {parts ? (
          <div className="space-y-3 p-3">
            <StateHead parts={parts} reveal={info.canReveal && !reveal.parts ? reveal : undefined} hasEditing={parts.some((part) => editingOf(part) !== undefined)} />
            {parts.map((part) => (
              <PartCard key={part.name} part={part} isRevealed={reveal.parts !== undefined} entry={entry} before={before?.get(part.name)} editing={editingOf(part)} />
            ))}
            {parts.length === 0 ? <EmptyNotice title="Nothing is stored yet"><p>The first tool that changes something makes version 1. It will be shown here as soon as it is committed.</p></EmptyNotice> : null}
          </div>
        ) : shown.state === "loading" ? <StateSkeleton /> : null}
      </div>
      <RevealDialog reveal={reveal} />
    </div>
  );
}

/** What a screen reader hears when a commit arrives. */
function changedParts({ changes }: TimelineEntry): string {
  const names = Object.entries(changes ?? {}).flatMap(([part, patches]) => (patches.length > 0 ? [part] : []));
  return names.length === 0 ? "no change of state" : `${names.join(" and ")} changed`;
}

function StateHead({ parts, reveal, hasEditing }: { readonly parts: readonly PartView[]; readonly reveal: Reveal | undefined; readonly hasEditing: boolean }) {
  const hasMasks = parts.some(({ masks }) => masks.length > 0);
  if (!hasEditing && !(hasMasks && reveal)) return null;
  return (
    <div className="flex min-h-7 flex-wrap items-center gap-2 text-xs text-ink-3">
      <span className="min-w-0 flex-1 basis-64">{hasEditing ? "A value is changed by its pencil, a double-click, or Enter on it. A change is validated, and journalled as made here." : ""}</span>
      {hasMasks && reveal ? <RevealButton reveal={reveal} /> : null}
    </div>
  );
}

function StateSkeleton() {
  return (
    <div aria-label="Loading the state" role="status" className="space-y-3 p-3">
      {[0, 1].map((index) => <div key={index} className="h-28 animate-pulse rounded-lg border border-line bg-sunk" />)}
    </div>
  );
}
