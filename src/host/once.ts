// `once`: a business key in a conversation that is honoured one time.                               (P5)
//
// Owns a slice of the record in which the first answer of each key is kept.
//
//   ON1. The first answer is committed with the change that it belongs to.
//   ON2. Kept: the last 512 keys. Their answers as far as 64 KiB go, the oldest go first; a key whose answer is gone
//        still runs nothing.
//   ON3. Where a tool runs for somebody who is logged in, an answer is given to nobody else: the phone may change hands. (P18)

import { checkId } from "../base/ids.ts";
import type { OnceKey, Running } from "../agent/running.ts";
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
export function onceAnswer(run: Pick<Running, "draft">, key: OnceKey): string | undefined {
  const name = onceName(key);
  const found = (run.draft(onceSlice) as Kept).find(([known]) => known === name);
  return found && repeatedAnswer(found[1]);
}

/** The first answer as it is given again. */
export function repeatedAnswer(json: string): string {
  const answer = json === GONE ? {} : (JSON.parse(json) as unknown);
  return JSON.stringify(typeof answer === "object" && answer !== null && !Array.isArray(answer) ? { ...answer, repeated: true } : { result: answer, repeated: true });
}

/** Remembers the first answer of a key (ON1, ON2). */
export function rememberOnce(run: Pick<Running, "draft">, key: OnceKey, json: string): void {
  const kept = run.draft(onceSlice) as Kept;
  kept.push([onceName(key), json]);
  while (kept.length > KEYS) kept.shift();
  let size = kept.reduce((sum, [, text]) => sum + text.length, 0);
  for (let index = 0; size > MAX_CHARACTERS && index < kept.length - 1; index++) {
    const entry = kept[index]!;
    size -= entry[1].length;
    entry[1] = GONE;
  }
}

/** In the place of an answer that is not kept any more: no JSON text is empty. */
const GONE = "";

/** How a key is called among all of a conversation. None of the three has a newline. */
export function onceName({ tool, key, whose }: OnceKey): string {
  return `${tool}\n${checkId(key, `key of once of ${tool}`)}${whose === "" ? "" : `\n${whose}`}`;
}
