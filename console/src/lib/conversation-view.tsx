// Opens the conversation of the address and gives it to what is in it.

import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";

import type { PartsView } from "../../../src/inspector/api.ts";
import { ConversationProvider, type OpenConversation, type Timeline } from "./conversation-context.tsx";
import { ConversationSource } from "./conversation-source.ts";
import { useInspector } from "./inspector-context.tsx";
import { LOADING, useLoaded, type Loadable } from "./loadable.ts";
import { go } from "./navigation.ts";
import type { Readable } from "./store.ts";
import { useStore } from "./use-store.ts";

const NOTHING: Readable<Timeline> = { get: () => NO_TIMELINE, subscribe: () => () => undefined };
const NO_TIMELINE: Timeline = { entries: [], isComplete: false };
const NO_VIEW: Readable<OpenConversation["view"]> = { get: () => LOADING, subscribe: () => () => undefined };

/** @param panel the one that is shown, so that `select` stays on it. */
export function ConversationScope({ conversationId, panel, version, children }: { readonly conversationId: string; readonly panel: string; readonly version: number | null; readonly children: ReactNode }) {
  const { api, info, agents } = useInspector();
  const source = useSource(conversationId);
  const view = useStore(source?.view ?? NO_VIEW);
  const timeline = useStore(source?.timeline ?? NOTHING);
  const past = useLoaded(version === null ? null : `${conversationId}@${version}`, (signal) => api.partsAt(conversationId, version!, signal));
  const open = useCallback((id: string, at?: number | null) => go({ page: "conversation", conversationId, panel: id, version: at === undefined ? version : at }), [conversationId, version]);
  const select = useCallback((at: number | null) => go({ page: "conversation", conversationId, panel, version: at }, "replace"), [conversationId, panel]);
  const value = useMemo((): OpenConversation => {
    const shown: Loadable<PartsView> = version === null ? view : past;
    const selectedEntry = version === null ? timeline.entries.at(-1) : timeline.entries.find((entry) => entry.version === version);
    return {
      conversationId, api, info, agents, view, timeline, shown, selectedEntry, open, select,
      agent: agents.find(({ agentId }) => agentId === view.value?.agentId),
      selectedVersion: version,
      reload: () => source?.reload(),
    };
  }, [conversationId, api, info, agents, view, timeline, past.state, past.value, version, open, select, source]);
  return <ConversationProvider value={value}>{children}</ConversationProvider>;
}

/** A source of its own for each conversation, from the moment when it is shown. */
function useSource(conversationId: string): ConversationSource | null {
  const { api, onEvent } = useInspector();
  const [current, setCurrent] = useState<{ readonly id: string; readonly source: ConversationSource } | null>(null);
  useEffect(() => {
    const source = new ConversationSource(api, conversationId);
    setCurrent({ id: conversationId, source });
    return source.start(onEvent);
  }, [api, conversationId, onEvent]);
  return current?.id === conversationId ? current.source : null;
}
