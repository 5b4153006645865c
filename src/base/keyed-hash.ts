// Keyed hashes: how customers and accounts are named in a store without being named.
//
//   KH1. Without the secret nobody can tell which person a name stands for, nor try out a list of people.  (P18, P22)
//   KH2. Another secret gives other names: records of the old one are not found any more.
//   KH3. It is HMAC-SHA-256 (RFC 2104), made of two plain hashes: Node's Hmac is a stream with a native half, which cost a
//        seventh of a whole tool call, most of it in the garbage collector.

import { hash, randomBytes } from "node:crypto";

import { ConversimpleError } from "./errors.ts";

/** The shortest secret, bytes. Source: half of what SHA-256 takes up, 128 bits. */
const LEAST_BYTES = 16;

/** What SHA-256 takes up at a time and gives, bytes. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/** Hashes under one secret. */
export class KeyedHash {
  /** The key as it stands before a text. */
  readonly #inner: Buffer;
  /** The key as it stands before the hash of the two, and room for that hash. */
  readonly #outer: Buffer;

  /**
   * @param secret at least 16 bytes; a text counts as UTF-8. Random, for this process only, unless given.
   * @throws {ConversimpleError} `option_invalid`; the message never repeats the secret.
   */
  constructor(secret: string | Uint8Array = randomBytes(32)) {
    const bytes = Buffer.from(secret);
    if (bytes.length < LEAST_BYTES) throw new ConversimpleError("option_invalid", `secret has ${bytes.length} bytes, it needs at least ${LEAST_BYTES}. Make one with: openssl rand -base64 32`, { option: "secret" });
    const key = Buffer.alloc(BLOCK_BYTES);
    key.set(bytes.length > BLOCK_BYTES ? hash("sha256", bytes, "buffer") : bytes);
    this.#inner = Buffer.from(key.map((byte) => byte ^ 0x36));
    this.#outer = Buffer.concat([key.map((byte) => byte ^ 0x5c), Buffer.alloc(HASH_BYTES)]);
  }

  /** HMAC-SHA-256 of a text, 43 characters of base64url. Texts of different purposes never meet. */
  of(purpose: string, text: string): string {
    const content = `${purpose}\n${text}`;
    const message = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(content));
    message.set(this.#inner);
    message.write(content, BLOCK_BYTES);
    this.#outer.write(hash("sha256", message, "binary"), BLOCK_BYTES, "binary");
    return hash("sha256", this.#outer, "base64url");
  }
}
