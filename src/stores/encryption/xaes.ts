// XAES-256-GCM (https://c2sp.org/XAES-256-GCM): AES-256-GCM with a nonce of 192 bits.
//
// The first half of the nonce derives a key for this one text, the second half is AES-GCM's own nonce.
//
//   XA1. With random nonces AES-256-GCM holds for 2^32 texts under one key (SP 800-38D, 8.3), which a busy store writes in
//        days. Here a collision needs the same 192 bits twice: 2^80 texts under one key before that has a chance of 2^-32.
//        So there is no counter to keep, over processes and restarts, and none that a cloned machine could repeat.
//   XA2. What `open` gives was sealed with this key and these additional data; everything else is undefined.

import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync, type KeyObject } from "node:crypto";

const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/** What a sealed text is longer than the text, in bytes. */
export const OVERHEAD_BYTES: number = NONCE_BYTES + TAG_BYTES;

/** Random bytes are asked for in blocks of this many nonces: one call to the system instead of many. */
const NONCES_AT_ONCE = 128;

export class Xaes {
  /** AES-256 on single blocks, for the derivation only. */
  readonly #blocks: ReturnType<typeof createCipheriv>;
  /** K1 of CMAC. */
  readonly #mask: Uint8Array;
  readonly #nonces = new Uint8Array(NONCE_BYTES * NONCES_AT_ONCE);
  #used = NONCES_AT_ONCE;

  /** @param key 32 bytes; they are copied. */
  constructor(key: Uint8Array) {
    this.#blocks = createCipheriv("aes-256-ecb", createSecretKey(key), null).setAutoPadding(false);
    this.#mask = doubled(this.#blocks.update(new Uint8Array(16)));
  }

  /**
   * @internal The declarations need no types of Node.
   *
   * @param nonce for known answers in tests; 24 random bytes unless given.
   */
  seal(text: string, additional: string, nonce: Uint8Array = this.#nonce()): Buffer {
    const cipher = createCipheriv("aes-256-gcm", this.#derived(nonce), nonce.subarray(12));
    cipher.setAAD(Buffer.from(additional));
    return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  }

  /** The text, undefined when it was not sealed like this (XA2). */
  open(sealed: Uint8Array, additional: string): string | undefined {
    if (sealed.length < OVERHEAD_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#derived(nonce), nonce.subarray(12), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(additional));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return text.toString("utf8");
  }

  #nonce(): Uint8Array {
    if (this.#used === NONCES_AT_ONCE) {
      randomFillSync(this.#nonces);
      this.#used = 0;
    }
    const start = this.#used++ * NONCE_BYTES;
    return this.#nonces.subarray(start, start + NONCE_BYTES);
  }

  /** The key of one nonce: two blocks of CMAC in counter mode, as the specification has it. */
  #derived(nonce: Uint8Array): KeyObject {
    const blocks = new Uint8Array(32);
    for (const counter of [1, 2]) {
      const start = (counter - 1) * 16;
      blocks.set([0, counter, 0x58, 0], start);
      blocks.set(nonce.subarray(0, 12), start + 4);
      for (let at = 0; at < 16; at++) blocks[start + at]! ^= this.#mask[at]!;
    }
    // A key object: a cipher that is given bytes takes four times as long to make.
    return createSecretKey(this.#blocks.update(blocks));
  }
}

/** Doubling in GF(2^128), as CMAC derives its masks (RFC 4493). */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(16);
  let carry = 0;
  for (let at = 15; at >= 0; at--) {
    result[at] = ((block[at]! << 1) | carry) & 0xff;
    carry = block[at]! >> 7;
  }
  result[15]! ^= carry * 0x87;
  return result;
}
