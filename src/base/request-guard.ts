// Which requests may reach the platform at all: a page on the internet must not talk to a developer's machine.
//
//   Q1. The Host must be a name of this machine, so that a rebound DNS name is refused.
//   Q2. A browser's Origin must be the page's own host, or one that was allowed.
//   Q3. Beyond loopback an address literal is accepted too: a rebound name is never an address.

import { isIP } from "node:net";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1"]);

export class RequestGuard {
  /** Names in Host. */
  readonly #names: ReadonlySet<string>;
  /** Hosts of foreign pages; those of this machine's other servers are foreign too. */
  readonly #pages: ReadonlySet<string>;
  readonly #isLoopback: boolean;

  /**
   * @param host that the platform listens on.
   * @param allowHosts further names, "name" or "name:port", for proxies and foreign pages.
   */
  constructor(host: string, allowHosts: readonly string[]) {
    this.#isLoopback = LOOPBACK.has(host);
    this.#pages = new Set(allowHosts.map((name) => name.toLowerCase()));
    this.#names = new Set([...this.#pages, host.toLowerCase()]);
  }

  /** Why the request is refused, undefined when it may pass. */
  reasonAgainst(host: string | undefined, origin: string | undefined): string | undefined {
    if (host === undefined || !this.#knows(host)) return "The Host header is not a name of this platform. Use 127.0.0.1 or localhost, or allow the name with allowHosts.";
    if (origin !== undefined && !this.#isOwn(origin, host)) return "Pages of another origin may not use this platform. Allow the origin's host with allowHosts.";
    return undefined;
  }

  #knows(host: string): boolean {
    const name = nameOf(host);
    if (name === undefined) return false;
    if (LOOPBACK.has(name) || this.#names.has(name) || this.#names.has(host.toLowerCase())) return true;
    return !this.#isLoopback && isIP(name) !== 0;
  }

  #isOwn(origin: string, host: string): boolean {
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    if (url.protocol !== "http:" && url.protocol !== "https:") return false;
    return url.host === host.toLowerCase() || this.#pages.has(url.host) || this.#pages.has(bare(url.hostname));
  }
}

/** The name in a Host header, without port and brackets. */
function nameOf(host: string): string | undefined {
  if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)) return undefined;
  return bare(host.replace(/:\d{1,5}$/, "").toLowerCase());
}

function bare(name: string): string {
  return name.startsWith("[") ? name.slice(1, -1) : name;
}
