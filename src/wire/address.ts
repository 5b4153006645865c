// The platform's address and the key that opens it.
//
// Owns what an address may look like and the only way to the key.
//
//   A1. Plain `ws:` goes to this machine only.
//   A2. The key is in a private field and in `secretUrl()`: not in `toString`, JSON, an inspected object or an error.

import { ConversimpleError } from "../base/errors.ts";
import type { FrameForm } from "./frame.ts";

/** Where agents connect unless told otherwise. */
export const DEFAULT_PLATFORM_URL = "wss://api.conversimple.com/sdk/websocket";

const SOCKET_PATH = "/sdk/websocket";
const SCHEMES: Readonly<Record<string, "ws:" | "wss:">> = { "ws:": "ws:", "wss:": "wss:", "http:": "ws:", "https:": "wss:" };

/** A checked address with its key (A1, A2). */
export class PlatformAddress {
  /** Scheme, host and path: what a log may show. */
  readonly display: string;
  readonly #url: URL;
  readonly #key: string;

  /**
   * @param url `wss://host/path` (or `https:`); `ws:` and `http:` for loopback hosts. Without a path: `/sdk/websocket`.
   * @throws {ConversimpleError} `option_invalid`; the message repeats neither the address nor the key.
   */
  constructor(url: string, apiKey: string) {
    if (typeof apiKey !== "string" || !/^[\x21-\x7e]{1,512}$/.test(apiKey)) {
      throw invalid("apiKey", "is missing or has characters that no key has", "Set CONVERSIMPLE_API_KEY.");
    }
    this.#url = checkedUrl(url);
    this.#key = apiKey;
    this.display = `${this.#url.protocol}//${this.#url.host}${this.#url.pathname}`;
  }

  /** The URL with the key, for the socket alone: never keep, show or log it. */
  secretUrl(form: FrameForm): string {
    const url = new URL(this.#url);
    url.searchParams.set("auth_token", this.#key);
    if (form === "array") url.searchParams.set("vsn", "2.0.0");
    return url.href;
  }

  toString(): string {
    return this.display;
  }
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw invalid("platformUrl", "is not a URL", `Use for example ${DEFAULT_PLATFORM_URL}.`);
  const scheme = SCHEMES[url.protocol];
  if (!scheme) throw invalid("platformUrl", "is not a WebSocket address", "It begins with wss:// (or ws:// on this machine).");
  if (url.username !== "" || url.password !== "") throw invalid("platformUrl", "holds a user or password", "Give the key as apiKey.");
  if (scheme === "ws:" && !isLoopback(url.hostname)) {
    throw invalid("platformUrl", "would send the key unencrypted to another machine", "Use wss:// there.");
  }
  // A special scheme can be changed to another one, so this assignment holds.
  url.protocol = scheme;
  url.hash = "";
  if (url.pathname === "/") url.pathname = SOCKET_PATH;
  return url;
}

/** The URL parser has made an IPv4 host canonical, so `127.evil.example` does not pass. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function invalid(option: string, reason: string, remedy: string): ConversimpleError {
  return new ConversimpleError("option_invalid", `The option ${option} ${reason}. ${remedy}`, { option, reason });
}
