// A request that asks for another protocol than WebSocket, as `curl --http2` does, is answered as if it had not asked.
//
// A server that takes upgrades is handed each request that wants one, without a response and with its bare socket, unless it says that
// it does not take this one. That it may say so is new in Node 22.21 and 24.9; older ones are told by reading the request again.
//
//   PH1. Routes, limits and bodies are the usual ones.
//   PH2. Who takes WebSockets over stays the only one who listens for upgrades, and so refuses them itself.

import type { IncomingMessage, Server, ServerOptions } from "node:http";
import type { Duplex } from "node:stream";

/** For the options of a server. */
// Cast: the types are those of the oldest Node.
export const webSocketsOnly = { shouldUpgradeCallback: asksForWebSocket } as ServerOptions;

/** For a Node that does not know that option. Puts itself before the one listener that takes WebSockets over (PH2). */
export function answerOthersAsPlainHttp(server: Server): void {
  const [takeOver, ...others] = server.listeners("upgrade") as ((request: IncomingMessage, socket: Duplex, head: Buffer) => void)[];
  if (!takeOver || others.length > 0) throw new Error("Exactly one listener takes WebSockets over.");
  server.removeAllListeners("upgrade");
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (asksForWebSocket(request)) return takeOver(request, socket, head);
    socket.unshift(Buffer.concat([Buffer.from(headOf(request), "latin1"), head]));
    server.emit("connection", socket);
  });
}

function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

/** The request line and headers as they came, but for `Upgrade`. Node reads them as latin1. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let n = 0; n < rawHeaders.length; n += 2) if (rawHeaders[n]!.toLowerCase() !== "upgrade") lines.push(`${rawHeaders[n]}: ${rawHeaders[n + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
