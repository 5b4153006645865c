// One Phoenix frame: the array form (V2) and the object form (V1), both ways.
//
// Owns the shape of a frame and its size limit. Knows no event names.
//
//   F1. `parseFrame` never throws anything but `frame_invalid` or `frame_too_large`; the text is not repeated.
//   F2. A payload that is encoded already (RawJson) is put in as it is, so that a result is encoded once.

import { ConversimpleError } from "../base/errors.ts";

/** The largest frame, in UTF-8 bytes. Source: design 3, Limits. */
export const MAX_FRAME_BYTES = 1_048_576;

/** `array`: `[join_ref, ref, topic, event, payload]` (vsn 2.0.0). `object`: the V1 form, which the Python SDK sends. */
export type FrameForm = "array" | "object";

/** JSON text that takes the place of a value. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface Frame {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** A JSON value, or a payload that is text already. */
  readonly payload: unknown;
}

/** The frame as text. */
export function encodeFrame(frame: Frame, form: FrameForm): string {
  const payload = frame.payload instanceof RawJson ? frame.payload.text : JSON.stringify(frame.payload ?? {});
  const { joinRef, ref, topic, event } = frame;
  const head = form === "array" ? JSON.stringify([joinRef, ref, topic, event]) : JSON.stringify({ topic, event, ref, join_ref: joinRef });
  return form === "array" ? `${head.slice(0, -1)},${payload}]` : `${head.slice(0, -1)},"payload":${payload}}`;
}

/** A bare message of the documentation: `{ type: "<event>", ...payload }`. */
export interface BareMessage {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export type Parsed = { readonly kind: "frame"; readonly form: FrameForm; readonly frame: Frame } | { readonly kind: "bare"; readonly message: BareMessage };

/** Reads either form, or a bare message (F1). */
export function parseFrame(text: string): Parsed {
  if (text.length > MAX_FRAME_BYTES) throw tooLarge(text.length);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("is not JSON");
  }
  if (Array.isArray(value)) {
    if (value.length !== 5) throw invalid("is an array without five elements");
    const [joinRef, ref, topic, event, payload] = value as unknown[];
    return { kind: "frame", form: "array", frame: checked(joinRef, ref, topic, event, payload) };
  }
  if (typeof value !== "object" || value === null) throw invalid("is neither an array nor an object");
  const record = value as Record<string, unknown>;
  // A bare lifecycle message has a field `event` of its own, so the topic tells.
  if (typeof record.topic === "string") {
    return { kind: "frame", form: "object", frame: checked(record.join_ref ?? null, record.ref ?? null, record.topic, record.event, record.payload) };
  }
  if (typeof record.type === "string") {
    const { type, ...payload } = record;
    return { kind: "bare", message: { type, payload } };
  }
  throw invalid("has neither topic nor type");
}

function checked(joinRef: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown): Frame {
  if (typeof topic !== "string") throw invalid("has no topic");
  if (typeof event !== "string") throw invalid("has no event");
  return { joinRef: refOf(joinRef), ref: refOf(ref), topic, event, payload: payload ?? {} };
}

/** Refs are strings; some clients send numbers. */
function refOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (value === null || value === undefined) return null;
  throw invalid("has a ref that is not a string");
}

function invalid(reason: string): ConversimpleError {
  return new ConversimpleError("frame_invalid", `A frame ${reason}. It was ignored.`, { reason });
}

function tooLarge(bytes: number): ConversimpleError {
  return new ConversimpleError("frame_too_large", `A frame has ${bytes} bytes, the limit is ${MAX_FRAME_BYTES}.`, { bytes, limit: MAX_FRAME_BYTES });
}
