// One WebSocket connection: the server's side of Phoenix Channels.
//
// Owns frames, joins, heartbeats, replies and the limits of one peer. Knows no conversation.
//
//   K1. Every push that has a ref is replied to, in the form that the peer speaks.
//   K2. What is not a frame is ignored and counted; it ends nothing and touches no other connection.
//   K3. A peer that is silent, or does not read, is closed; its channels are left at once.

import type { WebSocket } from "ws";
import type { Clock } from "../base/clock.ts";
import { encodeFrame, parseFrame } from "../wire/frame.ts";
import type { BareMessage, Frame, FrameForm } from "../wire/frame.ts";
import { JoinedChannel } from "./channel.ts";
import type { FrameSink, JoinFacts } from "./channel.ts";
import type { Call, Channel, LiveConversation } from "./conversation.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";

/** Answers one push. */
export type Reply = (status: "ok" | "error", response: Readonly<Record<string, unknown>>) => void;

/** What happens on the channels of a connection. */
export interface ChannelEvents {
  /** After the reply to the join was sent. */
  joined(channel: Channel): void;
  /** Left, or its connection closed. */
  left(channel: Channel): void;
  pushed(channel: Channel, event: string, payload: Readonly<Record<string, unknown>>, reply: Reply): void;
  ignored(reason: "binary" | "frame" | "topic" | "join_ref" | "bare"): void;
  /** A frame was read and its handling threw: a defect of the platform, for the log. */
  failed(error: unknown): void;
}

export interface ConnectionLimits {
  /** A peer that said nothing for so long is closed; milliseconds. */
  readonly silenceMs: number;
  /** Unsent bytes at which a peer that does not read is closed. */
  readonly maxBufferedBytes: number;
}

const CHANNELS_PER_CONNECTION = 32;
const GOING_AWAY = 1001;
const OPEN = 1;

export class Connection implements FrameSink {
  readonly id: number;
  readonly #socket: WebSocket;
  readonly #fixedForm: FrameForm | undefined;
  readonly #events: ChannelEvents;
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #channels = new Map<string, Channel>();
  #form: FrameForm = "object";
  #heardAtMs: number;
  #silence: Deadline;
  #isOpen = true;

  /** @internal The declarations need no types of `ws`. @param vsn of the URL; "2.0.0" means arrays whatever the peer sends. */
  constructor(id: number, socket: WebSocket, vsn: string | null, events: ChannelEvents, limits: ConnectionLimits, clock: Clock, deadlines: Deadlines) {
    this.id = id;
    this.#socket = socket;
    this.#fixedForm = vsn === "2.0.0" ? "array" : undefined;
    this.#events = events;
    this.#limits = limits;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#heardAtMs = clock.monotonic();
    this.#silence = deadlines.set(limits.silenceMs, () => this.#checkSilence());
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on("ping", () => (this.#heardAtMs = clock.monotonic()));
    socket.on("close", () => this.#gone());
    socket.on("error", () => undefined); // "close" follows
  }

  get form(): FrameForm {
    return this.#fixedForm ?? this.#form;
  }

  get isOpen(): boolean {
    return this.#isOpen && this.#socket.readyState === OPEN;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    this.#socket.send(text);
    // "close" tells the channels later, so that nobody who is sending to many is called back in the middle of it.
    if (this.#socket.bufferedAmount > this.#limits.maxBufferedBytes) this.#socket.terminate();
  }

  /** Leaves all channels and says goodbye; clients reconnect. */
  close(reason: string): void {
    this.#gone();
    this.#socket.close(GOING_AWAY, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heardAtMs = this.#clock.monotonic();
    if (isBinary) return this.#events.ignored("binary");
    let parsed;
    try {
      parsed = parseFrame(data.toString("utf8"));
    } catch {
      return this.#events.ignored("frame");
    }
    try {
      if (parsed.kind === "bare") return this.#bare(parsed.message);
      this.#form = parsed.form;
      this.#frame(parsed.frame);
    } catch (error) {
      this.#events.failed(error);
    }
  }

  #frame(frame: Frame): void {
    const { topic, event } = frame;
    if (event === "heartbeat" && topic === "phoenix") return this.#reply(frame, "ok", {});
    if (event === "phx_join") return this.#join(frame);
    const channel = this.#channels.get(topic);
    if (event === "phx_leave") return this.#leave(frame, channel);
    if (!channel) return this.#refuse(frame, "topic", "unmatched topic");
    if (frame.joinRef !== null && frame.joinRef !== channel.joinRef) return this.#refuse(frame, "join_ref", "stale join_ref");
    this.#events.pushed(channel, event, recordOf(frame.payload), (status, response) => this.#reply(frame, status, response));
  }

  /** The documentation's messages have no topic and no ref: they belong to the one channel there is, unanswered. */
  #bare(message: BareMessage): void {
    const [channel] = this.#channels.values();
    if (!channel || this.#channels.size > 1) return this.#events.ignored("bare");
    this.#events.pushed(channel, message.type, message.payload, () => undefined);
  }

  #join(frame: Frame): void {
    const { topic } = frame;
    if (!topic.startsWith("customer:")) return this.#refuse(frame, "topic", "unmatched topic");
    const before = this.#channels.get(topic);
    if (before) this.#drop(before);
    if (this.#channels.size >= CHANNELS_PER_CONNECTION) return this.#refuse(frame, "topic", "too many topics");
    const channel = new JoinedChannel<LiveConversation, Call>(this, topic, frame.joinRef ?? frame.ref, factsOf(frame.payload));
    this.#channels.set(topic, channel);
    this.#reply(frame, "ok", {});
    this.#events.joined(channel);
  }

  #leave(frame: Frame, channel: Channel | undefined): void {
    this.#reply(frame, "ok", {});
    if (!channel || (frame.joinRef !== null && frame.joinRef !== channel.joinRef)) return;
    channel.push("phx_close", {});
    this.#drop(channel);
  }

  #drop(channel: Channel): void {
    channel.close();
    this.#channels.delete(channel.topic);
    this.#events.left(channel);
  }

  #refuse(frame: Frame, counted: "topic" | "join_ref", reason: string): void {
    this.#events.ignored(counted);
    this.#reply(frame, "error", { reason });
  }

  #reply(frame: Frame, status: "ok" | "error", response: Readonly<Record<string, unknown>>): void {
    if (frame.ref === null) return;
    this.send(encodeFrame({ joinRef: frame.joinRef, ref: frame.ref, topic: frame.topic, event: "phx_reply", payload: { status, response } }, this.form));
  }

  #checkSilence(): void {
    if (!this.#isOpen) return;
    const silentMs = this.#clock.monotonic() - this.#heardAtMs;
    if (silentMs >= this.#limits.silenceMs) return this.close("silence");
    this.#silence = this.#deadlines.set(this.#limits.silenceMs - silentMs, () => this.#checkSilence());
  }

  #gone(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#deadlines.remove(this.#silence);
    for (const channel of [...this.#channels.values()]) this.#drop(channel);
  }
}

function recordOf(payload: unknown): Readonly<Record<string, unknown>> {
  return typeof payload === "object" && payload !== null && !Array.isArray(payload) ? (payload as Record<string, unknown>) : {};
}

/** Reads what a join may say; what is not understood is left out, so that any client can join. */
function factsOf(payload: unknown): JoinFacts {
  const { agents, conversation_id: conversationId } = recordOf(payload);
  return {
    agents: Array.isArray(agents) ? agents.filter((id): id is string => typeof id === "string" && id.length <= 256).slice(0, 256) : undefined,
    conversationId: typeof conversationId === "string" ? conversationId : undefined,
  };
}
