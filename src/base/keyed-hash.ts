// Keyed hashes: how customers and accounts are named in a store without being named.
//
//   KH1. Without the secret nobody can tell which person a name stands for, nor try out a list of people.  (P18, P22)
//   KH2. Another secret gives other names: records of the old one are not found any more.

import { createHmac, createSecretKey, randomBytes, type KeyObject } from "node:crypto";

import { ConversimpleError } from "./errors.ts";

/** The shortest secret, bytes. Source: half of what SHA-256 takes up, 128 bits. */
const LEAST_BYTES = 16;

/** Hashes under one secret. */
export class KeyedHash {
  readonly #key: KeyObject;

  /**
   * @param secret at least 16 bytes; a text counts as UTF-8. Random, for this process only, unless given.
   * @throws {ConversimpleError} `option_invalid`; the message never repeats the secret.
   */
  constructor(secret: string | Uint8Array = randomBytes(32)) {
    const bytes = Buffer.from(secret);
    if (bytes.length < LEAST_BYTES) throw new ConversimpleError("option_invalid", `secret has ${bytes.length} bytes, it needs at least ${LEAST_BYTES}. Make one with: openssl rand -base64 32`, { option: "secret" });
    this.#key = createSecretKey(bytes);
  }

  /** HMAC-SHA-256 of a text, 43 characters of base64url. Texts of different purposes never meet. */
  of(purpose: string, text: string): string {
    return createHmac("sha256", this.#key).update(`${purpose}\n${text}`).digest("base64url");
  }
}
