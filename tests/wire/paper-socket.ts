// A platform on paper: sockets whose other end is the test itself.

import { encodeFrame, type Frame, parseFrame } from "../../src/wire/frame.ts";
import type { Connect, Socket, SocketClosing, SocketEvents } from "../../src/wire/socket.ts";

export class PaperSocket implements Socket {
  readonly events: SocketEvents;
  /** What the client sent, as text and read. */
  readonly texts: string[] = [];
  readonly sent: Frame[] = [];
  closedByClient: { code: number } | "terminated" | undefined;
  #isOpen = false;
  #isClosed = false;

  constructor(events: SocketEvents) {
    this.events = events;
  }

  send(text: string): void {
    if (!this.#isOpen) return;
    this.texts.push(text);
    const parsed = parseFrame(text);
    if (parsed.kind === "frame") this.sent.push(parsed.frame);
    this.onSent?.(this.sent.at(-1)!);
  }

  onSent: ((frame: Frame) => void) | undefined;

  close(code: number): void {
    this.closedByClient = { code };
    this.drop({ code, reason: "closed" });
  }

  terminate(): void {
    this.closedByClient = "terminated";
    this.drop();
  }

  open(): void {
    this.#isOpen = true;
    this.events.onOpen();
  }

  /** The connection is lost, or refused. */
  drop(closing: SocketClosing = { code: 1006, reason: "closed" }): void {
    this.#isOpen = false;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.events.onClose(closing);
  }

  say(text: string): void {
    if (this.#isOpen) this.events.onText(text);
  }

  frame(frame: Partial<Frame> & { event: string }): void {
    this.say(encodeFrame({ joinRef: null, ref: null, topic: this.topic, payload: {}, ...frame }, "array"));
  }

  reply(to: Frame, status = "ok", response: unknown = {}): void {
    this.say(encodeFrame({ joinRef: to.joinRef, ref: to.ref, topic: to.topic, event: "phx_reply", payload: { status, response } }, "array"));
  }

  get topic(): string {
    return this.last("phx_join").topic;
  }

  /** The newest frame of this event that the client sent. */
  last(event: string): Frame {
    const frame = this.all(event).at(-1);
    if (!frame) throw new Error(`The client sent no ${event}.`);
    return frame;
  }

  all(event: string): Frame[] {
    return this.sent.filter((frame) => frame.event === event);
  }
}

export class PaperPlatform {
  readonly sockets: PaperSocket[] = [];
  readonly connect: Connect = (events) => {
    const socket = new PaperSocket(events);
    this.sockets.push(socket);
    return socket;
  };

  get last(): PaperSocket {
    return this.sockets.at(-1)!;
  }

  /** Opens the newest socket and accepts its join. */
  accept(): PaperSocket {
    const socket = this.last;
    socket.open();
    socket.reply(socket.last("phx_join"));
    return socket;
  }
}
