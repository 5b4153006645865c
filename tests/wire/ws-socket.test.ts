import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { inspect } from "node:util";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { PlatformAddress } from "../../src/wire/address.ts";
import type { Socket, SocketClosing } from "../../src/wire/socket.ts";
import { wsConnect } from "../../src/wire/ws-socket.ts";

const KEY = "cs_test_canary4711";
const opened: { close(): void }[] = [];

afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

interface Peer {
  readonly port: number;
  readonly requests: IncomingMessage[];
  /** The next connection that is accepted. */
  accepted(): Promise<WebSocket>;
}

/** A real server; `echo: false` does not answer the subprotocol, `refuse` answers the upgrade itself. */
async function serve({ echo = true, refuse }: { echo?: boolean; refuse?: (socket: Duplex) => void } = {}): Promise<Peer> {
  const http: Server = createServer();
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => (echo ? "phoenix-websocket" : false), maxPayload: 8 << 20 });
  const requests: IncomingMessage[] = [];
  const waiting: ((socket: WebSocket) => void)[] = [];
  const ready: WebSocket[] = [];
  http.on("upgrade", (request, socket, head) => {
    requests.push(request);
    if (refuse) return refuse(socket);
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      const take = waiting.shift();
      if (take) take(accepted);
      else ready.push(accepted);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  opened.push({
    close() {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      http.close();
    },
  });
  return {
    port: (http.address() as AddressInfo).port,
    requests,
    accepted: () => {
      const first = ready.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

interface Client {
  readonly socket: Socket;
  readonly texts: string[];
  readonly binaries: number[];
  readonly isOpen: Promise<void>;
  readonly closed: Promise<SocketClosing>;
  nextText(): Promise<string>;
}

async function dial(port: number): Promise<Client> {
  const connect = await wsConnect(new PlatformAddress(`ws://127.0.0.1:${port}`, KEY), "array");
  return dialWith(connect);
}

function dialWith(connect: Awaited<ReturnType<typeof wsConnect>>): Client {
  const texts: string[] = [];
  const binaries: number[] = [];
  const open = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<SocketClosing>();
  let onText: ((text: string) => void) | undefined;
  const socket = connect({
    onOpen: open.resolve,
    onText: (text) => {
      texts.push(text);
      onText?.(text);
    },
    onBinary: (bytes) => binaries.push(bytes),
    onClose: closed.resolve,
  });
  opened.push({ close: () => socket.terminate() });
  return { socket, texts, binaries, isOpen: open.promise, closed: closed.promise, nextText: () => new Promise((resolve) => (onText = resolve)) };
}

test("the upgrade offers the subprotocol and carries the key and the version", async () => {
  const peer = await serve();
  const client = await dial(peer.port);
  await client.isOpen;
  const request = peer.requests[0]!;
  expect(request.headers["sec-websocket-protocol"]).toBe("phoenix-websocket");
  expect(request.url).toBe(`/sdk/websocket?auth_token=${KEY}&vsn=2.0.0`);
});

test("a server that does not echo the subprotocol is asked again without it, and from then on", async () => {
  const peer = await serve({ echo: false });
  const connect = await wsConnect(new PlatformAddress(`ws://127.0.0.1:${peer.port}`, KEY), "array");
  const both = [dialWith(connect), dialWith(connect)];
  await Promise.all(both.map((client) => client.isOpen));
  await dialWith(connect).isOpen;
  const offers = peer.requests.map((request) => request.headers["sec-websocket-protocol"]);
  expect(offers).toHaveLength(5);
  expect(offers.filter((offer) => offer === undefined)).toHaveLength(3);
  expect(offers.at(-1)).toBeUndefined();
});

test("text goes both ways in order, binary is told by its size", async () => {
  const peer = await serve();
  const client = await dial(peer.port);
  await client.isOpen;
  const server = await peer.accepted();
  const received: string[] = [];
  const all = new Promise<void>((resolve) => server.on("message", (data) => received.push(String(data)) === 100 && resolve()));
  for (let n = 0; n < 100; n++) client.socket.send(`frame ${n} é😀`);
  await all;
  expect(received).toEqual(Array.from({ length: 100 }, (_, n) => `frame ${n} é😀`));
  server.send(Buffer.from([1, 2, 3]));
  const text = client.nextText();
  server.send("hello");
  expect(await text).toBe("hello");
  expect(client.binaries).toEqual([3]);
});

test("a frame of 2 MiB closes this connection and no other", async () => {
  const peer = await serve();
  const [first, second] = [await dial(peer.port), await dial(peer.port)];
  await first.isOpen;
  const firstPeer = await peer.accepted();
  await second.isOpen;
  const secondPeer = await peer.accepted();
  firstPeer.send("x".repeat(2 << 20));
  expect(await first.closed).toMatchObject({ reason: "frame_too_large" });
  const text = second.nextText();
  secondPeer.send("still here");
  expect(await text).toBe("still here");
});

test.each([400, 401, 403, 503])("an upgrade that is refused with HTTP %i says so, without the server's words", async (status) => {
  const peer = await serve({ refuse: (socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 6\r\n\r\nsecret`) });
  const client = await dial(peer.port);
  expect(await client.closed).toEqual({ code: 1006, reason: "upgrade_refused", httpStatus: status });
});

test("a redirect is not followed", async () => {
  const other = await serve();
  const peer = await serve({ refuse: (socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${other.port}/\r\nContent-Length: 0\r\n\r\n`) });
  const client = await dial(peer.port);
  expect(await client.closed).toMatchObject({ httpStatus: 302 });
  expect(other.requests).toHaveLength(0);
});

test.each([1001, 1012])("a close by the server is told at once with its code %i", async (code) => {
  const peer = await serve();
  const client = await dial(peer.port);
  await client.isOpen;
  (await peer.accepted()).close(code);
  expect((await client.closed).code).toBe(code);
});

test("nobody there is a close with the system's code", async () => {
  const peer = await serve();
  opened.pop()!.close();
  const client = await dial(peer.port);
  const closing = await client.closed;
  expect(closing).toEqual({ code: 1006, reason: "ECONNREFUSED" });
});

test("the key is in no inspected socket and in no closing", async () => {
  const peer = await serve();
  const client = await dial(peer.port);
  expect(inspect(client.socket, { depth: 12, showHidden: true })).not.toContain(KEY);
  await client.isOpen;
  expect(inspect(client.socket, { depth: 12, showHidden: true })).not.toContain(KEY);
  client.socket.terminate();
  expect(inspect(await client.closed)).not.toContain(KEY);
});
