// The body of a request: bounded, and an object.
//
//   E1. A body over the limit is read to its end and thrown away, so that the client hears 413 and not a reset;
//       only one that goes on far beyond is cut.

import type { Context } from "hono";
import { PlatformRefusal } from "./refusal.ts";

/** The largest body, bytes: arguments of the largest size with every character escaped still fit. */
const MAX_BODY_BYTES = 2 * 1_048_576;
const CUT_BYTES = 8 * MAX_BODY_BYTES;

/** The fields of a JSON object, nothing about them checked. */
export type Fields = Readonly<Record<string, unknown>>;

/** @throws {PlatformRefusal} 400 when it is no JSON object, 413 when it is too long. */
export async function fieldsOf(c: Context): Promise<Fields> {
  const text = await textOf(c);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new PlatformRefusal(400, "invalid_parameters", "The body is not JSON.");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new PlatformRefusal(400, "invalid_parameters", "The body must be a JSON object.");
  return body as Fields;
}

async function textOf(c: Context): Promise<string> {
  const declared = Number(c.req.header("content-length") ?? Infinity);
  if (declared <= MAX_BODY_BYTES) return c.req.text();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    if (bytes > CUT_BYTES) break;
  }
  if (bytes > MAX_BODY_BYTES) throw new PlatformRefusal(413, "invalid_parameters", `The body is longer than ${MAX_BODY_BYTES} bytes.`, { limit: MAX_BODY_BYTES });
  return Buffer.concat(chunks).toString("utf8");
}
