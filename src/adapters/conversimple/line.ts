// One line to the platform: a connection and the tool calls that come over it.
//
// Owns the way from a tool call to its one answer. Which conversation a call belongs to is asked of the owner.
//
//   L1. A call is answered on the line on which it came, by one durable push whose key is conversation and call id;
//       `gone` is not answered. A result takes the place of an error that is not confirmed: the call was asked for again,
//       and what is stored is the true answer.
//   L2. Calls never wait for each other here; order is the host's.
//   L3. `leave` waits for the answers of running calls, at most `LEAVE_MS`.

import type { Clock } from "../../base/clock.ts";
import { type ErrorCode, codeOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Host, Invocation, Outcome } from "../../host/host.ts";
import { type CallFailure, REGISTER_TOOLS, TOOL_CALL_ERROR, TOOL_CALL_RESPONSE, registration, toolCallError, toolCallResponse } from "../../wire/agent-events.ts";
import { Connection, type ConnectionEnd, type ConnectionState, type ConnectionTimes } from "../../wire/connection.ts";
import type { FrameForm, RawJson } from "../../wire/frame.ts";
import { type PlatformMessage, type ToolCallRequest, readMessage } from "../../wire/messages.ts";
import type { Connect } from "../../wire/socket.ts";
import type { CallListener, LinkStats } from "./link-stats.ts";

/** What all lines of a link share. */
export interface LineContext {
  readonly host: Host;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stats: LinkStats;
  readonly random: () => number;
  readonly newTopic: () => string;
  readonly form: FrameForm;
  readonly times: ConnectionTimes;
  /** `all` for a platform that takes tools once per conversation. */
  readonly offer: "offered" | "all";
  readonly onCall: CallListener;
}

/** Whose a call is. */
export type Target =
  | { readonly kind: "conversation"; readonly id: string }
  /** No conversation of that id is served over this line. */
  | { readonly kind: "unknown" }
  /** The call names no conversation and the line serves several. */
  | { readonly kind: "ambiguous" };

/** Everything that is not a tool call. */
export type Announcement = Exclude<PlatformMessage, { kind: "tool_call" | "malformed" | "unknown" | "notice" }>;

export interface LineOptions {
  readonly joinPayload: Readonly<Record<string, unknown>>;
  target(conversationId: string | undefined): Target;
  onAnnouncement(message: Announcement): void;
  onJoined(): void;
  onEnd(end: ConnectionEnd): void;
}

/** How long `leave` waits for running calls, milliseconds. */
const LEAVE_MS = 2_000;

export class Line {
  readonly #context: LineContext;
  readonly #options: LineOptions;
  readonly #connection: Connection;
  #running = 0;
  #onIdle: (() => void) | undefined;
  #left: Promise<void> | undefined;

