// Who may talk to the platform: whoever has its one API key.
//
//   X1. Keys are compared in a time that does not depend on where they differ or how long they are.
//   X2. A key is never part of a message, a log line or an error.

import { createHash, timingSafeEqual } from "node:crypto";

const SUBPROTOCOL_PREFIX = "base64url.bearer.phx.";

export class Credentials {
  readonly #digest: Buffer;

  constructor(apiKey: string) {
    this.#digest = digestOf(apiKey);
  }

  /** Whether this is the key (X1). */
  accepts(candidate: string | undefined): boolean {
    return candidate !== undefined && timingSafeEqual(digestOf(candidate), this.#digest);
  }

  /** HTTP: `Authorization: Bearer <key>`. */
  acceptsHeader(authorization: string | undefined): boolean {
    const match = /^Bearer +(\S+) *$/i.exec(authorization ?? "");
    return this.accepts(match?.[1]);
  }

  /** WebSocket: `auth_token` in the query, the phoenix client's subprotocol, or the header. */
  acceptsUpgrade(authToken: string | undefined, subprotocols: string | undefined, authorization: string | undefined): boolean {
    if (authToken !== undefined) return this.accepts(authToken);
    const bearer = subprotocols?.split(",").map((name) => name.trim()).find((name) => name.startsWith(SUBPROTOCOL_PREFIX));
    if (bearer !== undefined) return this.accepts(Buffer.from(bearer.slice(SUBPROTOCOL_PREFIX.length), "base64url").toString("utf8"));
    return this.acceptsHeader(authorization);
  }
}

/** The subprotocol to answer with: never the one that carries the key. */
export function chooseSubprotocol(offered: ReadonlySet<string>): string | false {
  for (const name of offered) if (name === "phoenix-websocket" || name === "phoenix") return name;
  return false;
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}
