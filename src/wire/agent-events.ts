// What the agent says to the platform.
//
// Owns the names and payloads of the agent's events. A payload is text, so that it is encoded once and is the same
// each time that it is sent.

import { RawJson } from "./frame.ts";

export const REGISTER_TOOLS = "register_conversation_tools";
export const TOOL_CALL_RESPONSE = "tool_call_response";
export const TOOL_CALL_ERROR = "tool_call_error";

/** A tool as the platform and its model see it. */
export interface RegisteredTool {
  readonly name: string;
  readonly description: string;
  /** A JSON Schema object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Phrases by which a caller asks for it. */
  readonly examples?: readonly string[];
  /** What is masked of its results wherever they are shown. */
  readonly resultMasks?: readonly string[];
}

/** The payload of `register_conversation_tools`; the last one for a conversation counts. */
export function registration(conversationId: string, tools: readonly RegisteredTool[]): RawJson {
  // Only the local platform knows phrases and masks; a platform gets them for the tools that have any.
  const listed = tools.map(({ name, description, parameters, examples, resultMasks }) => ({ name, description, parameters, ...(examples ? { examples } : {}), ...(resultMasks ? { result_masks: resultMasks } : {}) }));
  return new RawJson(JSON.stringify({ conversation_id: conversationId, tools: listed }));
}

/** The payload of `tool_call_response`. @param resultJson the result as JSON text, put in as it is. */
export function toolCallResponse(callId: string, resultJson: string): RawJson {
  return new RawJson(`{"call_id":${JSON.stringify(callId)},"result":${resultJson}}`);
}

/** What went wrong, for the platform and its model: a code and words, never state. */
export interface CallFailure {
  readonly type: string;
  readonly message: string;
  /** Names the entry in this process's log. */
  readonly reference?: string | undefined;
}

/** The payload of `tool_call_error`. @param atMs when it failed, milliseconds since 1970. */
export function toolCallError(callId: string, { type, message, reference }: CallFailure, atMs: number): RawJson {
  return new RawJson(JSON.stringify({ call_id: callId, error: { message, timestamp: new Date(atMs).toISOString(), type, reference } }));
}
