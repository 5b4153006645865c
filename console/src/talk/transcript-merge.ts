// What the page knows of what was said, and what the server says of it.
//
//   TM1. The server's lines replace those that are known from the same time on: they may be masked again.
//   TM2. What a platform forgot when it was started anew stays as it was shown.
//   TM3. A line that was only heard of has no time of the server, so it never outlives an answer.

import type { SaidLine } from "../lib/api.ts";

/** A line of the page. */
export type KnownLine = SaidLine & { /** Not from the transcript yet (TM3). */ readonly isHeard?: true };

/** The lines after an answer of the server. */
export function mergeTranscript(known: readonly KnownLine[], answered: readonly SaidLine[]): readonly KnownLine[] {
  const first = answered[0];
  if (!first) return known;
  const before = known.filter((line) => line.isHeard === undefined && Date.parse(line.at) < Date.parse(first.at));
  return [...before, ...answered];
}
