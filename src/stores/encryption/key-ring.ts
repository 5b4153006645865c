// The keys of a store: the first one encrypts, all of them decrypt.
//
//   KR1. A key is 32 bytes, an id is unique, and no key has two ids; anything else is refused before a store is opened.
//   KR2. No message and no inspected object holds key material, or what was typed where a key or an id should be.

import { timingSafeEqual } from "node:crypto";

import { ConversimpleError } from "../../base/errors.ts";
import { Xaes } from "./xaes.ts";

/** One key of a store. */
export interface EncryptionKey {
  /** 1 to 16 letters, digits, "-" or "_": it stands in clear beside everything that the key encrypted. */
  readonly id: string;
  /** 32 random bytes, or the same as base64 or hex. */
  readonly key: Uint8Array | string;
}

/** Encryption at rest. */
export interface EncryptionOptions {
  /** The first key encrypts, all of them decrypt. */
  readonly keys: readonly EncryptionKey[];
  /** Whether texts that are not encrypted are read, while a store is moved to encryption; false unless given. */
  readonly allowPlain?: boolean;
}

/** `2026:<base64>,2025:<base64>`; the first key encrypts. */
export const KEYS_VARIABLE = "CONVERSIMPLE_ENCRYPTION_KEYS";
/** `allow`: the same as `allowPlain`. */
export const PLAIN_VARIABLE = "CONVERSIMPLE_ENCRYPTION_PLAIN";

const KEY_BYTES = 32;
const ID = /^[A-Za-z0-9_-]{1,16}$/;
const REMEDY = "Make one with: openssl rand -base64 32";

interface RingKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export class KeyRing {
  /** The key that encrypts. */
  readonly first: string;
  readonly #ciphers: ReadonlyMap<string, Xaes>;

  /** @throws {ConversimpleError} `store_misconfigured` (KR1, KR2). */
  constructor(keys: readonly EncryptionKey[]) {
    // A program without types may have forgotten them.
    if (!((keys as readonly EncryptionKey[] | undefined)?.length ?? 0)) throw refuse("There is no encryption key. Give at least one.");
    const known: RingKey[] = [];
    for (const [index, key] of keys.entries()) known.push(checked(key, `Encryption key ${index + 1}`, known));
    this.first = known[0]!.id;
    this.#ciphers = new Map(known.map(({ id, bytes }) => [id, new Xaes(bytes)]));
  }

  get ids(): readonly string[] {
    return [...this.#ciphers.keys()];
  }

  /** Undefined when the ring does not have the key. */
  cipher(id: string): Xaes | undefined {
    return this.#ciphers.get(id);
  }
}

/**
 * What the environment says about encryption; undefined when it says nothing.
 *
 * @throws {ConversimpleError} `store_misconfigured` (KR2).
 */
export function environmentEncryption(environment: Readonly<Record<string, string | undefined>> = process.env): EncryptionOptions | undefined {
  const text = environment[KEYS_VARIABLE]?.trim();
  const plain = environment[PLAIN_VARIABLE] || undefined;
  if (plain !== undefined && plain !== "allow") throw refuse(`${PLAIN_VARIABLE} is "allow" or not set.`);
  if (!text) {
    if (plain !== undefined) throw refuse(`${PLAIN_VARIABLE} is set, but ${KEYS_VARIABLE} is not.`);
    return undefined;
  }
  const keys = text.split(",").map((part, index) => {
    const [id = "", key = "", ...rest] = part.trim().split(":");
    if (rest.length > 0 || key === "") throw refuse(`Entry ${index + 1} of ${KEYS_VARIABLE} is not <id>:<key>.`);
    return { id, key };
  });
  return { keys, allowPlain: plain === "allow" };
}

function checked(given: EncryptionKey, what: string, before: readonly RingKey[]): RingKey {
  if (typeof given?.id !== "string" || !ID.test(given.id)) throw refuse(`${what} has no usable id. Use 1 to 16 letters, digits, "-" or "_".`);
  const bytes = bytesOf(given.key, what);
  if (before.some(({ id }) => id === given.id)) throw refuse(`${what} has the id of another one. Give every key an id of its own.`);
  if (before.some((other) => timingSafeEqual(other.bytes, bytes))) throw refuse(`${what} is the same as another one. A new id needs a new key. ${REMEDY}`);
  if (bytes.every((byte) => byte === bytes[0])) throw refuse(`${what} is no random key: all of its bytes are the same. ${REMEDY}`);
  return { id: given.id, bytes };
}

function bytesOf(key: unknown, what: string): Uint8Array {
  const bytes = typeof key === "string" ? decoded(key.trim()) : key instanceof Uint8Array ? Uint8Array.from(key) : undefined;
  if (bytes?.length === KEY_BYTES) return bytes;
  const found = bytes ? `has ${bytes.length} bytes` : typeof key === "string" ? "is neither base64 nor hex" : "is neither bytes nor text";
  throw refuse(`${what} ${found}; a key is ${KEY_BYTES} random bytes, as a Uint8Array, base64 or hex. ${REMEDY}`);
}

/** Hex, base64 or base64url; undefined when it is none of them, or has characters that a decoder would skip. */
function decoded(text: string): Uint8Array | undefined {
  if (/^([0-9a-f]{2})+$/i.test(text) && text.length === KEY_BYTES * 2) return Uint8Array.from(Buffer.from(text, "hex"));
  const plain = text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
  const bytes = Buffer.from(plain, "base64url");
  return plain !== "" && bytes.toString("base64url") === plain ? Uint8Array.from(bytes) : undefined;
}

function refuse(message: string): ConversimpleError {
  return new ConversimpleError("store_misconfigured", message);
}
