// The platform's end of one connection: frames, joins, replies.
//
// Owns what Phoenix asks of a server (design 4). Knows no conversation.
//
//   SL1. Every push with a ref is replied to, in the form in which the agent spoke, unless told to be silent.
//   SL2. A frame of a topic that is not joined, or with a stale join_ref, is not heard.

import { encodeFrame, parseFrame, type Frame, type FrameForm } from "../wire/frame.ts";
import type { ScriptedSocket } from "./scripted-socket.ts";

/** What a line tells the platform. */
export interface LineEvents {
  joined(line: ScriptedLine): void;
  pushed(line: ScriptedLine, event: string, payload: Readonly<Record<string, unknown>>): void;
  left(line: ScriptedLine): void;
}

export class ScriptedLine {
  /** Set by the platform right after `connect`. */
  socket: ScriptedSocket | undefined;
  readonly #events: LineEvents;
  readonly #repliesToPushes: boolean;
  #topic: string | undefined;
  #joinRef: string | null = null;
  #form: FrameForm = "array";

  constructor(events: LineEvents, repliesToPushes: boolean) {
    this.#events = events;
    this.#repliesToPushes = repliesToPushes;
  }

  get isJoined(): boolean {
    return this.#topic !== undefined;
  }

  /** Sends an event on the joined topic. */
  push(event: string, payload: Readonly<Record<string, unknown>>): void {
    if (this.#topic !== undefined) this.#send({ joinRef: this.#joinRef, ref: null, topic: this.#topic, event, payload });
  }

  /** Breaks the connection. */
  cut(): void {
    this.socket?.end({ code: 1006, reason: "cut" });
  }

  onText(text: string): void {
    const parsed = parseFrame(text);
    if (parsed.kind === "bare") return;
    const { frame } = parsed;
    this.#form = parsed.form;
    if (frame.topic === "phoenix") return this.#reply(frame);
    if (frame.event === "phx_join") return this.#join(frame);
    if (frame.topic !== this.#topic || (frame.joinRef !== null && frame.joinRef !== this.#joinRef)) return;
    if (frame.event === "phx_leave") {
      this.#reply(frame);
      return this.onClose();
    }
    if (this.#repliesToPushes) this.#reply(frame);
    this.#events.pushed(this, frame.event, frame.payload as Readonly<Record<string, unknown>>);
  }

  onClose(): void {
    if (this.#topic === undefined) return;
    this.#topic = undefined;
    this.#events.left(this);
  }

  #join(frame: Frame): void {
    this.onClose();
    this.#topic = frame.topic;
    this.#joinRef = frame.joinRef;
    this.#reply(frame);
    this.#events.joined(this);
  }

  #reply({ joinRef, ref, topic }: Frame): void {
    this.#send({ joinRef, ref, topic, event: "phx_reply", payload: { status: "ok", response: {} } });
  }

  #send(frame: Frame): void {
    this.socket?.say(encodeFrame(frame, this.#form));
  }
}
