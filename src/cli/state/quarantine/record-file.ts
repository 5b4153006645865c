// A record as a file: what a person repairs by hand and gives back.
//
// Owns the two forms that are taken: the text of a record, as a backup holds it, whose checksum is not asked for; and what
// `conversimple state show --json` prints.
//
//   RF1. What is masked in what was printed is not taken for a value: a person's name would be three dots from then on.
//   RF2. What is read has passed the codec: nothing in it that a record could not hold.

import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { decode } from "../../../base/codec.ts";
import { textOf } from "../../../base/errors.ts";
import { MASKED } from "../../../base/mask.ts";
import { pathText, type Path } from "../../../base/path.ts";
import { unreadable } from "../../../state/encrypted-text.ts";
import type { StoredPart } from "../../../state/record.ts";
import { Failure } from "../../failure.ts";
import type { PastParts } from "./past.ts";

/** The largest file that is read, bytes. Source: a record's limit, and room for the spaces of a person. */
const MAX_BYTES = 8 * 1_048_576;

/**
 * The parts that a file holds.
 *
 * @param decrypted a text as the store would give it; the text itself unless it is encrypted.
 * @param beside the schema version of a part that does not name its own, and what is masked in one that was printed.
 * @throws {Failure} It cannot be read, is neither form, or was printed masked.
 */
export function readRecordFile(path: string, decrypted: (text: string) => string, beside: (part: string) => Pick<StoredPart, "version" | "mask">): PastParts {
  if (!existsSync(path)) throw new Failure(`${path} does not exist.`);
  const stored = readFileSync(path, "utf8").trim();
  if (stored.length > MAX_BYTES) throw new Failure(`${path} is too large for a record.`);
  const text = decrypted(stored);
  const reason = unreadable(text);
  if (reason !== undefined) throw new Failure(`${path} cannot be read: ${reason}.`);
  const content = decoded(path, text) as { readonly format?: unknown; readonly parts?: unknown; readonly schemas?: unknown } | null;
  const parts = content?.parts;
  if (typeof parts !== "object" || parts === null || Object.keys(parts).length === 0) {
    throw new Failure(`${path} holds no record.`, { remedy: "Give the text of a record, as a backup has it, or what conversimple state show <id> --json prints: an object with parts." });
  }
  if (content?.format !== undefined) return new Map(Object.entries(parts).map(([name, value]) => [name, storedPart(path, name, value)]));
  const schemas = (content?.schemas ?? {}) as Readonly<Record<string, unknown>>;
  return new Map(Object.entries(parts).map(([name, value]) => [name, printedPart(path, name, value, { ...beside(name), ...(typeof schemas[name] === "number" ? { version: schemas[name] } : {}) })]));
}

/** Writes what was stored beside where one stands; never over a file. Readable by its owner only. */
export function writeBackup(id: string, version: number, text: string): string {
  const name = id.replaceAll(/[^A-Za-z0-9._-]+/g, "_").slice(0, 80);
  for (let copy = 0; ; copy++) {
    const path = `quarantined-${name}-v${version}${copy === 0 ? "" : `-${copy}`}.txt`;
    if (existsSync(path)) continue;
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
    return path;
  }
}

function decoded(path: string, text: string): unknown {
  try {
    return decode(text);
  } catch (thrown) {
    throw new Failure(`${path} cannot be read: ${textOf(thrown)}`, { cause: thrown });
  }
}

/** RF1. */
function printedPart(path: string, name: string, data: unknown, beside: Pick<StoredPart, "version" | "mask">): StoredPart {
  const masked = maskedPlace(data, []);
  if (masked === undefined) return { ...beside, data };
  throw new Failure(`${path} was printed masked: ${pathText(name, masked)} is ${MASKED}, and would be stored so.`, { remedy: 'Print it in clear: conversimple state show <id> --json --reveal "<reason>"; or repair the text of the record, as a backup and conversimple state quarantine show <id> --raw have it.' });
}

function maskedPlace(value: unknown, path: Path): Path | undefined {
  if (value === MASKED) return path;
  if (typeof value !== "object" || value === null) return undefined;
  const inner = value instanceof Map || value instanceof Set ? [...value.entries()].flat().entries() : Object.entries(value);
  for (const [key, each] of inner) {
    const found = maskedPlace(each, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

function storedPart(path: string, name: string, value: unknown): StoredPart {
  const part = value as Partial<StoredPart> | null;
  if (typeof part?.version === "number" && "data" in part) return part as StoredPart;
  throw new Failure(`${path} holds no record: its part ${name} has no version or no data.`);
}
