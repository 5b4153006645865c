// An inspector on a port of its own: beside a dispatcher.
//
//   SV1. It listens only with a token that is good enough for where it listens (access.ts). One that was made here is said
//        with the page's address: nobody else can know it.
//   SV2. Host and Origin are looked at before anything else, as on the local platform.

import type { AddressInfo } from "node:net";

import { ConversimpleError } from "../base/errors.ts";
import { RequestGuard } from "../base/request-guard.ts";
import { inspectorTokenFor } from "./access.ts";
import { Inspector } from "./inspector.ts";
import type { InspectorOptions } from "./options.ts";
import { guardRefusal } from "./refusal.ts";

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
  /** Where the page is; with the token behind the # when it was made here (SV1). */
  readonly url: string;
  close(): Promise<void>;
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
