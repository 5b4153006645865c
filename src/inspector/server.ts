// An inspector on a port of its own: beside a dispatcher.
//
//   SV1. Beyond this machine it listens only with a token that was given, of at least 16 bytes.
//   SV2. On this machine it makes one unless it is given, and says the page's address with it: nobody else can know it.
//   SV3. Host and Origin are looked at before anything else, as on the local platform.

import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";

import { ConversimpleError } from "../base/errors.ts";
import { RequestGuard } from "../base/request-guard.ts";
import { Inspector } from "./inspector.ts";
import type { InspectorOptions } from "./options.ts";
import { guardRefusal } from "./refusal.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "::1"]);
/** The shortest token, bytes (SV1). Source: 128 bits. */
const LEAST_TOKEN = 16;
/** Connections at the same time: a flood of them is told to come again, one that goes on beyond is cut. */
const MAX_CONNECTIONS = 4_096;

export interface InspectorServerOptions extends Omit<InspectorOptions, "token"> {
  readonly token?: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; 127.0.0.1 unless given. */
  readonly hostname?: string | undefined;
  /** Further names in Host and Origin, "name" or "name:port", for proxies. */
  readonly allowHosts?: readonly string[] | undefined;
}

export interface InspectorServer {
  readonly inspector: Inspector;
  readonly port: number;
  /** Where the page is; with the token behind the # when it was made here (SV2). */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Checks what can be checked before anything is opened.
 *
 * @returns the token to use, and whether it was made here.
 * @throws {ConversimpleError} `option_invalid` (SV1); the message does not repeat the token.
 */
export function inspectorTokenFor(token: string | undefined, hostname = "127.0.0.1"): { readonly token: string; readonly isMade: boolean } {
  if (token === undefined && LOOPBACK.has(hostname)) return { token: `ci_${randomBytes(24).toString("base64url")}`, isMade: true };
  if (token === undefined) throw invalid("inspector.token", `is needed to listen on ${hostname}, where other machines can reach it: CONVERSIMPLE_INSPECTOR_TOKEN, at least ${LEAST_TOKEN} bytes. Make one with: openssl rand -base64 24`);
  if (/\s/.test(token) || Buffer.byteLength(token) < LEAST_TOKEN) throw invalid("inspector.token", `must have at least ${LEAST_TOKEN} bytes and no white space. Make one with: openssl rand -base64 24`);
  return { token, isMade: false };
}

/**
 * Listens, and answers with an inspector.
 *
 * @throws {ConversimpleError} `option_invalid`: the token (SV1), or the port cannot be listened on.
 */
export async function openInspectorServer({ token: given, port, hostname = "127.0.0.1", allowHosts = [], ...options }: InspectorServerOptions): Promise<InspectorServer> {
  const { token, isMade } = inspectorTokenFor(given, hostname);
  const { createAdaptorServer } = await import("@hono/node-server");
  const inspector = new Inspector({ ...options, token });
  const guard = new RequestGuard(hostname, allowHosts);
  const fetch = (request: Request): Response | Promise<Response> => {
    const reason = guard.reasonAgainst(request.headers.get("host") ?? undefined, request.headers.get("origin") ?? undefined);
    return reason === undefined ? inspector.fetch(request) : guardRefusal(reason);
  };
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  }).catch((cause: unknown) => {
    throw new ConversimpleError("option_invalid", `The inspector cannot listen on port ${port} of ${hostname}. Choose another one.`, { option: "inspector.port", port }, { cause });
  });
  const bound = (server.address() as AddressInfo).port;
  const origin = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`;
  return {
    inspector,
    port: bound,
    url: isMade ? `${origin}/#token=${token}` : `${origin}/`,
    close: () =>
      new Promise<void>((resolve) => {
        inspector.close();
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

function invalid(option: string, reason: string): ConversimpleError {
  return new ConversimpleError("option_invalid", `${option} ${reason}.`, { option });
}
