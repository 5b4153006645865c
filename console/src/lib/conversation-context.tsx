// The open conversation, for everything that shows a part of it.
//
// Owns what panels may know and do. Who fills it is `conversation-source.ts`.

import { createContext, useContext } from "react";

import type { AgentView, ConversationView, Info, PartsView, TimelineEntry } from "../../../src/inspector/api.ts";
import type { Api } from "./api.ts";
import type { Loadable } from "./loadable.ts";

/** The journal as far as it is here: oldest first, new entries appended as they are committed. */
export interface Timeline {
  readonly entries: readonly TimelineEntry[];
  /** Whether everything until now is here; older pages are still being loaded otherwise. */
  readonly isComplete: boolean;
  readonly failure?: Loadable<never> & { readonly state: "failed" };
}

export interface OpenConversation {
  readonly conversationId: string;
  readonly api: Api;
  readonly info: Info;
  readonly agents: readonly AgentView[];
  /** The conversation's agent, where its code is known. */
  readonly agent: AgentView | undefined;
  /** As it is now; loaded anew after each commit. */
  readonly view: Loadable<ConversationView>;
  readonly timeline: Timeline;
  /** The version that is looked at; null is "now". */
  readonly selectedVersion: number | null;
  /** The state at the selected version: of `view` for "now", asked for otherwise. */
  readonly shown: Loadable<PartsView>;
  /** The entry that wrote the selected version, of the newest one for "now". */
  readonly selectedEntry: TimelineEntry | undefined;
  /** Looks at a version, by the address; null goes back to "now". */
  readonly select: (version: number | null) => void;
  /** Goes to a panel by its id, and a version with it if one is given. */
  readonly open: (panel: string, version?: number | null) => void;
  /** Asks for the conversation again: after something was written whose event may be late. */
  readonly reload: () => void;
}

const Context = createContext<OpenConversation | null>(null);

/** Gives an open conversation to what is in it. */
export const ConversationProvider = Context.Provider;

/** The conversation that is open. @throws outside of one. */
export function useConversation(): OpenConversation {
  const open = useContext(Context);
  if (!open) throw new Error("There is no open conversation here.");
  return open;
}
