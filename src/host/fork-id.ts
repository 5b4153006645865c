// The id of a fork that was given none: one that says of which conversation it is, and can be read aloud.
//
//   FN1. An id like any other: as long as it may be at most, and well formed whatever its source's is.        (base/ids.ts)
//   FN2. By chance, not by number: one that was swept, or is over on a platform that remembers it longer, is not taken up again.

import { randomInt } from "node:crypto";

import { MAX_ID_LENGTH } from "../base/ids.ts";

/** Letters and digits that are not taken for each other. */
const SIGNS = "abcdefghjkmnpqrstuvwxyz23456789";
const LENGTH = 4;
const ENDING = new RegExp(`-fork-[${SIGNS}]{${LENGTH}}$`);

/** `shop-7` becomes `shop-7-fork-k3m9`; a fork of that one is named after `shop-7`, too. */
export function forkId(source: string): string {
  const ending = `-fork-${Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]!).join("")}`;
  const kept = source.replace(ENDING, "").slice(0, MAX_ID_LENGTH - ending.length);
  // The cut may have left half of a character.
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}${ending}`;
}
