// The inspector beside a dispatcher.
//
//   IB1. It reads; what else it may do was allowed. Beyond this machine it has a token that was given.        (inspector/access.ts)
//   IB2. What its options say is checked before anything is opened.

import type { Clock } from "../../base/clock.ts";
import { kindOf, originOf } from "../../base/redaction.ts";
import type { Logger } from "../../base/log.ts";
import { packageVersion } from "../../base/package-version.ts";
import type { AgentHost } from "../../host/agent-host.ts";
import { inspectorTokenFor, permissionsOf, type InspectorPermission } from "../../inspector/access.ts";
import type { InspectorServer } from "../../inspector/server.ts";
import type { Store } from "../../state/store.ts";

/** What a dispatcher's inspector can be told. */
export interface DispatcherInspector {
  /** The port of its page; 4001 unless given, 0 takes a free one. */
  readonly port?: number;
  /** The address to listen on; 127.0.0.1 unless given. */
  readonly hostname?: string;
  /** Opens it, at least 16 bytes; `CONVERSIMPLE_INSPECTOR_TOKEN` unless given. On 127.0.0.1 one is made where there is none. */
  readonly token?: string;
  /** What it may do beside reading; nothing unless given. */
  readonly allow?: readonly InspectorPermission[];
  /** Further names in Host and Origin, "name" or "name:port": the one by which a proxy is reached. */
  readonly allowHosts?: readonly string[];
}

const PORT = 4_001;

/** What was checked (IB2). */
export interface CheckedInspector {
  readonly port: number;
  readonly hostname: string | undefined;
  readonly token: string | undefined;
  readonly canWrite: boolean;
  readonly canReveal: boolean;
  readonly allowHosts: readonly string[];
}

/** @throws {ConversimpleError} `option_invalid`; the message does not repeat the token. */
export function checkedInspector({ port = PORT, hostname, token = process.env.CONVERSIMPLE_INSPECTOR_TOKEN || undefined, allow = [], allowHosts = [] }: DispatcherInspector): CheckedInspector {
  inspectorTokenFor(token, hostname);
  return { port, hostname, token, ...permissionsOf(allow), allowHosts };
}

/** What it looks into. */
export interface Inspected {
  readonly host: AgentHost;
  readonly store: Store;
  readonly secret: string | Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws {ConversimpleError} `option_invalid`: the port cannot be listened on. */
export async function openInspection(options: CheckedInspector, { host, store, secret, clock, logger }: Inspected): Promise<InspectorServer> {
  const [{ openInspectorServer }, { HostDesk }] = await Promise.all([import("../../inspector/server.ts"), import("../../inspector/host-desk.ts")]);
  const server = await openInspectorServer({
    ...options, store, address: store.address, mode: "production", version: packageVersion(), clock, desk: new HostDesk({ host, isProduction: true }), secret: () => Promise.resolve(secret),
    // Where, not what: the text may hold a value. (P21)
    onFault: (thrown) => logger.error({ error: kindOf(thrown), at: originOf(thrown) }, "the inspector failed"),
  });
  logger.info({ url: server.url, canWrite: options.canWrite, canReveal: options.canReveal }, "the inspector listens");
  return server;
}
