// The inspector's ports: what it asks of the agents' code and of a platform, in this process or another.
//
// Reading needs neither: it is done on the store, so that it works while the agents are stopped, broken or busy.
//
//   ID1. What crosses these ports can cross a process: plain JSON in, plain JSON out.
//   ID2. What comes back is masked: whose masks are not known, the whole.                                (P21)
//   ID3. A desk that cannot answer rejects with a ConversimpleError; the page shows its message.

import type { AgentView, CacheView, CallResult, Edit, Replay, SavedTest } from "./api.ts";
import type { Patch } from "../state/patch.ts";

/** What needs the agents' code. */
export interface AgentDesk {
  agents(): Promise<readonly AgentView[]>;
  caches(): Promise<readonly CacheView[]>;
  /** The tools that the state of a conversation allows now; empty when it is not served there. */
  offered(conversationId: string): Promise<readonly string[]>;
  /**
   * Changes a part through the conversation's inbox; resolves with the version that has it.
   *
   * @throws {ConversimpleError} why it was refused: `state_invalid`, `version_conflict`, `conversation_ended`, ...
   */
  edit(conversationId: string, edit: Edit, source: string): Promise<{ version: number }>;
  signal(conversationId: string, name: string, payload: unknown, source: string): Promise<{ version: number }>;
  /** Changes a customer's record, which is made when there is none. */
  editCustomer(agentId: string, customerId: string, patches: readonly Patch[], source: string): Promise<{ key: string; version: number }>;
  /** Calls a tool where no platform does. */
  call(conversationId: string, tool: string, input: unknown, callId: string | undefined): Promise<CallResult>;
  end(conversationId: string, reason: string): Promise<void>;
  /** Stores the state of a conversation at a version as a new conversation, which nobody serves yet. */
  fork(conversationId: string, version: number, newId: string | undefined, source: string): Promise<{ conversationId: string; version: number; agentId: string }>;
  replay(conversationId: string): Promise<Replay>;
  test(conversationId: string, save: boolean): Promise<SavedTest>;
}

/** What a platform beside the inspector does: the local one, in `dev`. */
export interface TalkDesk {
  readonly brains: readonly string[];
  create(agentId: string, conversationId: string | undefined, caller: Readonly<Record<string, unknown>> | undefined): Promise<{ conversationId: string }>;
  call(conversationId: string, tool: string, input: unknown, callId: string | undefined): Promise<CallResult>;
  end(conversationId: string, reason: string): Promise<void>;
}