  constructor(context: LineContext, options: LineOptions) {
    this.#context = context;
    this.#options = options;
    this.#connection = new Connection({
      ...context.times,
      connect: context.connect,
      clock: context.clock,
      random: context.random,
      log: context.log,
      stats: context.stats.wire,
      form: context.form,
      topic: context.newTopic(),
      joinPayload: options.joinPayload,
      onDelivered: (key, ms) => this.#delivered(key, ms),
      onMessage: (event, payload) => this.#received(readMessage(event, payload)),
      onJoined: () => options.onJoined(),
      onEnd: (end) => options.onEnd(end),
    });
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  start(): void {
    this.#connection.start();
  }

  /** Registers the conversation's present tools. Resolves with whether the platform confirmed it; never rejects. */
  async register(conversationId: string): Promise<boolean> {
    const { host, log, offer } = this.#context;
    const tools = host.tools(conversationId, offer);
    const outcome = await this.#connection.push(REGISTER_TOOLS, registration(conversationId, tools));
    if (outcome.kind === "error") log.warn({ conversationId, tools: tools.length }, "the platform refused the registration of tools");
    return outcome.kind === "ok";
  }

  /** Leaves for good (L3); a second call waits for the first. Never rejects. */
  leave(): Promise<void> {
    this.#left ??= this.#idle().then(() => this.#connection.leave());
    return this.#left;
  }

  #idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#context.clock.after(LEAVE_MS, resolve);
      this.#onIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #received(message: PlatformMessage): void {
    const { log, stats } = this.#context;
    switch (message.kind) {
      case "tool_call":
        return this.#call(message);
      case "malformed":
        stats.ignored.message_malformed++;
        log.warn({ event: message.event, reason: message.reason, callId: message.callId }, "a message of the platform could not be read");
        if (message.callId !== undefined) this.#fail(undefined, message.callId, "invalid_parameters", `The tool call cannot be read: ${message.reason}`);
        return;
      case "unknown":
        stats.ignored.message_unknown++;
        return;
      case "notice":
        return log.debug({ event: message.event }, "the platform informs");
      default:
        return this.#options.onAnnouncement(message);
    }
  }

  #call(call: ToolCallRequest): void {
    const target = this.#options.target(call.conversationId);
    switch (target.kind) {
      case "conversation":
        return this.#invoke(target.id, call);
      case "ambiguous":
        return this.#fail(call.conversationId, call.callId, "invalid_parameters", "The tool call names no conversation and this connection serves several. Send conversation_id.");
      case "unknown":
        return this.#fail(call.conversationId, call.callId, "conversation_not_found", "This connection does not serve the conversation of the tool call.");
    }
  }

  #invoke(conversationId: string, call: ToolCallRequest): void {
    const { clock, host } = this.#context;
    const startedMs = clock.monotonic();
    const invocation: Invocation = {
      conversationId,
      callId: call.callId,
      tool: call.tool,
      arguments: call.arguments,
      ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
    };
    this.#running++;
    const settle = (outcome: Outcome) => {
      this.#answer(conversationId, call.callId, outcome, clock.monotonic() - startedMs);
      if (--this.#running === 0) this.#onIdle?.();
    };
    // The host does not reject (its H1); if it does all the same, the caller must not wait for ever.
    host.invoke(invocation).then(settle, (error: unknown) => {
      this.#context.log.error({ conversationId, callId: call.callId, code: codeOf(error) }, "the host rejected a tool call");
      settle({ kind: "error", code: "tool_execution_error", message: "The tool failed." });
    });
  }

  #answer(conversationId: string, callId: string, outcome: Outcome, durationMs: number): void {
    switch (outcome.kind) {
      case "result": {
        const sent = this.#deliver(conversationId, callId, TOOL_CALL_RESPONSE, toolCallResponse(callId, outcome.json));
        if (sent === "too_large") return this.#fail(conversationId, callId, "result_invalid", "The result does not fit into a frame.", durationMs);
        return this.#count(outcome.repeated ? "repeated" : "result", durationMs);
      }
      case "error":
        return this.#fail(conversationId, callId, outcome.code, outcome.message, durationMs, outcome.reference);
      case "gone":
        return this.#count("gone", durationMs);
    }
  }

  #fail(conversationId: string | undefined, callId: string, code: ErrorCode, message: string, durationMs = 0, reference?: string): void {
    const failure: CallFailure = { type: code, message, reference };
    this.#deliver(conversationId, callId, TOOL_CALL_ERROR, toolCallError(callId, failure, this.#context.clock.now()));
    this.#count(code, durationMs);
  }

  /** Ids have no control characters, so the key is unambiguous. */
  #deliver(conversationId: string | undefined, callId: string, event: string, payload: RawJson): string {
    const sent = this.#connection.deliver(`${conversationId ?? ""}\n${callId}`, event, payload, event === TOOL_CALL_RESPONSE);
    if (sent === "full" || sent === "lost") this.#context.log.warn({ conversationId, callId, reason: sent }, "an answer could not be kept for sending");
    return sent;
  }

  #delivered(key: string, ms: number): void {
    const [conversationId = "", callId = ""] = key.split("\n");
    this.#context.host.confirmed(conversationId, callId, ms);
  }

  #count(outcome: string, durationMs: number): void {
    const { toolCalls } = this.#context.stats;
    toolCalls.set(outcome, (toolCalls.get(outcome) ?? 0) + 1);
    this.#context.onCall(outcome, durationMs);
  }
}
