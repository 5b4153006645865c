// The inspector beside the local platform: what the page does with calls, and hears of them.
//
//   PI1. The page has the same doors as callers and scripts, with the same checks.
//   PI2. What it hears carries ids, names and masked words, as every event of the platform does.          (P21)

import type { Clock } from "../base/clock.ts";
import type { MaskPath } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import type { CallResult, InspectorEvent } from "../inspector/api.ts";
import type { TalkDesk } from "../inspector/desks.ts";
import { Inspector } from "../inspector/inspector.ts";
import type { CallAnswer } from "./conversation.ts";
import type { PlatformEvent, PlatformEvents } from "./platform-events.ts";
import type { PlatformInspector } from "./platform-options.ts";

/** What the inspector of a platform needs of it. */
export interface InspectedPlatform {
  readonly clock: Clock;
  readonly events: PlatformEvents;
  readonly brains: readonly string[];
  create(fields: { agentId: string; conversationId?: string; caller?: Readonly<Record<string, unknown>> }): Promise<{ conversationId: string }>;
  call(conversationId: string, fields: Readonly<Record<string, unknown>>): Promise<CallAnswer>;
  end(conversationId: string, reason: string): Promise<void>;
  /** What is masked of a tool's results; undefined when the tool is not known. */
  resultMasks(conversationId: string, tool: string): readonly MaskPath[] | undefined;
  report(error: unknown): void;
}

/** The inspector of a platform, and the end of both. */
export interface Inspection {
  readonly inspector: Inspector;
  close(): void;
}

/** The inspector of a platform. */
export function inspectionOf(options: PlatformInspector, platform: InspectedPlatform): Inspection {
  const { store, address, token, version, desk, secret, callCommand } = options;
  const inspector = new Inspector({
    store, address, token, version, desk, secret, callCommand, mode: "dev", clock: platform.clock, talk: talkDesk(platform), canWrite: true, canReveal: true,
    onFault: (error) => platform.report(error),
  });
  const stopHearing = platform.events.on((event) => {
    const shown = shownEvent(event);
    if (shown) inspector.tell(shown);
  });
  return {
    inspector,
    close: () => {
      stopHearing();
      inspector.close();
    },
  };
}

/** PI1. */
function talkDesk(platform: InspectedPlatform): TalkDesk {
  return {
    brains: platform.brains,
    create: (agentId, conversationId, caller) => platform.create({ agentId, ...(conversationId === undefined ? {} : { conversationId }), ...(caller === undefined ? {} : { caller }) }),
    call: async (conversationId, tool, input, callId) => {
      const answer = await platform.call(conversationId, { tool, arguments: input, ...(callId === undefined ? {} : { callId }) });
      return resultOf(answer, platform.resultMasks(conversationId, tool) ?? [""]);
    },
    end: (conversationId, reason) => platform.end(conversationId, reason),
  };
}

/** The page is no caller: what is personal in a result is masked. (P21) */
function resultOf(answer: CallAnswer, masks: readonly MaskPath[]): CallResult {
  if (answer.kind === "result") return { kind: "result", callId: answer.callId, result: Mask.of(masks).shown(JSON.parse(answer.json)) };
  if (answer.kind === "error") return answer;
  return { kind: "error", callId: answer.callId, error: { type: "tool_timeout", message: "No answer came in time. The call stays open." } };
}

/** PI2. */
function shownEvent(event: PlatformEvent): InspectorEvent | undefined {
  switch (event.type) {
    case "conversation_created":
      // Nothing is stored of it before an agent serves it, so there is nothing to ask for.
      return undefined;
    case "conversation_active":
    case "conversation_waiting":
    case "conversation_ended":
      return { type: "conversation", conversationId: event.conversationId };
    case "agent_joined":
    case "agent_left":
      return { type: "agents" };
    default: {
      const { conversationId, ...talk } = event;
      return { type: "talk", conversationId, event: talk };
    }
  }
}
