// A record's text: the slices of one owner in one checked envelope.
//
// Owns the stored form around the codec: format, version, checksum, size limits.
//
//   {"format":1,"at":17,"crc":"0a1b2c3d","parts":{"state":{"version":1,"data":{...}},...}}
//
// A part with personal fields says which they are, `{"version":1,"mask":["cart/*/note"],"data":{...}}`, so that whoever shows
// it can mask it without the agent's code (P21). One without, also of an older release, is shown as it is.
//
//   RE1. The checksum covers owner, version and parts, so a text under another owner or a flipped byte is noticed. (P10)
//   RE2. A text of a newer format is refused, not guessed.
//   RE3. The text is JSON, so SQL can look into it.

import { crc32 } from "node:zlib";

import { decode, encode, ENVELOPE_DEPTH, MAX_DEPTH, revive, type KnownTexts } from "../base/codec.ts";
import { StateQuarantinedError, StateTooLargeError } from "../base/errors.ts";
import type { MaskPath } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import { shownBytes } from "../base/shown-size.ts";
import { unreadable } from "./encrypted-text.ts";
import type { Slice } from "./slice.ts";
import type { Owner } from "./store.ts";

const FORMAT = 1;
const HEAD = /^\{"format":(\d+),"at":(\d+),"crc":"([0-9a-f]{8})","parts":/;

/** The largest record, UTF-8 bytes. Source: P9. */
export const RECORD_MAX_BYTES = 1_048_576;
/** The size from which a record is worth a warning, as a share of its limit. Source: P9. */
export const WARN_SHARE = 0.8;

/** A slice as it is stored. */
export interface StoredPart {
  readonly version: number;
  /** What is masked wherever it is shown. */
  readonly mask?: readonly MaskPath[];
  readonly data: unknown;
}

/** Texts of small objects of committed values: what a unit did not touch is not encoded again. */
const KNOWN: KnownTexts = new WeakMap();

/** The text of one part, checked against its size limit. The value must not be changed any more. Errors name no personal key. (P21) */
export function encodePart(slice: Slice, value: unknown): string {
  const text = encode(value, slice.name, KNOWN, MAX_DEPTH, (path) => Mask.of(slice.masks).along(path).path);
  // A character is at most 3 bytes: the exact count is needed near the limit only.
  if (text.length * 3 > slice.maxBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > slice.maxBytes) throw tooLarge(slice, value, bytes);
  }
  return partText(slice.schemaVersion, slice.masks, text);
}

/** The text of a part around the text of its value. */
export function partText(version: number, mask: readonly MaskPath[] | undefined, data: string): string {
  return `{"version":${version},${mask === undefined || mask.length === 0 ? "" : `"mask":${JSON.stringify(mask)},`}"data":${data}}`;
}

/** The text of a record from the texts of its parts. */
export function sealRecord(owner: Owner, version: number, parts: Iterable<readonly [name: string, text: string]>): string {
  let body = "";
  for (const [name, text] of parts) body += `${body === "" ? "" : ","}${JSON.stringify(name)}:${text}`;
  body = `{${body}}`;
  if (body.length * 3 > RECORD_MAX_BYTES && Buffer.byteLength(body) > RECORD_MAX_BYTES) {
    throw new StateTooLargeError(`The record has more than ${RECORD_MAX_BYTES} bytes. Store ids, not documents.`, { limit: RECORD_MAX_BYTES });
  }
  return `{"format":${FORMAT},"at":${version},"crc":"${checksum(owner, version, body)}","parts":${body}}`;
}

/**
 * The parts of a stored text (RE1, RE2).
 *
 * @param version the version that the store has for the owner; the text may be of an older one, never of a newer.
 * @throws {StateQuarantinedError} when it is corrupt, newer than this code, or of another owner.
 */
export function openRecord(owner: Owner, version: number, text: string): Map<string, StoredPart> {
  const head = HEAD.exec(text);
  if (!head) checkReadable(owner, text);
  if (!head) throw new StateQuarantinedError(owner, "its text is damaged");
  // The checksum does not cover the format, so anything that is not a known one is refused.
  if (Number(head[1]) < FORMAT) throw new StateQuarantinedError(owner, "its text is damaged");
  if (Number(head[1]) > FORMAT) throw new StateQuarantinedError(owner, `it was written by a newer release (format ${head[1]})`);
  const at = Number(head[2]);
  const body = text.slice(head[0].length, -1);
  if (text.at(-1) !== "}" || at > version || checksum(owner, at, body) !== head[3]) throw new StateQuarantinedError(owner, "its checksum is wrong");
  try {
    const parts = new Map<string, StoredPart>();
    for (const [name, part] of Object.entries(JSON.parse(body) as Record<string, StoredPart>)) {
      parts.set(name, { ...part, data: revive(part.data, 0) });
    }
    return parts;
  } catch (thrown) {
    throw new StateQuarantinedError(owner, "its text cannot be read", { cause: thrown instanceof Error ? thrown.name : "unknown" });
  }
}

function checksum(owner: Owner, version: number, body: string): string {
  // In two steps: the body is long, and need not be copied behind the rest.
  return crc32(body, crc32(`${owner}\n${version}\n`)).toString(16).padStart(8, "0");
}

/** The sizes of a value's fields as they may be shown, largest first: what to look at when a record grows. */
function largestFields(value: unknown, mask: Mask, count = 5): readonly string[] {
  // Where the whole is personal, so are its keys.
  if (mask.isWhole || typeof value !== "object" || value === null) return [];
  const fields = value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
  return fields
    .map(([field, item]) => ({ field, bytes: shownBytes(item, mask.at(field), Buffer.byteLength(encode(item))) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, count)
    .map(({ field, bytes }) => `${field} (${bytes})`);
}

function tooLarge({ name, masks, maxBytes: limit }: Slice, value: unknown, size: number): StateTooLargeError {
  const mask = Mask.of(masks);
  const bytes = Math.max(shownBytes(value, mask, size), limit + 1);
  const largest = largestFields(value, mask);
  return new StateTooLargeError(
    `${name} would have ${bytes} bytes, the limit is ${limit}.${largest.length === 0 ? "" : ` The largest fields: ${largest.join(", ")}.`} Store ids, not documents, or raise maxBytes.`,
    { part: name, bytes, limit, largest },
  );
}

/** The text of a small document of the journal or of the inbox, with a checksum of its own. */
export function sealText(value: unknown): string {
  return sealBody(encode(value, "message", undefined, MAX_DEPTH + ENVELOPE_DEPTH));
}

/** The same for a text that is encoded already. */
export function sealBody(body: string): string {
  return `${crc32(body).toString(16).padStart(8, "0")}${body}`;
}

/**
 * The value of {@link sealText}.
 *
 * @throws {StateQuarantinedError} when it is damaged.
 */
export function openText(owner: Owner, text: string): unknown {
  return decode(openBody(owner, text));
}

/**
 * The text of {@link sealBody}.
 *
 * @throws {StateQuarantinedError} when it is damaged.
 */
export function openBody(owner: Owner, text: string): string {
  const body = text.slice(8);
  if (crc32(body).toString(16).padStart(8, "0") === text.slice(0, 8)) return body;
  checkReadable(owner, text);
  throw new StateQuarantinedError(owner, "a text beside the record is damaged");
}

/** @throws {StateQuarantinedError} when it is encrypted, or its store refused it: nothing is damaged then. */
function checkReadable(owner: Owner, text: string): void {
  const reason = unreadable(text);
  if (reason !== undefined) throw new StateQuarantinedError(owner, reason);
}
