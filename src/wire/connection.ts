// One connection to the platform: a socket, its one channel, and what must outlive both.
//
// Owns when to connect, join, beat and give up. Knows frames, not what they mean.
//
//   C1. One state and one socket at a time; what a former socket says is not heard.
//   C2. Leaving a state cancels its timer.
//   C3. Every join has a new join_ref; frames of an older one or of another topic are dropped and counted.
//   C4. The delays begin again only after a join that lasted `STABLE_MS`.
//   C5. A loss is acted upon when it is noticed: a close at once, silence at the second heartbeat.
//   C6. A refused key is final (refusals.ts), and so is `phx_close`; nothing else is.
//   C7. Nothing that comes in throws out of here.

import type { Clock, Timer } from "../base/clock.ts";
import { type ConversimpleError, codeOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Frame, type FrameForm, MAX_FRAME_BYTES, type RawJson, encodeFrame, parseFrame } from "./frame.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";
import { PendingReplies, type PushOutcome } from "./pending-replies.ts";
import { ReconnectDelays } from "./reconnect-delays.ts";
import { refusedJoin, refusedUpgrade } from "./refusals.ts";
import type { Connect, Socket, SocketClosing } from "./socket.ts";
import type { DropReason, WireStats } from "./wire-stats.ts";

/** Why a connection is over for good (C6). */
export type ConnectionEnd =
  /** `leave` was called. */
  | { readonly kind: "left" }
  /** The platform closed the channel. */
  | { readonly kind: "channel_closed" }
  /** The circuit breaker: `connection_refused`. */
  | { readonly kind: "refused"; readonly error: ConversimpleError };

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly socket: Socket; readonly timer: Timer }
  | { readonly kind: "joining"; readonly socket: Socket; readonly joinRef: string; readonly timer: Timer }
  | { readonly kind: "joined"; readonly socket: Socket; readonly joinRef: string; readonly sinceMs: number }
  /** The socket is open, the channel is not; joined again after the delay. */
  | { readonly kind: "errored"; readonly socket: Socket; readonly timer: Timer }
  /** No socket; connected again after the delay. */
  | { readonly kind: "waiting"; readonly timer: Timer }
  | { readonly kind: "closed"; readonly end: ConnectionEnd };

export type ConnectionState = State["kind"];

/** Times are in milliseconds. */
export interface ConnectionTimes {
  /** Between heartbeats, and how long one may stay unanswered; 30,000 unless given. */
  readonly heartbeatMs?: number;
  /** How long the platform may take to answer a join; 10,000 unless given. */
  readonly joinTimeoutMs?: number;
  /** How long an upgrade may take; 10,000 unless given. */
  readonly connectTimeoutMs?: number;
  /** How long `push` waits for a reply; 10,000 unless given. */
  readonly replyTimeoutMs?: number;
  /** A durable push without a reply counts as delivered when the connection stayed up so long; 30,000 unless given. */
  readonly confirmAfterMs?: number;
}

export interface ConnectionOptions extends ConnectionTimes {
  readonly connect: Connect;
  readonly topic: string;
  readonly clock: Clock;
  readonly stats: WireStats;
  readonly log: Logger;
  /** From 0 to below 1, for the jitter of the delays. */
  readonly random: () => number;
  /** `array` unless given. */
  readonly form?: FrameForm;
  readonly joinPayload?: Readonly<Record<string, unknown>>;
  /** Bounds of the unconfirmed durable pushes; 10,000 pushes and 64 MiB unless given. */
  readonly maxPushes?: number;
  readonly maxPushBytes?: number;
  /** The platform replied to a durable push, so many milliseconds after it was given to `deliver`. */
  readonly onDelivered?: (key: string, ms: number) => void;
  /** An event on our topic, or a bare message. */
  onMessage(event: string, payload: unknown): void;
  /** A join succeeded, the first or a later one; what was kept has been sent again already. */
  onJoined(): void;
  /** It is over for good; called once. */
  onEnd(end: ConnectionEnd): void;
}

