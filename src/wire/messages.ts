// What the platform says, read into typed messages.
//
// Owns the names and spellings of the platform's events, those of its SDK and those of its documentation. Decides
// nothing.
//
//   M1. `readMessage` never throws: what cannot be read is a message of kind `malformed`.
//   M2. Every id in a message has been checked (base/ids.ts).
//   M3. `account` names the platform's account, never a caller.

import { codeOf } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A tool call as the platform asks for it. */
export interface ToolCallRequest {
  readonly kind: "tool_call";
  readonly callId: string;
  readonly tool: string;
  /** Parsed JSON, not validated. */
  readonly arguments: unknown;
  readonly conversationId: string | undefined;
  /** How long the platform waits, in milliseconds. */
  readonly timeoutMs: number | undefined;
}

export type PlatformMessage =
  | {
      readonly kind: "conversation_ready";
      readonly conversationId: string;
      readonly agentId: string;
      readonly account: string | undefined;
      readonly caller: Fields | undefined;
    }
  | { readonly kind: "conversation_started"; readonly conversationId: string; readonly agentId: string | undefined; readonly caller: Fields | undefined }
  | { readonly kind: "conversation_ended"; readonly conversationId: string; readonly reason: string }
  | ToolCallRequest
  | { readonly kind: "config_update"; readonly config: Fields }
  /** Informational: something to log by name. */
  | { readonly kind: "notice"; readonly event: string }
  /** An event that this version does not know. */
  | { readonly kind: "unknown"; readonly event: string }
  /** A known event that cannot be used. `callId` is there when somebody waits for an answer. */
  | { readonly kind: "malformed"; readonly event: string; readonly reason: string; readonly callId?: string };

/** The longest tool name that is looked up; longer ones are nobody's. */
const MAX_NAME_LENGTH = 256;
const NOTICES: ReadonlySet<string> = new Set(["analytics_update", "hook_event", "connection_warning", "error_notification", "heartbeat"]);

/** Reads an event and its payload (M1, M2). */
export function readMessage(event: string, payload: unknown): PlatformMessage {
  if (NOTICES.has(event)) return { kind: "notice", event };
  const read = READERS[event as keyof typeof READERS];
  if (!Object.hasOwn(READERS, event) || !read) return { kind: "unknown", event: event.slice(0, MAX_NAME_LENGTH) };
  if (!isFields(payload)) return { kind: "malformed", event, reason: "its payload is not an object" };
  try {
    return read(payload);
  } catch (error) {
    if (codeOf(error) !== "id_invalid") throw error;
    return malformed(event, payload, (error as Error).message);
  }
}

const READERS = {
  conversation_ready: readReady,
  conversation_lifecycle: readLifecycle,
  tool_call_request: readToolCall,
  config_update: (config: Fields): PlatformMessage => ({ kind: "config_update", config }),
} as const;

function readReady(payload: Fields): PlatformMessage {
  return {
    kind: "conversation_ready",
    conversationId: checkId(payload.conversation_id, "conversation id"),
    agentId: checkId(payload.agent_id, "agent id"),
    account: typeof payload.customer_id === "string" ? payload.customer_id : undefined,
    caller: isFields(payload.caller) ? payload.caller : undefined,
  };
}

function readLifecycle(payload: Fields): PlatformMessage {
  const conversationId = checkId(payload.conversation_id, "conversation id");
  switch (payload.event) {
    case "conversation_started":
    case "started":
      return {
        kind: "conversation_started",
        conversationId,
        agentId: payload.agent_id === undefined || payload.agent_id === null ? undefined : checkId(payload.agent_id, "agent id"),
        caller: isFields(payload.caller) ? payload.caller : undefined,
      };
    case "conversation_ended":
    case "ended":
      return { kind: "conversation_ended", conversationId, reason: reasonOf(payload.reason) };
    default:
      return { kind: "notice", event: "conversation_lifecycle" };
  }
}

function readToolCall(payload: Fields): PlatformMessage {
  const callId = checkId(payload.call_id, "call id");
  const tool = payload.tool_name;
  if (typeof tool !== "string" || tool.length === 0 || tool.length > MAX_NAME_LENGTH) {
    return { kind: "malformed", event: "tool_call_request", reason: "it names no tool", callId };
  }
  const id = payload.conversation_id;
  return {
    kind: "tool_call",
    callId,
    tool,
    arguments: payload.arguments ?? payload.parameters ?? {},
    conversationId: id === undefined || id === null ? undefined : checkId(id, "conversation id"),
    timeoutMs: timeoutOf(payload.timeout_seconds),
  };
}

/** A limit that is no positive number is no limit: the tool's own holds. */
function timeoutOf(seconds: unknown): number | undefined {
  return typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

/** A word for the journal; anything else than a short word is `ended`. */
function reasonOf(reason: unknown): string {
  return typeof reason === "string" && /^[\w.:-]{1,64}$/.test(reason) ? reason : "ended";
}

function malformed(event: string, payload: Fields, reason: string): PlatformMessage {
  const callId = callIdOf(payload);
  return callId === undefined ? { kind: "malformed", event, reason } : { kind: "malformed", event, reason, callId };
}

function callIdOf(payload: Fields): string | undefined {
  try {
    return checkId(payload.call_id, "call id");
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
