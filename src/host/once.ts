// `once`: a business key in a conversation that is honoured one time.                               (P5)
//
// Owns a slice of the record in which the first answer of each key is kept.
//
//   ON1. The first answer is committed with the change that it belongs to.
//   ON2. Kept: the last 512 keys, as far as 64 KiB go.

import type { UnitRun } from "./unit-run.ts";
import { RECORD_MAX_BYTES } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";

const KEYS = 512;
/** Characters of all answers, but for the last one, which may be as large as a result. */
const MAX_CHARACTERS = 65_536;

type Kept = [key: string, json: string][];

/** The slice; its name cannot be a field of an agent. */
export const onceSlice: Slice = {
  name: "$once",
  schemaVersion: 1,
  maxBytes: RECORD_MAX_BYTES,
  initial: () => [],
  restore: (stored) => stored,
  check: (value) => value,
};

/** The first answer of a key, marked as repeated; undefined when there is none. */
export function onceAnswer(run: UnitRun, tool: string, key: string): string | undefined {
  const found = (run.draft(onceSlice) as Kept).find(([known]) => known === `${tool}\n${key}`);
  if (!found) return undefined;
  const answer = JSON.parse(found[1]) as unknown;
  return JSON.stringify(typeof answer === "object" && answer !== null && !Array.isArray(answer) ? { ...answer, repeated: true } : { result: answer, repeated: true });
}

/** Remembers the first answer of a key (ON1, ON2). */
export function rememberOnce(run: UnitRun, tool: string, key: string, json: string): void {
  const kept = run.draft(onceSlice) as Kept;
  kept.push([`${tool}\n${key}`, json]);
  let size = kept.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  while (kept.length > 1 && (kept.length > KEYS || size > MAX_CHARACTERS)) {
    const [name, text] = kept.shift()!;
    size -= name.length + text.length;
  }
}
