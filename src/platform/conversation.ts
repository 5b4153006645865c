// What the platform knows of a conversation and its tool calls: the shapes, shared by all files of this folder.
//
//   V1. `waiting`: nobody serves it. `active`: a joined channel registered its tools. `ended`: over, for good.
//   V2. Only conversations that are not over, and their unanswered calls, are in memory; the rest is in the data file.

import type { JoinedChannel } from "./channel.ts";
import type { KeptArguments } from "./kept-arguments.ts";
import type { KnownTool, RegisteredTool } from "./known-tools.ts";

/** A channel, with what it serves and what was sent on it. */
export type Channel = JoinedChannel<LiveConversation, Call>;

/** Where a conversation is in its life (V1). */
export type ConversationStatus = "waiting" | "active" | "ended";

/** A conversation that is not over (V2). */
export interface LiveConversation {
  readonly id: string;
  readonly agentId: string;
  /** JSON text of the untrusted hint about who calls, null when there is none. */
  readonly caller: string | null;
  /** A caller rang in it: it is over when the last one is gone, also when they go while the platform is away. */
  isRung: boolean;
  readonly createdAtMs: number;
  /** Begun by an earlier run of the platform, which alone knew what was said in it. */
  readonly isRestored: boolean;
  /** Kept also while nobody serves the conversation. */
  tools: readonly KnownTool[];
  /** Of all known tools: those that a call may name. */
  toolNames: ReadonlySet<string>;
  /** The channel that registered the tools and is still joined. */
  server: Channel | undefined;
  /** By call id. */
  readonly unanswered: Map<string, Call>;
  /** Set as soon as its end is asked for: nothing new is accepted. */
  isEnding: boolean;
}

/** A tool call without an answer. */
export interface Call {
  readonly conversation: LiveConversation;
  readonly callId: string;
  readonly tool: string;
  /** Compact JSON; undefined after a restart of the platform, when some were only in memory. */
  arguments: string | undefined;
  /** What the data file has of them. */
  kept: KeptArguments;
  readonly timeoutSeconds: number;
  /** Whether the tool was known to be registered when the call was accepted; otherwise the next registration decides. */
  isChecked: boolean;
  /** Durable; only then it may be delivered. */
  isStored: boolean;
  /** An answer is on its way to the data file. */
  isAnswering: boolean;
  /** Where it was sent last. */
  deliveredTo: Channel | undefined;
  readonly waiters: Set<Waiter>;
}

/** Somebody who waits for the answer of a call. */
export interface Waiter {
  settle(answer: CallAnswer): void;
  fail(error: Error): void;
}

/** The answer of a tool call. `json` is the result's text. */
export type CallAnswer =
  | { readonly kind: "result"; readonly callId: string; readonly json: string }
  | { readonly kind: "error"; readonly callId: string; readonly error: { readonly type: string; readonly message: string } }
  /** Nothing came in time. The call stays unanswered: the same callId waits again, or gets the answer. */
  | { readonly kind: "timeout"; readonly callId: string };

/** An answer that is kept. */
export type KeptAnswer = Exclude<CallAnswer, { kind: "timeout" }>;

/** A call as it is shown. */
export interface CallView {
  readonly callId: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly status: "unanswered" | "answered" | "failed";
  readonly result?: unknown;
  readonly error?: { readonly type: string; readonly message: string };
  readonly createdAt: string;
  readonly answeredAt: string | null;
}

/** A conversation as it is listed. */
export interface ConversationSummary {
  readonly conversationId: string;
  readonly agentId: string;
  readonly status: ConversationStatus;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly reason: string | null;
}

/** A conversation as it is shown. */
export interface ConversationView extends ConversationSummary {
  readonly caller: unknown;
  readonly tools: readonly RegisteredTool[];
  /** The newest calls (at most 200), oldest first. */
  readonly toolCalls: readonly CallView[];
}
