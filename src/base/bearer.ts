// A token that opens a door, and how it is compared.
//
//   BT1. In a time that does not depend on where two tokens differ or how long they are.
//   BT2. A token is never part of a message, a log line or an inspected object.

import { createHash, timingSafeEqual } from "node:crypto";

export class Bearer {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /** Whether this is the token (BT1). */
  accepts(candidate: string | undefined): boolean {
    return candidate !== undefined && timingSafeEqual(digestOf(candidate), this.#digest);
  }

  /** HTTP: `Authorization: Bearer <token>`. */
  acceptsHeader(authorization: string | undefined): boolean {
    const match = /^Bearer +(\S+) *$/i.exec(authorization ?? "");
    return this.accepts(match?.[1]);
  }
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest();
}
