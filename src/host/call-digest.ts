// What makes a repeated call the same call: its tool and its arguments, secrets left out.            (P5, P21)
//
//   DG1. What a call did before it failed - an effect, a small update, an update of a customer - is known by the arguments that it
//        had: with others it is another call, and what was done is not taken for what is asked.   (P5)
//   DG2. The digest is keyed: whoever has the store and not the secret cannot try out what a card number or a date of birth was.

import { ConversimpleError } from "../base/errors.ts";
import { Mask } from "../base/mask.ts";
import type { KeyedHash } from "../base/keyed-hash.ts";

/** The largest arguments, UTF-8 bytes of their JSON. Source: design 3, Limits. */
export const ARGUMENTS_MAX_BYTES = 262_144;

/**
 * The digest of a call: 22 characters, the first 132 bits of HMAC-SHA-256.
 *
 * @param input arguments whose depth was checked; the order of keys does not matter.
 * @throws {ConversimpleError} `invalid_parameters` when they are larger than {@link ARGUMENTS_MAX_BYTES}.
 */
export function callDigest(hash: KeyedHash, tool: string, input: unknown, secrets: ReadonlySet<string>): string {
  const text = canonical(input);
  if (text.length * 3 > ARGUMENTS_MAX_BYTES && Buffer.byteLength(text) > ARGUMENTS_MAX_BYTES) {
    throw new ConversimpleError("invalid_parameters", `The arguments of ${tool} have more than ${ARGUMENTS_MAX_BYTES} bytes.`, { tool, limit: ARGUMENTS_MAX_BYTES });
  }
  const known = secrets.size === 0 ? text : canonical(withoutSecrets(input, secrets));
  return hash.of("call", `${tool}\n${known}`).slice(0, 22);
}

/** What is kept with something that a call did before it was done: which arguments it had then. */
export function partDigest(what: string, digest: string): string {
  return digest === "" ? what : `${what}\n${digest}`;
}

/** Which of a call's doings a kept digest is of. @throws {ConversimpleError} `call_mismatch`: the call had other arguments then. */
export function partOf(kept: string, digest: string, callId: string): string {
  const [what = "", before] = kept.split("\n");
  if (before !== undefined && before !== digest) throw mismatch(callId);
  return what;
}

/** The error of a call id that stands for another call. */
export function mismatch(callId: string): ConversimpleError {
  return new ConversimpleError("call_mismatch", "This call id was used before with other arguments or for another tool. Use a new id for a new call.", { callId });
}

/** Arguments as the journal keeps them: a secret one is there, its value is not. */
export function withoutSecrets(input: unknown, secrets: ReadonlySet<string>): unknown {
  if (secrets.size === 0 || typeof input !== "object" || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, secrets.has(name) ? "***" : value]));
}

/** Sorted. Most arguments come so, and a sort of its own costs more than the rest. */
function inOrder(names: string[]): string[] {
  return names.every((name, index) => index === 0 || names[index - 1]! < name) ? names : names.sort();
}

/** The texts and numbers in secret arguments. */
export function secretTexts(input: unknown, secrets: ReadonlySet<string>): readonly string[] {
  if (secrets.size === 0 || typeof input !== "object" || input === null) return [];
  return Object.entries(input).flatMap(([name, value]) => (secrets.has(name) ? Mask.of([""]).hidden(value) : [])).filter((text) => text !== "");
}

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const fields = inOrder(Object.keys(value));
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical((value as Record<string, unknown>)[name])}`).join(",")}}`;
}
