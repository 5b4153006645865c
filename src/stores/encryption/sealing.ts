// One text at one place: sealed when it is written, opened when it is read.
//
//   SE1. A text is bound to its owner, its kind, the version that its commit made, the call or message that it belongs
//        to, its key and the envelope's format. Moved to any other place it does not open.              (attack 7)
//   SE2. Two places never have the same additional data, whatever characters their ids have.
//   SE3. A sealed text has one form: every flipped character is noticed, also one that a decoder would skip.
//   SE4. A reason names key ids and versions, never a text.

import { ENVELOPE_FORMAT, encryptedHead, HEAD_LENGTH, headText } from "../../state/encrypted-text.ts";
import type { Owner } from "../../state/store.ts";
import type { KeyRing } from "./key-ring.ts";
import { OVERHEAD_BYTES } from "./xaes.ts";

/** Where a text lies. */
export interface Place {
  readonly owner: Owner;
  readonly kind: "record" | "entry" | "answer" | "message";
  /** The call of an answer, the message's own id; empty for records and entries. */
  readonly id: string;
}

/** What opening a text gives. */
export type Opening =
  | { readonly kind: "text"; readonly text: string; /** The version that its commit made. */ readonly at: number }
  /** It is not encrypted at all. */
  | { readonly kind: "plain" }
  | { readonly kind: "refused"; readonly reason: string };

/** Encrypts with the ring's first key. @param at the version that the commit makes; 0 for a message. */
export function seal(ring: KeyRing, place: Place, at: number, text: string): string {
  const head = headText(ring.first, at);
  return head + ring.cipher(ring.first)!.seal(text, bindingOf(place, head)).toString("base64url");
}

/** Decrypts, with whichever key of the ring it was encrypted with. */
export function open(ring: KeyRing, place: Place, stored: string): Opening {
  const head = encryptedHead(stored);
  if (!head) return stored.startsWith("enc") ? refused("its encrypted text is damaged") : { kind: "plain" };
  if (head.format > ENVELOPE_FORMAT) return refused(`it was encrypted by a newer release (format ${head.format})`);
  const cipher = ring.cipher(head.key);
  if (!cipher) return refused(`it is encrypted with the key "${head.key}", which is not in the key ring; add that key to the ring`);
  const encoded = stored.slice(HEAD_LENGTH);
  const sealed = Buffer.from(encoded, "base64url");
  const isWhole = sealed.toString("base64url") === encoded;
  const text = isWhole ? cipher.open(sealed, bindingOf(place, stored.slice(0, HEAD_LENGTH))) : undefined;
  return text === undefined ? refused("its encrypted text was changed, or belongs to another owner, version or place") : { kind: "text", text, at: head.at };
}

/** Bytes of the text in a stored one of this size. */
export function textBytes(storedBytes: number): number {
  return Math.max(0, Math.floor(((storedBytes - HEAD_LENGTH) * 3) / 4) - OVERHEAD_BYTES);
}

/** SE1, SE2: JSON of strings is injective, and the head holds format, key and version. */
function bindingOf({ owner, kind, id }: Place, head: string): string {
  return JSON.stringify(["conversimple", head, kind, owner, id]);
}

function refused(reason: string): Opening {
  return { kind: "refused", reason };
}
