// A platform that plays a script, in memory, through bad weather.
//
// Owns the platform's side of design 4 as far as a test needs it: announce, call, redeliver, end. The agent's side is
// whatever opens its sockets with `connect`.
//
//   SP1. A conversation is announced to every line that joins, and again and again, while nobody serves it.
//   SP2. A call is delivered to the line that registered its conversation's tools last, and again, with the same id and
//        arguments, until it is answered.
//   SP3. Every answer that arrives is kept, so that a test can see whether all are the same.
//   SP4. All chance is the weather's and comes from the seed.

import { systemClock, type Clock } from "../base/clock.ts";
import type { Connect } from "../wire/socket.ts";
import { ScriptedLine } from "./scripted-line.ts";
import { ScriptedSocket } from "./scripted-socket.ts";
import { seededRandom } from "./seeded-random.ts";
import { Weather, type WeatherOptions } from "./weather.ts";

/** How the platform behaves. */
export interface ScriptedPlatformOptions extends WeatherOptions {
  /** By which frames are late and calls delivered again; the machine's unless given. */
  readonly clock?: Clock;
  /** How long until it announces or delivers again, milliseconds; 5,000 unless given. */
  readonly againAfterMs?: number;
  /** Whether it replies to pushes; true unless given. */
  readonly repliesToPushes?: boolean;
  /** Whether tool calls name their conversation; true unless given. */
  readonly namesConversations?: boolean;
  /** Hears every answer as it arrives, also repeated ones. */
  readonly onAnswer?: (conversationId: string, callId: string, answer: PlatformAnswer) => void;
}

/** What came back for a tool call. */
export type PlatformAnswer =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly error: { readonly type?: string; readonly message: string } };

type Payload = Readonly<Record<string, unknown>>;

interface PendingCall {
  readonly payload: Payload;
  readonly answers: PlatformAnswer[];
  readonly first: PromiseWithResolvers<PlatformAnswer>;
}

interface Conversation {
  readonly announcement: Payload;
  readonly registered: PromiseWithResolvers<readonly string[]>;
  readonly calls: Map<string, PendingCall>;
  /** The line that serves it. */
  line: ScriptedLine | undefined;
  isOver: boolean;
}

/** A platform in memory whose frames are dropped, delayed, repeated and reordered from a seed. */
export class ScriptedPlatform {
  /** What happened to frames; print it when a seed failed. */
  readonly weather: Weather;
  /** Chance for the agent's side, from the same seed: reconnect delays and the like. */
  readonly random: () => number;
  readonly #clock: Clock;
  readonly #options: ScriptedPlatformOptions;
  /** Those that have joined. */
  readonly #lines = new Set<ScriptedLine>();
  readonly #conversations = new Map<string, Conversation>();
  #calls = 0;
  #isTicking = false;

  constructor(options: ScriptedPlatformOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.weather = new Weather(options);
    this.random = seededRandom((options.seed ?? 1) + 1);
  }