/** A join that lasted so long was a success. */
const STABLE_MS = 1_000;
/** How long `leave` waits for what is not confirmed. */
const FLUSH_MS = 2_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #form: FrameForm;
  readonly #outbox: Outbox;
  readonly #replies: PendingReplies;
  readonly #heartbeat: Heartbeat;
  readonly #delays: ReconnectDelays;
  #state: State = { kind: "idle" };
  /** Counts sockets, so that a former one can be told (C1). */
  #socketNumber = 0;
  #ref = 0;
  #hasReplied = false;

  constructor(options: ConnectionOptions) {
    const { clock, stats } = options;
    this.#options = options;
    this.#form = options.form ?? "array";
    this.#delays = new ReconnectDelays(options.random);
    this.#replies = new PendingReplies(clock, options.replyTimeoutMs ?? 10_000);
    this.#outbox = new Outbox({
      clock,
      stats,
      confirmAfterMs: options.confirmAfterMs ?? 30_000,
      maxPushes: options.maxPushes ?? 10_000,
      maxBytes: options.maxPushBytes ?? 64 * 1_048_576,
      onReplied: options.onDelivered,
    });
    this.#heartbeat = new Heartbeat(
      clock,
      options.heartbeatMs ?? 30_000,
      () => this.#transmit(null, "phoenix", "heartbeat", {}),
      () => this.#abandon("heartbeat_lost"),
    );
  }

  get state(): ConnectionState {
    return this.#state.kind;
  }

  /** Durable pushes that are not confirmed. */
  get unconfirmed(): number {
    return this.#outbox.size;
  }

  /** Begins; a connection begins once. */
  start(): void {
    if (this.#state.kind === "idle") this.#open();
  }

  /** Sends an event once. Resolves with what became of it; never rejects. */
  push(event: string, payload: unknown): Promise<PushOutcome> {
    const state = this.#state;
    if (state.kind !== "joined") return Promise.resolve({ kind: "dropped" });
    return this.#replies.wait(this.#transmit(state.joinRef, this.#options.topic, event, payload));
  }

  /**
   * Sends an event until it is confirmed, also over reconnects (outbox.ts). A key that is kept already is not taken
   * twice: it means the same answer, unless this one `replaces` it. `lost`: this connection is over.
   */
  deliver(key: string, event: string, payload: RawJson, replaces = false): "accepted" | "duplicate" | "full" | "too_large" | "lost" {
    if (this.#state.kind === "closed") return "lost";
    if (!this.#fits(event, payload)) return "too_large";
    return this.#outbox.add(key, event, payload, replaces);
  }

  /** Leaves for good, after what is not confirmed or at the latest after 2 s. Never rejects. */
  async leave(): Promise<void> {
    await this.#flushed();
    if (this.#state.kind === "joined") this.#transmit(this.#state.joinRef, this.#options.topic, "phx_leave", {});
    this.#finish({ kind: "left" });
  }

  /** A platform that never replied to a push will not begin with the last one; TCP carries that before the close. */
  #flushed(): Promise<void> {
    const { kind } = this.#state;
    if (kind === "idle" || kind === "closed" || this.#outbox.size === 0) return Promise.resolve();
    if (kind === "joined" && !this.#hasReplied) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(FLUSH_MS, resolve);
      void this.#outbox.whenEmpty().then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #fits(event: string, payload: RawJson): boolean {
    const envelope = 2 * (this.#options.topic.length + event.length) + 256;
    const { text } = payload;
    // A code unit is at most three bytes.
    if (text.length * 3 + envelope <= MAX_FRAME_BYTES) return true;
    return Buffer.byteLength(text) + envelope <= MAX_FRAME_BYTES;
  }

  #open(): void {
    const { clock, connect, stats, connectTimeoutMs = 10_000 } = this.#options;
    const number = ++this.#socketNumber;
    const isCurrent = () => number === this.#socketNumber;
    const socket = connect({
      onOpen: () => isCurrent() && this.#opened(),
      onText: (text) => isCurrent() && this.#received(text),
      onBinary: () => isCurrent() && this.#drop("binary"),
      onClose: (closing) => isCurrent() && this.#socketClosed(closing),
    });
    stats.reconnects += number > 1 ? 1 : 0;
    this.#enter({ kind: "connecting", socket, timer: clock.after(connectTimeoutMs, () => this.#abandon("connect_timeout")) });
  }

  #opened(): void {
    if (this.#state.kind !== "connecting") return;
    this.#heartbeat.start();
    this.#join(this.#state.socket);
  }

  #join(socket: Socket): void {
    const { clock, topic, joinPayload = {}, joinTimeoutMs = 10_000 } = this.#options;
    const joinRef = this.#newRef();
    const timer = clock.after(joinTimeoutMs, () => this.#abandon("join_timeout"));
    this.#enter({ kind: "joining", socket, joinRef, timer });
    this.#send(socket, { joinRef, ref: joinRef, topic, event: "phx_join", payload: joinPayload });
  }

  #received(text: string): void {
    this.#options.stats.framesReceived++;
    try {
      const parsed = parseFrame(text);
      if (parsed.kind === "frame") this.#frame(parsed.frame);
      else this.#event(parsed.message.type, parsed.message.payload);
    } catch (error) {
      const code = codeOf(error);
      if (code === "frame_invalid" || code === "frame_too_large") return this.#drop(code);
      this.#drop("handler_failed");
      this.#options.log.error({ topic: this.#options.topic, code, error: error instanceof Error ? error.name : typeof error }, "a frame's handler failed");
    }
  }

  #frame(frame: Frame): void {
    if (frame.topic === "phoenix") {
      if (!this.#heartbeat.replied(frame.ref)) this.#drop("unknown_ref");
      return;
    }
    if (frame.topic !== this.#options.topic) return this.#drop("foreign_topic");
    const state = this.#state;
    const joinRef = state.kind === "joining" || state.kind === "joined" ? state.joinRef : undefined;
    if (frame.joinRef !== null && frame.joinRef !== joinRef) return this.#drop("stale_join_ref");
    switch (frame.event) {
      case "phx_reply":
        return this.#reply(frame);
      case "phx_error":
        return this.#channelFailed("phx_error");
      case "phx_close":
        if (joinRef === undefined) return this.#drop("not_joined");
        return this.#finish({ kind: "channel_closed" });
      default:
        return this.#event(frame.event, frame.payload);
    }
  }

  /** Taken while joining too: an event may overtake the reply to the join. */
  #event(event: string, payload: unknown): void {
    const { kind } = this.#state;
    if (kind !== "joined" && kind !== "joining") return this.#drop("not_joined");
    this.#options.onMessage(event, payload);
  }

  #reply({ ref, payload }: Frame): void {
    const { status, response } = replyOf(payload);
    const state = this.#state;
    if (ref !== null && state.kind === "joining" && ref === state.joinRef) return this.#joinAnswered(state, status, response);
    if (ref === null || !(this.#outbox.replied(ref, status) || this.#replies.replied(ref, status, response))) {
      return this.#drop("unknown_ref");
    }
    this.#hasReplied = true;
  }

  #joinAnswered({ socket, joinRef }: State & { kind: "joining" }, status: string, response: unknown): void {
    if (status !== "ok") {
      const reason = reasonOf(response);
      const error = refusedJoin(reason);
      return error ? this.#finish({ kind: "refused", error }) : this.#channelFailed(/^\w{1,64}$/.test(reason) ? reason : "join_refused");
    }
    const { clock, log, stats, topic } = this.#options;
    stats.joins++;
    this.#enter({ kind: "joined", socket, joinRef, sinceMs: clock.monotonic() });
    log.debug({ topic, unconfirmed: this.#outbox.size }, "joined");
    this.#outbox.joined((event, payload) => this.#transmit(joinRef, topic, event, payload));
    this.#options.onJoined();
  }

  /** The channel is down, the socket may be fine: join again after a delay. */
  #channelFailed(reason: string): void {
    const state = this.#state;
    if (state.kind !== "joined" && state.kind !== "joining") return this.#drop("not_joined");
    this.#joinLost();
    const delayMs = this.#delays.next();
    this.#options.log.warn({ topic: this.#options.topic, reason, delayMs }, "the channel failed; joining again");
    const timer = this.#options.clock.after(delayMs, () => {
      this.#options.stats.reconnects++;
      this.#join(state.socket);
    });
    this.#enter({ kind: "errored", socket: state.socket, timer });
  }

  #socketClosed(closing: SocketClosing): void {
    const { log, stats, topic } = this.#options;
    if (closing.reason === "frame_too_large") stats.dropped.frame_too_large++;
    const error = refusedUpgrade(closing);
    if (error) return this.#finish({ kind: "refused", error });
    log.debug({ topic, code: closing.code, reason: closing.reason, httpStatus: closing.httpStatus }, "the socket closed");
    this.#reconnect(closing.reason);
  }

  /** The socket does not do what it must: it is dropped, not asked. */
  #abandon(reason: string): void {
    const state = this.#state;
    if (!("socket" in state)) return;
    this.#socketNumber++;
    state.socket.terminate();
    this.#reconnect(reason);
  }

  #reconnect(reason: string): void {
    this.#heartbeat.stop();
    const wasJoined = this.#state.kind === "joined";
    this.#joinLost();
    const { clock, log, topic } = this.#options;
    const attempt = this.#delays.failures + 1;
    const delayMs = this.#delays.next();
    log.warn({ topic, reason, attempt, delayMs: Math.round(delayMs) }, wasJoined ? "the connection was lost; connecting again" : "there is no connection; trying again");
    this.#enter({ kind: "waiting", timer: clock.after(delayMs, () => this.#open()) });
  }

  #joinLost(): void {
    const state = this.#state;
    if (state.kind !== "joined") return;
    if (this.#options.clock.monotonic() - state.sinceMs >= STABLE_MS) this.#delays.succeeded();
    this.#outbox.lost();
    this.#replies.lost();
  }

  #finish(end: ConnectionEnd): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    this.#heartbeat.stop();
    this.#joinLost();
    this.#socketNumber++;
    this.#enter({ kind: "closed", end });
    if ("socket" in state) state.socket.close(1000, "");
    this.#options.onEnd(end);
  }

  #enter(next: State): void {
    const left = this.#state;
    if ("timer" in left) left.timer.cancel();
    this.#state = next;
  }

  /** Sends on the present socket and returns the ref. */
  #transmit(joinRef: string | null, topic: string, event: string, payload: unknown): string {
    const ref = this.#newRef();
    if ("socket" in this.#state) this.#send(this.#state.socket, { joinRef, ref, topic, event, payload });
    return ref;
  }

  #send(socket: Socket, frame: Frame): void {
    this.#options.stats.framesSent++;
    socket.send(encodeFrame(frame, this.#form));
  }

  #newRef(): string {
    return String(++this.#ref);
  }

  #drop(reason: DropReason): void {
    this.#options.stats.dropped[reason]++;
    this.#options.log.debug({ topic: this.#options.topic, reason }, "an incoming frame was not used");
  }
}

function replyOf(payload: unknown): { status: string; response: unknown } {
  if (typeof payload !== "object" || payload === null) return { status: "error", response: undefined };
  const { status, response } = payload as { status?: unknown; response?: unknown };
  return { status: typeof status === "string" ? status : "error", response };
}

/** The word of a refused join: `{ reason: "..." }`, or the word itself. */
function reasonOf(response: unknown): string {
  if (typeof response === "string") return response;
  const reason = typeof response === "object" && response !== null ? (response as { reason?: unknown }).reason : undefined;
  return typeof reason === "string" ? reason : "";
}
