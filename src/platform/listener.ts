// The sockets of the platform: one port for HTTP and WebSockets.
//
//   Z1. A frame over the limit closes its own connection (1009) and no other.
//   Z2. `stop` leaves no socket, no timer and no port behind, also with peers that do not answer.

import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve, upgradeWebSocket } from "@hono/node-server";
import type { WebSocketServerLike } from "@hono/node-server";
import type { Hono, MiddlewareHandler } from "hono";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { sleep, systemClock } from "../base/clock.ts";
import { MAX_FRAME_BYTES } from "../wire/frame.ts";
import { chooseSubprotocol } from "./credentials.ts";
import { answerOthersAsPlainHttp, webSocketsOnly } from "./plain-http.ts";

/** How long peers may take to say goodbye, milliseconds of real time. */
const GOODBYE_MS = 500;

/** What is behind an open socket. */
export interface Peer {
  /** Says goodbye. */
  close(reason: string): void;
  terminate(): void;
}

export class Listener {
  readonly #connections = new Set<Peer>();
  #server: Server | undefined;

  get connections(): ReadonlySet<Peer> {
    return this.#connections;
  }

  /**
   * The route that takes WebSockets over.
   *
   * @param connect makes the peer of an open socket; `query` is that of its URL.
   */
  route(connect: (socket: WebSocket, query: Readonly<Record<string, string>>) => Peer): MiddlewareHandler {
    return upgradeWebSocket((c) => ({
      onOpen: (_event, context) => {
        const socket = context.raw as unknown as WebSocket;
        const connection = connect(socket, c.req.query());
        this.#connections.add(connection);
        socket.on("close", () => this.#connections.delete(connection));
      },
    }));
  }

  /** Listens; resolved with the port that was got. */
  start(app: Hono, host: string, port: number): Promise<number> {
    const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false, handleProtocols: chooseSubprotocol });
    return new Promise((resolve, reject) => {
      const server = serve({
        fetch: app.fetch,
        hostname: host,
        port,
        overrideGlobalObjects: false,
        createServer,
        serverOptions: webSocketsOnly,
        websocket: { server: sockets as WebSocketServerLike },
      }) as Server;
      answerOthersAsPlainHttp(server);
      this.#server = server;
      server.once("error", reject);
      server.once("listening", () => {
        server.off("error", reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const connection of [...this.#connections]) connection.close("the platform is stopping");
    server.closeIdleConnections();
    const patience = new AbortController();
    void closed.then(() => patience.abort());
    await sleep(systemClock, GOODBYE_MS, patience.signal);
    for (const connection of [...this.#connections]) connection.terminate();
    server.closeAllConnections();
    await closed;
  }
}
