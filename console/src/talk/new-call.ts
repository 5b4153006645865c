// Beginning a call from the page.
//
//   NC1. A call that needs nothing prepared begins with its line; one with a state, a customer or facts of the caller is prepared
//        first, and its line joins it. The agent greets in both.

import { useCallback } from "react";

import type { InspectorEvent, NewConversation } from "../../../src/inspector/api.ts";
import { ApiFailure } from "../lib/api-failure.ts";
import { useInspector, type Inspector } from "../lib/inspector-context.tsx";
import { go } from "../lib/navigation.ts";
import { lineOf } from "./caller-lines.ts";
import type { RelayCall } from "./relay-call.ts";

/** Longer is not waited for a sign of a new conversation, milliseconds. */
const LONGEST_MS = 3_000;

/** What a call begins with. */
export type CallWish = NewConversation & { readonly brain?: string | undefined };

/** Begins a call and goes to it; `leave` runs when it is there, before it is shown. @throws {ApiFailure} what the server refused. */
export function useNewCall(): (wish: CallWish, leave?: () => void) => Promise<void> {
  const { api, onEvent, connection } = useInspector();
  return useCallback(async ({ brain, ...wish }: CallWish, leave?: () => void) => {
    const isPrepared = wish.state !== undefined || wish.customer !== undefined || wish.caller !== undefined;
    const { conversationId } = isPrepared ? await api.create({ conversationId: newId(wish.agentId), ...wish }) : { conversationId: wish.conversationId ?? newId(wish.agentId) };
    const line = lineOf(api, { agent: wish.agentId, conversation: conversationId, ...(brain === undefined ? {} : { brain }) });
    const isThere = isPrepared ? Promise.resolve() : begun(conversationId, line, onEvent, connection.get().state === "live");
    line.open();
    await isThere;
    // What lies over the page would keep the focus from the words that are said next.
    leave?.();
    go({ page: "conversation", conversationId, panel: "", version: null });
  }, [api, onEvent, connection]);
}

/** Resolves with the first sign of a conversation: asking for it before it is there would fail. @param isHeard whether signs can be heard. */
function begun(conversationId: string, line: RelayCall, onEvent: Inspector["onEvent"], isHeard: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      for (const stop of stops) stop();
      clearTimeout(timer);
    };
    const timer = setTimeout(() => {
      settle();
      resolve();
    }, LONGEST_MS);
    const stops = [
      onEvent((event) => {
        if (conversationOf(event) !== conversationId) return;
        settle();
        resolve();
      }),
      line.state.subscribe(() => {
        const state = line.state.get();
        if (state.state !== "refused" && (isHeard || state.state !== "open")) return;
        settle();
        if (state.state === "open") resolve();
        else if (state.state === "refused") reject(new ApiFailure("line_refused", 0, state.message, undefined));
      }),
    ];
  });
}

function conversationOf(event: InspectorEvent): string | undefined {
  if (event.type === "commit") return event.row.conversationId;
  // What is said is heard before the agent has stored anything.
  return event.type === "conversation" ? event.conversationId : undefined;
}

/** An id that can be read aloud. */
function newId(agentId: string): string {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => "abcdefghjkmnpqrstuvwxyz23456789"[byte % 31]).join("");
  return `${agentId}-${letters}`;
}
