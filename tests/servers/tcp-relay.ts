// A TCP relay between a client and its server that can misbehave, for any protocol.
//
//   TR1. What it does is set by the test and holds until it is set again; `cut before`, `cut after` and `half close` strike once.
//   TR2. The bytes of a connection keep their order, also when its delay ends; one that lost bytes carries no others, as TCP
//        would not.

import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * `pass`; `cut before`: the next request ends the connection instead of arriving; `cut after`: it arrives, and its
 * answer ends the connection; `half close`: instead of its answer the client hears the end of the stream, and may still
 * speak; `black hole`: nothing passes and nobody is told; `deaf`: requests arrive, answers do not.
 */
export type RelayMode = "pass" | "cut before" | "cut after" | "half close" | "black hole" | "deaf";

export class TcpRelay {
  readonly port: number;
  mode: RelayMode = "pass";
  /** How much later an answer comes, milliseconds. */
  delayMs = 0;
  /** Connections so far. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async listen(targetPort: number): Promise<TcpRelay> {
    const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const relay = new TcpRelay(server);
    server.on("connection", (client) => relay.#join(client, createConnection({ port: targetPort, host: "127.0.0.1", noDelay: true })));
    return relay;
  }

  /** Ends every connection now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket, server: Socket): void {
    this.connections += 1;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", end).on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    let hasLost = false;
    client.on("data", (data) => {
      hasLost ||= this.mode === "black hole";
      if (hasLost) return;
      if (this.mode === "cut before") {
        this.mode = "pass";
        end();
      } else server.write(data);
    });
    let earlier: Promise<unknown> | undefined;
    server.on("data", (data) => {
      hasLost ||= this.mode === "black hole" || this.mode === "deaf";
      if (hasLost) return;
      if (this.mode === "cut after") {
        this.mode = "pass";
        end();
      } else if (this.mode === "half close") {
        this.mode = "pass";
        client.end();
      } else if (this.delayMs === 0 && !earlier) client.write(data);
      else {
        const due = Promise.all([earlier, new Promise((resolve) => setTimeout(resolve, this.delayMs))]).then(() => {
          if (client.writable) client.write(data);
          if (earlier === due) earlier = undefined;
        });
        earlier = due;
      }
    });
  }
}
