// Beginning a call from the page.
//
//   NC1. A call that needs nothing prepared begins with its line, so the agent greets; one with a state, a customer or facts of the
//        caller is prepared first, and its line joins it.

import { useCallback } from "react";

import type { NewConversation } from "../../../src/inspector/api.ts";
import { useInspector } from "../lib/inspector-context.tsx";
import { go } from "../lib/navigation.ts";
import { lineOf } from "./caller-lines.ts";

/** What a call begins with. */
export type CallWish = NewConversation & { readonly brain?: string | undefined };

/** Begins a call and goes to it. @throws {ApiFailure} what the server refused. */
export function useNewCall(): (wish: CallWish) => Promise<void> {
  const { api } = useInspector();
  return useCallback(async ({ brain, ...wish }: CallWish) => {
    const isPrepared = wish.state !== undefined || wish.customer !== undefined || wish.caller !== undefined;
    const { conversationId } = isPrepared ? await api.create(wish) : { conversationId: wish.conversationId ?? newId(wish.agentId) };
    lineOf(api, { agent: wish.agentId, conversation: conversationId, ...(brain === undefined ? {} : { brain }) }).open();
    go({ page: "conversation", conversationId, panel: "", version: null });
  }, [api]);
}

/** An id that can be read aloud. */
function newId(agentId: string): string {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => "abcdefghjkmnpqrstuvwxyz23456789"[byte % 31]).join("");
  return `${agentId}-${letters}`;
}
