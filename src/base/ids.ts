// Ids that strangers choose: conversation ids, call ids, customer ids.
//
//   I1. An id is 1 to 256 characters (UTF-16 code units), any Unicode but control characters and lone surrogates.
//   I2. An id is never normalised, cut or folded: two different ids stay two different ids.

import { ConversimpleError } from "./errors.ts";

/** The longest id, in UTF-16 code units. Source: the project's own limit (design 3, Limits). */
export const MAX_ID_LENGTH = 256;

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Returns the id when it is one (I1).
 *
 * @param what what the id names, for the message: "conversation id".
 * @throws {ConversimpleError} `id_invalid`; the message does not repeat the id.
 */
export function checkId(id: unknown, what: string): string {
  if (typeof id !== "string") throw refuse(what, "is not a string");
  if (id.length === 0) throw refuse(what, "is empty");
  if (id.length > MAX_ID_LENGTH) throw refuse(what, `has ${id.length} characters, the limit is ${MAX_ID_LENGTH}`);
  if (CONTROL.test(id)) throw refuse(what, "contains a control character");
  if (!id.isWellFormed()) throw refuse(what, "contains half of a surrogate pair");
  return id;
}

function refuse(what: string, reason: string): ConversimpleError {
  return new ConversimpleError("id_invalid", `The ${what} ${reason}. Use 1 to ${MAX_ID_LENGTH} printable characters.`, { what, reason });
}
