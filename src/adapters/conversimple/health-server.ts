// `GET /health` and `GET /metrics` for an orchestrator.
//
//   S1. Bound to 127.0.0.1 unless told otherwise; nothing here names a conversation, a caller or a key.
//   S2. The HTTP libraries are loaded when a server is opened, not when the package is imported.

import type { AddressInfo } from "node:net";
import { ConversimpleError } from "../../base/errors.ts";
import type { Host } from "../../host/host.ts";
import { openMetrics } from "./metrics.ts";
import type { PlatformLink } from "./platform-link.ts";

export interface HealthServerOptions {
  readonly host: Host;
  readonly link: PlatformLink;
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; 127.0.0.1 unless given. */
  readonly hostname?: string;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Answers 200 while the host is well and the link joined, else 503.
 *
 * @throws {ConversimpleError} `option_invalid`: the port cannot be listened on.
 */
export async function openHealthServer({ host, link, port, hostname = "127.0.0.1" }: HealthServerOptions): Promise<HealthServer> {
  const [{ Hono }, { createAdaptorServer }, metrics] = await Promise.all([import("hono"), import("@hono/node-server"), openMetrics(host, link)]);
  const app = new Hono();
  app.get("/health", (context) => {
    const health = host.health();
    const isWell = health.status === "ok" && link.state === "joined";
    return context.json({ ...health, connection: link.state }, isWell ? 200 : 503);
  });
  app.get("/metrics", async (context) => context.body(await metrics.text(), 200, { "Content-Type": metrics.contentType }));

  const server = createAdaptorServer({ fetch: app.fetch });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, hostname, resolve);
    });
  } catch (cause) {
    metrics.close();
    throw new ConversimpleError("option_invalid", `The health server cannot listen on port ${port}. Choose another one.`, { option: "port", port }, { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        metrics.close();
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
