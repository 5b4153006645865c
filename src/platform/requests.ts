// What may be asked of the platform, checked: by HTTP bodies and by the methods of LocalPlatform alike.
//
//   U1. Everything is checked before anything happens. No message repeats a value.

import { randomUUID } from "node:crypto";
import { checkId } from "../base/ids.ts";
import { ConversimpleError } from "../base/errors.ts";
import type { CallRequest } from "./delivery.ts";
import { isDeeperThan, isLongerThan, MAX_JSON_BYTES, MAX_JSON_DEPTH } from "./json-measure.ts";
import { PlatformRefusal } from "./refusal.ts";

/** How long a call waits for its answer unless it says, seconds. */
export const DEFAULT_TIMEOUT_SECONDS = 30;
/** How long it may say, seconds. */
export const MAX_TIMEOUT_SECONDS = 600;
const MAX_CALLER_BYTES = 16_384;
/** The longest thing that can be said at once, characters. */
export const MAX_SAID = 4_000;

type Fields = Readonly<Record<string, unknown>>;

/** A new conversation, checked. */
export interface NewConversation {
  readonly id: string;
  readonly agentId: string;
  /** JSON text or null. */
  readonly caller: string | null;
}

/** @throws {PlatformRefusal} 400 or 413. */
export function newConversation(fields: Fields): NewConversation {
  refuseOthers(fields, ["agentId", "caller", "conversationId"]);
  const { agentId, caller, conversationId } = fields;
  return {
    agentId: id(agentId, "agentId"),
    id: conversationId === undefined ? `conv_${randomUUID()}` : addressable(conversationId),
    caller: caller === undefined || caller === null ? null : jsonObject(caller, "caller", MAX_CALLER_BYTES),
  };
}

/**
 * @param nowMs goes into a call id that is made up.
 * @throws {PlatformRefusal} 400 or 413.
 */
export function callRequest(fields: Fields, nowMs: number, signal?: AbortSignal): CallRequest {
  refuseOthers(fields, ["tool", "arguments", "callId", "timeoutSeconds"]);
  const { tool, arguments: args, callId, timeoutSeconds } = fields;
  return {
    tool: id(tool, "tool"),
    arguments: args === undefined || args === null ? "{}" : jsonObject(args, "arguments", MAX_JSON_BYTES),
    callId: callId === undefined || callId === null ? orderedUuid(nowMs) : id(callId, "callId"),
    isFresh: callId === undefined || callId === null,
    timeoutSeconds: seconds(timeoutSeconds),
    ...(signal && { signal }),
  };
}

/** Something that is said to a brain, checked. */
export interface NewMessage {
  readonly text: string;
  readonly keys: string;
  readonly brain: string | undefined;
}

/** @throws {PlatformRefusal} 400 or 413. */
export function newMessage(fields: Fields): NewMessage {
  refuseOthers(fields, ["text", "keys", "brain"]);
  const { text = "", keys = "", brain } = fields;
  if (typeof text !== "string" || typeof keys !== "string" || !/^[0-9*]{0,64}$/.test(keys)) throw new PlatformRefusal(400, "invalid_parameters", "text must be a text; keys, if any, up to 64 of 0 to 9 and *.");
  if (text.trim() === "" && keys === "") throw new PlatformRefusal(400, "invalid_parameters", "text is missing: what the caller says.");
  if (text.length > MAX_SAID) throw new PlatformRefusal(413, "invalid_parameters", `text is longer than ${MAX_SAID} characters.`, { limit: MAX_SAID });
  return { text: text.toWellFormed().trim(), keys, brain: brain === undefined || brain === null ? undefined : id(brain, "brain") };
}

/** A UUID of version 7: it begins with the time, so that new rows lie together in the index of call ids. */
function orderedUuid(nowMs: number): string {
  const time = Math.trunc(nowMs).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}

/** An id, as {@link checkId} says. */
export function id(value: unknown, what: string): string {
  try {
    return checkId(value, what);
  } catch (error) {
    throw new PlatformRefusal(400, "id_invalid", error instanceof ConversimpleError ? error.message : `The ${what} is not an id.`, { what });
  }
}

/** A conversation id must survive as one segment of a URL, where "." and ".." mean something else. */
function addressable(value: unknown): string {
  const checked = id(value, "conversationId");
  if (checked === "." || checked === "..") throw new PlatformRefusal(400, "id_invalid", 'The conversationId cannot be "." or "..", which mean something else in a URL.');
  return checked;
}

function jsonObject(value: unknown, what: string, maxBytes: number): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new PlatformRefusal(400, "invalid_parameters", `${what} must be a JSON object.`, { what });
  if (isDeeperThan(value, MAX_JSON_DEPTH)) throw new PlatformRefusal(400, "invalid_parameters", `${what} is nested deeper than ${MAX_JSON_DEPTH} levels.`, { what, limit: MAX_JSON_DEPTH });
  const text = textOf(value, what);
  if (isLongerThan(text, maxBytes)) throw new PlatformRefusal(413, "invalid_parameters", `${what} is longer than ${maxBytes} bytes of JSON.`, { what, limit: maxBytes });
  return text;
}

/** Scripts in this process can hand over what is not JSON. */
function textOf(value: object, what: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new PlatformRefusal(400, "invalid_parameters", `${what} must be JSON: no bigint, no cycle.`, { what });
  }
}

function seconds(value: unknown): number {
  if (value === undefined || value === null) return DEFAULT_TIMEOUT_SECONDS;
  if (typeof value === "number" && value > 0 && value <= MAX_TIMEOUT_SECONDS) return value;
  throw new PlatformRefusal(400, "invalid_parameters", `timeoutSeconds must be a number above 0 and at most ${MAX_TIMEOUT_SECONDS}.`);
}

/** A misspelt field would be a silent default. */
function refuseOthers(fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new PlatformRefusal(400, "invalid_parameters", `${unknown.length} unknown field(s). Known: ${known.join(", ")}.`, { known });
}
