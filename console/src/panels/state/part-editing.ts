// Changing a part of the open conversation by hand.
//
//   PE1. Only now can be changed, and only what the server says may be: the past is looked at.
//   PE2. A conflict says what was changed meanwhile, from the timeline. A version that changed no state, such as an edit that
//        was refused, is no conflict.

import { useMemo, useRef } from "react";

import type { PartInfo, PartView, TimelineEntry } from "../../../../src/inspector/api.ts";
import { ApiFailure } from "../../lib/api-failure.ts";
import { useConversation } from "../../lib/conversation-context.tsx";
import { sameStateVersion } from "../logic/same-state.ts";
import { pathText } from "../logic/value-changes.ts";
import type { TreeEditing } from "../value/editing.ts";

const EDITABLE: ReadonlySet<PartInfo["kind"]> = new Set(["state", "workflow", "other"]);

/** How each part is changed; undefined for one that is not. */
export function usePartEditing(): (part: PartView) => TreeEditing | undefined {
  const open = useConversation();
  const { info, view, selectedVersion, agent, api, conversationId, reload, timeline } = open;
  const latest = useRef(open);
  latest.current = open;
  const now = view.value;
  const canEdit = info.canWrite && selectedVersion === null && now?.status === "live" && !now.quarantine;
  const version = now?.version ?? 0;
  const { entries } = timeline;
  return useMemo(() => {
    const made = new Map<string, TreeEditing>();
    return (part) => {
      if (!canEdit || !EDITABLE.has(part.kind)) return undefined;
      const known = made.get(part.name);
      if (known) return known;
      const editing: TreeEditing = {
        schema: agent?.parts.find(({ name }) => name === part.name)?.schema,
        version,
        save: async (patches, expectedVersion) => {
          const known = () => sameStateVersion(latest.current.timeline.entries, expectedVersion!);
          const send = (expected: number | undefined) => api.edit(conversationId, { part: part.name, patches, ...(expected === undefined ? {} : { expectedVersion: expected }) });
          const first = expectedVersion === undefined ? undefined : known();
          try {
            await send(first);
          } catch (thrown) {
            // The timeline may have heard of a refused edit only by now.
            const again = first === undefined || !(thrown instanceof ApiFailure) || thrown.status !== 409 ? undefined : known();
            if (again === undefined || again === first) throw thrown;
            await send(again);
          } finally {
            reload();
          }
        },
        conflict: (failure, since) => (failure.status === 409 && version > since ? { version, lines: linesSince(entries, since) } : undefined),
      };
      made.set(part.name, editing);
      return editing;
    };
  }, [canEdit, version, agent, api, conversationId, reload, entries]);
}

/** PE2. */
function linesSince(entries: readonly TimelineEntry[], since: number): readonly string[] {
  const later = entries.filter(({ version }) => version > since).slice(-8);
  return later.map(({ version, name, changes }) => {
    const places = Object.entries(changes ?? {}).flatMap(([part, patches]) => patches.map((patch) => pathText(part, patch[1])));
    const shown = [...new Set(places)];
    return `version ${version}, ${name}: ${shown.length === 0 ? "no change of state" : shown.slice(0, 5).join(", ")}`;
  });
}
