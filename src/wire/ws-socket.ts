// The socket port on the npm package `ws`.
//
// Owns the upgrade: subprotocol, limits, what a refused upgrade means. Knows no frame's content.
//
//   K4. The subprotocol is offered; a server that does not echo it is asked again without, at once and from then on.
//   K5. A redirect is never followed: it would carry the key to another host.
//   K6. What is sent in one turn of the event loop goes out in one write.

import type { ClientOptions, RawData, WebSocket } from "ws";
import type { PlatformAddress } from "./address.ts";
import { type FrameForm, MAX_FRAME_BYTES } from "./frame.ts";
import type { Connect, Socket, SocketClosing, SocketEvents } from "./socket.ts";

const SUBPROTOCOL = "phoenix-websocket";
/** How long a peer may take to answer a close, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

type Upgrade = (offer: string[]) => WebSocket;

/** What all sockets of one platform have learnt about it (K4). */
interface Learnt {
  echoes: boolean;
}

/** Loads `ws` and returns a {@link Connect} to the address. */
export async function wsConnect(address: PlatformAddress, form: FrameForm): Promise<Connect> {
  const { WebSocket: Implementation } = await import("ws");
  const learnt: Learnt = { echoes: true };
  // `closeTimeout` is younger than the types of `ws`.
  const limits: ClientOptions & { closeTimeout: number } = {
    maxPayload: MAX_FRAME_BYTES,
    followRedirects: false,
    perMessageDeflate: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const upgrade: Upgrade = (offer) => new Implementation(address.secretUrl(form), offer, limits);
  return (events) => new WsSocket(upgrade, learnt, events);
}

class WsSocket implements Socket {
  readonly #upgrade: Upgrade;
  readonly #learnt: Learnt;
  readonly #events: SocketEvents;
  #socket: WebSocket;
  #reason = "closed";
  #httpStatus: number | undefined;
  #isCorked = false;
  #isEnding = false;

  constructor(upgrade: Upgrade, learnt: Learnt, events: SocketEvents) {
    this.#upgrade = upgrade;
    this.#learnt = learnt;
    this.#events = events;
    this.#socket = this.#open(learnt.echoes);
  }

  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#cork();
    this.#socket.send(text);
  }

  close(code: number, reason: string): void {
    this.#isEnding = true;
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#isEnding = true;
    this.#socket.terminate();
  }

  #open(isOffering: boolean): WebSocket {
    const socket = this.#upgrade(isOffering ? [SUBPROTOCOL] : []);
    let isEchoMissing = false;
    socket.on("upgrade", (response) => {
      isEchoMissing = isOffering && response.headers["sec-websocket-protocol"] === undefined;
    });
    socket.on("unexpected-response", (_request, response) => {
      this.#httpStatus = response.statusCode;
      this.#reason = "upgrade_refused";
      socket.terminate();
    });
    socket.on("open", () => this.#events.onOpen());
    socket.on("message", (data, isBinary) => this.#received(data, isBinary));
    socket.on("error", (error) => {
      if (this.#httpStatus === undefined) this.#reason = reasonOf(error);
    });
    socket.on("close", (code) => {
      if (!isEchoMissing || this.#isEnding) return this.#events.onClose(this.#closing(code));
      this.#learnt.echoes = false;
      this.#reason = "closed";
      this.#socket = this.#open(false);
    });
    return socket;
  }

  #received(data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer;
    if (isBinary) this.#events.onBinary(bytes.length);
    else this.#events.onText(bytes.toString());
  }

  #closing(code: number): SocketClosing {
    return { code, reason: this.#reason, ...(this.#httpStatus === undefined ? {} : { httpStatus: this.#httpStatus }) };
  }

  /** `ws` writes twice per frame; a corked socket gathers the writes of this turn (K6). */
  #cork(): void {
    if (this.#isCorked) return;
    const stream = (this.#socket as { _socket?: { cork(): void; uncork(): void } })._socket;
    if (!stream) return;
    this.#isCorked = true;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }
}

/** The text of an error may name the address; its code does not (K3). */
function reasonOf(error: Error & { code?: unknown }): string {
  if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") return "frame_too_large";
  return typeof error.code === "string" ? error.code : "socket_error";
}
