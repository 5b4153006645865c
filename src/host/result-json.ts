// A tool's result as the JSON that goes over the wire.
//
//   RJ1. What JSON has is kept; a Date becomes its ISO text, a field that is undefined is left out.
//   RJ2. Anything else (function, cycle, NaN, bigint, Map, class instance) is refused with its path, before the commit. (P3)
//   RJ3. An object with toJSON() says itself what it is.

import { MAX_DEPTH } from "../base/codec.ts";
import { ConversimpleError } from "../base/errors.ts";
import type { MaskPath } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import { pathText, type Path } from "../base/path.ts";

/** The largest result, UTF-8 bytes. Source: design 3, Limits. */
export const RESULT_MAX_BYTES = 262_144;

/**
 * The JSON text of a result.
 *
 * @param masks what is personal in it: an error names no key there. (P21)
 * @throws {ConversimpleError} `result_invalid` with the path (RJ2), or when it is larger than {@link RESULT_MAX_BYTES}.
 */
export function resultJson(result: unknown, masks: readonly MaskPath[] = []): string {
  try {
    const text = write(result ?? null, [], []);
    if (text.length * 3 > RESULT_MAX_BYTES && Buffer.byteLength(text) > RESULT_MAX_BYTES) throw new Refused([], `has more than ${RESULT_MAX_BYTES} bytes`);
    return text;
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    const path = pathText("result", Mask.of(masks).along(thrown.path).path);
    throw new ConversimpleError("result_invalid", `${path} ${thrown.reason}. Nothing was committed.`, { path, reason: thrown.reason });
  }
}

/** What JSON does not have, and where. */
class Refused extends Error {
  readonly path: Path;
  readonly reason: string;

  constructor(path: Path, reason: string) {
    super();
    this.path = [...path];
    this.reason = reason;
  }
}

function write(value: unknown, path: (string | number)[], open: object[]): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isFinite(value)) throw new Refused(path, `is ${value}, which JSON does not have`);
      return String(value);
    case "undefined":
      return "null";
    case "object":
      return value === null ? "null" : writeObject(value, path, open);
    default:
      throw new Refused(path, `is a ${typeof value}, which JSON does not have`);
  }
}

function writeObject(value: object, path: (string | number)[], open: object[]): string {
  if (open.length >= MAX_DEPTH) throw new Refused(path, `is nested deeper than ${MAX_DEPTH} levels`);
  if (open.includes(value)) throw new Refused(path, "refers to itself");
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new Refused(path, "is an invalid Date");
    return `"${value.toISOString()}"`;
  }
  const own = (value as { toJSON?: unknown }).toJSON;
  open.push(value);
  const text = typeof own === "function" ? write((own as () => unknown).call(value), path, open) : Array.isArray(value) ? writeArray(value, path, open) : writePlain(value, path, open);
  open.pop();
  return text;
}

function writeArray(value: readonly unknown[], path: (string | number)[], open: object[]): string {
  let text = "[";
  for (let index = 0; index < value.length; index++) {
    path.push(index);
    text += `${index > 0 ? "," : ""}${write(value[index], path, open)}`;
    path.pop();
  }
  return `${text}]`;
}

function writePlain(value: object, path: (string | number)[], open: object[]): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Refused(path, `is a ${(prototype as { constructor?: { name?: string } }).constructor?.name || "class instance"}, which JSON does not have; return its plain data`);
  }
  let text = "{";
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    if (inner === undefined) continue;
    path.push(key);
    text += `${text.length > 1 ? "," : ""}${JSON.stringify(key)}:${write(inner, path, open)}`;
    path.pop();
  }
  return `${text}}`;
}
