// The frames of Twilio's ConversationRelay, from the side of the application that it calls.
//
// Owns names and shapes. Decides nothing.
//
//   RF1. `readFrame` never throws: what cannot be read is `malformed`, what is not known is `unknown`.
//   RF2. Nothing of a frame is repeated in a reason.

import type { Gesture } from "../brains/brain.ts";
import { isDeeperThan } from "../json-measure.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The longest frame, characters. Source: what can be said at once is far less. */
export const MAX_RELAY_FRAME = 65_536;
const MAX_DEPTH = 8;

export type RelayFrame =
  /** `parameters` are the custom parameters of the call, `call` what is known of the line. */
  | { readonly kind: "setup"; readonly parameters: Readonly<Record<string, string>>; readonly call: Readonly<Record<string, string>> }
  | { readonly kind: "prompt"; readonly text: string; readonly isLast: boolean }
  | { readonly kind: "dtmf"; readonly digit: string }
  | { readonly kind: "interrupt"; readonly heardUpTo: string | undefined }
  | { readonly kind: "error" }
  | { readonly kind: "unknown" }
  | { readonly kind: "malformed"; readonly reason: string };

/** What is kept of `setup` as a hint about who calls. */
const CALL_FIELDS = ["sessionId", "callSid", "parentCallSid", "from", "to", "forwardedFrom", "callerName", "direction", "callType"] as const;

/** Reads a frame (RF1). */
export function readFrame(text: string): RelayFrame {
  if (text.length > MAX_RELAY_FRAME) return malformed("it is too long");
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return malformed("it is not JSON");
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame) || isDeeperThan(frame, MAX_DEPTH)) return malformed("it is not an object");
  const fields = frame as Fields;
  switch (fields.type) {
    case "setup":
      return { kind: "setup", parameters: textsOf(fields.customParameters), call: textsOf(Object.fromEntries(CALL_FIELDS.map((name) => [name, fields[name]]))) };
    case "prompt":
      return typeof fields.voicePrompt === "string" ? { kind: "prompt", text: fields.voicePrompt.toWellFormed(), isLast: fields.last !== false } : malformed("voicePrompt is missing");
    case "dtmf":
      return typeof fields.digit === "string" && /^[0-9*#A-D]$/.test(fields.digit) ? { kind: "dtmf", digit: fields.digit } : malformed("digit must be one key");
    case "interrupt":
      return { kind: "interrupt", heardUpTo: typeof fields.utteranceUntilInterrupt === "string" ? fields.utteranceUntilInterrupt.toWellFormed() : undefined };
    case "error":
      return { kind: "error" };
    default:
      return { kind: "unknown" };
  }
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "" && entry[1].length <= 1_024 && entry[0] !== "__proto__").slice(0, 64));
}

function malformed(reason: string): RelayFrame {
  return { kind: "malformed", reason };
}

export function textFrame(token: string, isLast: boolean): string {
  return JSON.stringify({ type: "text", token, last: isLast });
}

export function gestureFrame(gesture: Gesture): string {
  switch (gesture.kind) {
    case "play":
      return JSON.stringify({ type: "play", source: gesture.source });
    case "digits":
      return JSON.stringify({ type: "sendDigits", digits: gesture.digits });
    default:
      return JSON.stringify({ type: "language", ttsLanguage: gesture.language, transcriptionLanguage: gesture.language });
  }
}

/** The session ends. What is handed over says why, and which conversation it was. */
export function endFrame(conversationId: string | undefined, reason: string): string {
  return JSON.stringify({ type: "end", handoffData: JSON.stringify({ ...(conversationId === undefined ? {} : { conversationId }), reason }) });
}
