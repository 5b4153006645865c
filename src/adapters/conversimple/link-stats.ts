// What the link counts, beside the wire's own counters.

import { type WireStats, newWireStats } from "../../wire/wire-stats.ts";

/** Why a message that was understood was not acted upon. */
export type IgnoreReason = "agent_unknown" | "message_malformed" | "message_unknown" | "conversation_refused";

/** Counters that only grow. */
export interface LinkStats {
  readonly wire: WireStats;
  readonly ignored: Record<IgnoreReason, number>;
  /** Tool calls by what they were answered with: `result`, `repeated`, `gone` or an error's code. */
  readonly toolCalls: Map<string, number>;
}

/** Called after each tool call, with how long it took in milliseconds. */
export type CallListener = (outcome: string, durationMs: number) => void;

export function newLinkStats(): LinkStats {
  return {
    wire: newWireStats(),
    ignored: { agent_unknown: 0, message_malformed: 0, message_unknown: 0, conversation_refused: 0 },
    toolCalls: new Map(),
  };
}
