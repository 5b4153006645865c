// A record as a file: what a person repairs by hand and gives back.
//
// Owns the two forms that are taken: the text of a record, as a backup holds it, whose checksum is not asked for; and what
// `conversimple state show --json` prints.
//
//   RF1. What is read has passed the codec: nothing in it that a record could not hold.

import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { decode } from "../../../base/codec.ts";
import { textOf } from "../../../base/errors.ts";
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
 * @param schemaOf the schema version of a part that does not name its own.
 * @throws {Failure} It cannot be read, or is neither form.
 */
export function readRecordFile(path: string, decrypted: (text: string) => string, schemaOf: (part: string) => number): PastParts {
  if (!existsSync(path)) throw new Failure(`${path} does not exist.`);
  const stored = readFileSync(path, "utf8").trim();
  if (stored.length > MAX_BYTES) throw new Failure(`${path} is too large for a record.`);
  const text = decrypted(stored);
  const reason = unreadable(text);
  if (reason !== undefined) throw new Failure(`${path} cannot be read: ${reason}.`);
  const content = decoded(path, text) as { readonly format?: unknown; readonly parts?: unknown } | null;
  const parts = content?.parts;
  if (typeof parts !== "object" || parts === null || Object.keys(parts).length === 0) {
    throw new Failure(`${path} holds no record.`, { remedy: "Give the text of a record, as a backup has it, or what conversimple state show <id> --json prints: an object with parts." });
  }
  const isRecord = content?.format !== undefined;
  return new Map(Object.entries(parts).map(([name, value]) => [name, isRecord ? storedPart(path, name, value) : { version: schemaOf(name), data: value as unknown }]));
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

function storedPart(path: string, name: string, value: unknown): StoredPart {
  const part = value as Partial<StoredPart> | null;
  if (typeof part?.version === "number" && "data" in part) return part as StoredPart;
  throw new Failure(`${path} holds no record: its part ${name} has no version or no data.`);
}
