// The line of this tab in a conversation, for components.

import { useEffect, useMemo } from "react";

import { useInspector } from "../lib/inspector-context.tsx";
import type { Readable } from "../lib/store.ts";
import { useStore } from "../lib/use-store.ts";
import { knownLine, lineOf, lines, wasOnLine } from "./caller-lines.ts";
import type { LineState, RelayCall } from "./relay-call.ts";

const CLOSED: LineState = { state: "closed" };
const NO_LINE: Readable<LineState> = { get: () => CLOSED, subscribe: () => () => undefined };

/** The line, made when the agent is known; one that this tab had before a reload rings again. */
export function useLine(conversationId: string, agentId: string | null, isLive: boolean): RelayCall | null {
  const { api } = useInspector();
  const line = useMemo(() => knownLine(conversationId) ?? (agentId === null ? null : lineOf(api, { agent: agentId, conversation: conversationId })), [api, conversationId, agentId]);
  useEffect(() => {
    if (line && isLive && wasOnLine(conversationId)) line.open();
  }, [line, isLive, conversationId]);
  return line;
}

/** How the line is; closed while there is none. */
export function useLineState(conversationId: string): LineState {
  const line = useStore(lines).get(conversationId);
  return useStore(line?.state ?? NO_LINE);
}
