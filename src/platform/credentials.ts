// Who may talk to the platform: whoever has its one API key. What the page of the inspector says is accepted from whoever
// has the inspector's token, too.
//
//   X1. Keys are compared in a time that does not depend on where they differ or how long they are (base/bearer.ts).
//   X2. A key is never part of a message, a log line or an error.
//   X3. The inspector's token opens the doors of callers and scripts, never that of agents.

import { Bearer } from "../base/bearer.ts";

const SUBPROTOCOL_PREFIX = "base64url.bearer.phx.";

export class Credentials {
  readonly #bearers: readonly Bearer[];

  /** @param others further keys that are accepted. */
  constructor(apiKey: string, others: readonly string[] = []) {
    this.#bearers = [apiKey, ...others].map((key) => new Bearer(key));
  }

  /** Whether this is a key (X1). */
  accepts(candidate: string | undefined): boolean {
    return this.#bearers.some((bearer) => bearer.accepts(candidate));
  }

  /** HTTP: `Authorization: Bearer <key>`. */
  acceptsHeader(authorization: string | undefined): boolean {
    return this.#bearers.some((bearer) => bearer.acceptsHeader(authorization));
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