  /** Opens a socket to this platform. */
  readonly connect: Connect = (events) => {
    const line = new ScriptedLine(
      { joined: (each) => this.#joined(each), pushed: (...push) => this.#pushed(...push), left: (each) => this.#left(each) },
      this.#options.repliesToPushes ?? true,
    );
    line.socket = new ScriptedSocket(events, line, this.weather, this.#clock);
    return line.socket;
  };

  /** Announces a conversation; resolves with the names of its tools once they are registered (SP1). */
  announce(conversationId: string, agentId: string, caller?: Payload): Promise<readonly string[]> {
    const conversation: Conversation = {
      announcement: { conversation_id: conversationId, agent_id: agentId, ...(caller ? { caller } : {}) },
      registered: Promise.withResolvers(),
      calls: new Map(),
      line: undefined,
      isOver: false,
    };
    this.#conversations.set(conversationId, conversation);
    for (const line of this.#lines) this.#announce(line, conversation);
    this.#tickLater();
    return conversation.registered.promise;
  }

  /** Calls a tool; resolves with the first answer (SP2). An id that was used before is delivered again as it was. */
  call(conversationId: string, tool: string, input: Payload = {}, options: { callId?: string; timeoutSeconds?: number } = {}): Promise<PlatformAnswer> {
    const conversation = this.#conversation(conversationId);
    const callId = options.callId ?? `call-${++this.#calls}`;
    let call = conversation.calls.get(callId);
    if (!call) {
      const payload: Payload = {
        call_id: callId,
        tool_name: tool,
        arguments: input,
        ...((this.#options.namesConversations ?? true) ? { conversation_id: conversationId } : {}),
        ...(options.timeoutSeconds === undefined ? {} : { timeout_seconds: options.timeoutSeconds }),
      };
      call = { payload, answers: [], first: Promise.withResolvers() };
      conversation.calls.set(callId, call);
    }
    conversation.line?.push("tool_call_request", call.payload);
    this.#tickLater();
    return call.first.promise;
  }

  /** Delivers a call once, as it stands: an id that was used before may come with other arguments. Answers count for its id. */
  send(conversationId: string, callId: string, tool: string, input: Payload): void {
    this.#conversation(conversationId).line?.push("tool_call_request", { call_id: callId, tool_name: tool, arguments: input, conversation_id: conversationId });
  }

  /** All answers that arrived for a call, in order (SP3). */
  answersOf(conversationId: string, callId: string): readonly PlatformAnswer[] {
    return this.#conversation(conversationId).calls.get(callId)?.answers ?? [];
  }

  /** Breaks the connection that serves a conversation, or all. */
  cut(conversationId?: string): void {
    if (conversationId !== undefined) return this.#conversation(conversationId).line?.cut();
    for (const line of [...this.#lines]) line.cut();
  }

  /** Says that a conversation has ended, to everybody. */
  end(conversationId: string, reason = "hangup"): void {
    this.#conversation(conversationId).isOver = true;
    for (const line of this.#lines) line.push("conversation_lifecycle", { event: "conversation_ended", conversation_id: conversationId, reason });
  }

  #conversation(id: string): Conversation {
    const found = this.#conversations.get(id);
    if (found) return found;
    throw new Error(`The script names the conversation "${id}", which was not announced.`);
  }

  #joined(line: ScriptedLine): void {
    this.#lines.add(line);
    for (const conversation of this.#conversations.values()) if (!conversation.line) this.#announce(line, conversation);
  }

  #left(line: ScriptedLine): void {
    this.#lines.delete(line);
    for (const conversation of this.#conversations.values()) {
      if (conversation.line !== line) continue;
      conversation.line = undefined;
      for (const other of this.#lines) this.#announce(other, conversation);
    }
    this.#tickLater();
  }

  #announce(line: ScriptedLine, { announcement, isOver }: Conversation): void {
    if (isOver) return;
    line.push("conversation_ready", announcement);
    line.push("conversation_lifecycle", { event: "conversation_started", ...announcement });
  }

  #pushed(line: ScriptedLine, event: string, payload: Payload): void {
    if (event === "register_conversation_tools") return this.#registered(line, payload);
    if (event === "tool_call_response") return this.#answered(payload, { kind: "result", result: payload.result });
    if (event === "tool_call_error") return this.#answered(payload, { kind: "error", error: payload.error as { message: string } });
  }

  #registered(line: ScriptedLine, { conversation_id: id, tools }: Payload): void {
    const conversation = this.#conversations.get(String(id));
    if (!conversation || conversation.isOver) return;
    conversation.line = line;
    conversation.registered.resolve((tools as { name: string }[]).map(({ name }) => name));
    this.#deliver(conversation);
  }

  #answered({ call_id: callId }: Payload, answer: PlatformAnswer): void {
    for (const [conversationId, { calls }] of this.#conversations) {
      const call = calls.get(String(callId));
      if (!call) continue;
      call.answers.push(answer);
      call.first.resolve(answer);
      this.#options.onAnswer?.(conversationId, String(callId), answer);
    }
  }

  #deliver({ line, calls }: Conversation): void {
    for (const { payload, answers } of calls.values()) if (answers.length === 0) line?.push("tool_call_request", payload);
  }

  /** Says again what nobody has heard, until nothing is left (SP1, SP2). */
  #tickLater(): void {
    if (this.#isTicking || !this.#isWaiting()) return;
    this.#isTicking = true;
    const again = () => {
      this.#isTicking = false;
      for (const conversation of this.#conversations.values()) {
        if (conversation.line) this.#deliver(conversation);
        else for (const line of this.#lines) this.#announce(line, conversation);
      }
      this.#tickLater();
    };
    this.#clock.after(this.#options.againAfterMs ?? 5_000, again, { background: true });
  }

  #isWaiting(): boolean {
    const waits = ({ line, isOver, calls }: Conversation) => !isOver && (!line || [...calls.values()].some(({ answers }) => answers.length === 0));
    return [...this.#conversations.values()].some(waits);
  }
}
