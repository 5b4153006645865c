// Tool calls on their way: from the caller to the channel that serves the conversation, and the answer back.
//
//   L1. A call is durable before it is delivered; an answer is durable before anybody hears it.
//   L2. One call id of a conversation is one call: the same again waits for the same answer, with other arguments it
//       is refused.
//   L3. An unanswered call is delivered again after the next registration on another channel; never twice on one.
//   L4. Only the first answer counts. A late one still answers the call, for whoever asks next.
//   L5. Every waiter is settled once: answer, timeout, refusal or stop.

import { RawJson } from "../wire/frame.ts";
import type { Clock } from "../base/clock.ts";
import type { Channel, Call, CallAnswer, KeptAnswer, LiveConversation, Waiter } from "./conversation.ts";
import type { Deadlines } from "./deadlines.ts";
import type { ArgumentKeeper } from "./kept-arguments.ts";
import { registeredOf } from "./known-tools.ts";
import type { PlatformEvents } from "./platform-events.ts";
import { refusals } from "./refusal.ts";
import type { Storage, StoredCall } from "./storage.ts";

/** Unanswered calls of one conversation; the next one is refused with 429. */
const MAX_UNANSWERED = 1_024;

/** A checked request for a tool call. `arguments` is compact JSON. */
export interface CallRequest {
  readonly callId: string;
  /** Whether the id was made just now, so that it cannot be known. */
  readonly isFresh: boolean;
  readonly tool: string;
  readonly arguments: string;
  readonly timeoutSeconds: number;
  /** Aborts when nobody waits any more; the call goes on. */
  readonly signal?: AbortSignal;
}

export interface DeliveryOptions {
  readonly sendConversationId: boolean;
  readonly keeper: ArgumentKeeper;
}

export class Delivery {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #events: PlatformEvents;
  readonly #sendsConversationId: boolean;
  readonly #keeper: ArgumentKeeper;
  /** Of all conversations, by call id alone. */
  readonly #unanswered = new Map<string, readonly Call[]>();

  constructor(storage: Storage, clock: Clock, deadlines: Deadlines, events: PlatformEvents, options: DeliveryOptions) {
    this.#storage = storage;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#events = events;
    this.#sendsConversationId = options.sendConversationId;
    this.#keeper = options.keeper;
  }

  /** Runs a call of a conversation that is not over, or joins the one that has this id (L2). */
  request(conversation: LiveConversation, request: CallRequest): Promise<CallAnswer> {
    const running = conversation.unanswered.get(request.callId);
    if (running) {
      if (!this.#isSame(running, request, conversation)) throw refusals.mismatch();
      const waiting = this.#wait(running, request);
      if (running.arguments === undefined) {
        // Lost with the last process (M1 of `kept-arguments`), and here again.
        running.arguments = request.arguments;
        this.#offer(running);
      }
      return waiting;
    }
    const kept = request.isFresh ? undefined : this.#storage.call(conversation.id, request.callId);
    if (kept?.isAnswerMasked) {
      if (!this.#isSame(kept, request, conversation)) throw refusals.mismatch();
      // The agent has the answer, and gives it again without running anything. (P5)
      this.#storage.removeCall(kept, () => undefined);
    } else if (kept?.answer) {
      const answer = this.keptAnswer(kept, kept.answer, request, conversation);
      if (answer.kind === "result") return Promise.resolve(answer);
      // A failure committed nothing, or its outcome was unknown: asked again, the agent gives the true answer.
      this.#storage.removeCall(kept, () => undefined);
    }
    if (conversation.server && !conversation.toolNames.has(request.tool)) throw refusals.unknownTool(registeredOf(conversation.tools).map(({ name }) => name));
    if (conversation.unanswered.size >= MAX_UNANSWERED) throw refusals.crowded(MAX_UNANSWERED);
    return this.#wait(this.#begin(conversation, request), request);
  }

  /** The answer of a call that has one, for the same request only (L2). */
  keptAnswer(kept: StoredCall, answer: KeptAnswer, request: CallRequest, conversation: Pick<LiveConversation, "tools">): KeptAnswer {
    if (!this.#isSame(kept, request, conversation)) throw refusals.mismatch();
    return answer;
  }

  /** Puts an unanswered call back that an earlier run of the platform stored. */
  restore(conversation: LiveConversation, stored: StoredCall): void {
    const { callId, tool, timeoutSeconds, isChecked, kept } = stored;
    this.#add({
      conversation, callId, tool, arguments: kept.digest === undefined ? kept.text : undefined, kept, timeoutSeconds, isChecked,
      isStored: true, isAnswering: false, deliveredTo: undefined, waiters: new Set(),
    });
  }

  /** After a registration: sends what this channel has not had (L3); refuses what its tools never knew. */
  serve(conversation: LiveConversation): void {
    for (const call of [...conversation.unanswered.values()]) this.#offer(call);
  }

  /** A channel is gone or lost a conversation: what it has not answered is free to go elsewhere. */
  release(channel: Channel, conversation: LiveConversation): void {
    for (const call of conversation.unanswered.values()) this.#takeOff(channel, call);
  }

  /**
   * The unanswered call that an answer without a conversation id is for: what is in flight on the channel, else the
   * only call of this id that the channel may answer, perhaps before it registers again after a reconnect.
   */
  find(channel: Channel, callId: string): Call | undefined {
    const inFlight = channel.inFlight.get(callId);
    if (inFlight) return inFlight;
    const known = this.#unanswered.get(callId) ?? [];
    const possible = known.filter(({ conversation }) => conversation.server === undefined || conversation.server === channel);
    return possible.length === 1 ? possible[0] : undefined;
  }

  /** Keeps an answer, then tells those who wait (L1, L4). `done` runs when it is durable or could not be stored. */
  answer(call: Call, answer: KeptAnswer, done: (error: Error | undefined) => void): void {
    if (call.isAnswering) return this.#storage.afterWrites(done);
    call.isAnswering = true;
    this.#storage.answerCall(call, answer, this.#clock.now(), (error) => {
      call.isAnswering = false;
      if (!error) {
        this.#events.emit({ type: answer.kind === "result" ? "call_answered" : "call_failed", ...names(call) });
        this.#finish(call, (waiter) => waiter.settle(answer));
      }
      done(error);
    });
  }

  /** The conversation is over: nobody will answer. */
  abandon(conversation: LiveConversation, reason: () => Error): void {
    for (const call of [...conversation.unanswered.values()]) this.#finish(call, (waiter) => waiter.fail(reason()));
  }

  /** The platform stops: nobody waits any more, the calls stay unanswered. */
  dismiss(conversation: LiveConversation, reason: () => Error): void {
    for (const call of conversation.unanswered.values()) for (const waiter of [...call.waiters]) waiter.fail(reason());
  }

  #isSame(known: Pick<Call, "tool" | "kept"> & { readonly arguments?: string | undefined }, request: CallRequest, { tools }: Pick<LiveConversation, "tools">): boolean {
    return known.tool === request.tool && this.#keeper.isSame({ kept: known.kept, clear: known.arguments }, request.arguments, request.tool, tools);
  }

  #begin(conversation: LiveConversation, request: CallRequest): Call {
    const { callId, tool, timeoutSeconds } = request;
    const call: Call = {
      conversation, callId, tool, arguments: request.arguments, kept: this.#keeper.kept(request.arguments, tool, conversation.tools), timeoutSeconds, isChecked: conversation.server !== undefined,
      isStored: false, isAnswering: false, deliveredTo: undefined, waiters: new Set(),
    };
    this.#add(call);
    this.#storage.addCall(call, this.#clock.now(), (error) => {
      if (error) return this.#finish(call, (waiter) => waiter.fail(refusals.storage()));
      call.isStored = true;
      // Ended meanwhile: the call is out of the conversation and nobody waits.
      if (conversation.unanswered.get(callId) !== call) return;
      this.#offer(call);
    });
    return call;
  }

  #add(call: Call): void {
    call.conversation.unanswered.set(call.callId, call);
    this.#unanswered.set(call.callId, [...(this.#unanswered.get(call.callId) ?? []), call]);
  }

  #remove(call: Call): void {
    call.conversation.unanswered.delete(call.callId);
    const others = (this.#unanswered.get(call.callId) ?? []).filter((other) => other !== call);
    if (others.length > 0) this.#unanswered.set(call.callId, others);
    else this.#unanswered.delete(call.callId);
  }

  #offer(call: Call): void {
    if (!call.conversation.server || !call.isStored) return;
    if (!call.isChecked && !call.conversation.toolNames.has(call.tool)) return this.#refuseUnknown(call);
    if (call.arguments === undefined) return;
    if (!call.isChecked) {
      call.kept = this.#keeper.kept(call.arguments, call.tool, call.conversation.tools);
      this.#storage.keepArguments(call, () => undefined);
    }
    call.isChecked = true;
    this.#send(call);
  }

  #send(call: Call): void {
    const channel = call.conversation.server;
    if (!channel || call.isAnswering || call.deliveredTo === channel) return;
    const other = channel.inFlight.get(call.callId);
    if (other && other !== call) {
      const blocked = channel.blocked.get(call.callId) ?? [];
      if (!blocked.includes(call)) channel.blocked.set(call.callId, [...blocked, call]);
      return;
    }
    channel.inFlight.set(call.callId, call);
    call.deliveredTo = channel;
    channel.push("tool_call_request", new RawJson(this.#requestText(call)));
    this.#events.emit({ type: "call_delivered", ...names(call) });
  }

  #requestText(call: Call): string {
    const conversation = this.#sendsConversationId ? `"conversation_id":${JSON.stringify(call.conversation.id)},` : "";
    return `{"call_id":${JSON.stringify(call.callId)},${conversation}"tool_name":${JSON.stringify(call.tool)},"arguments":${call.arguments},"timeout_seconds":${call.timeoutSeconds}}`;
  }

  #refuseUnknown(call: Call): void {
    const known = registeredOf(call.conversation.tools).map(({ name }) => name);
    this.#storage.removeCall({ conversationId: call.conversation.id, callId: call.callId }, () => undefined);
    this.#finish(call, (waiter) => waiter.fail(refusals.unknownTool(known)));
  }

  #finish(call: Call, settle: (waiter: Waiter) => void): void {
    this.#remove(call);
    if (call.deliveredTo) this.#takeOff(call.deliveredTo, call);
    for (const waiter of call.waiters) settle(waiter);
    call.waiters.clear();
  }

  #takeOff(channel: Channel, call: Call): void {
    const blocked = channel.blocked.get(call.callId);
    if (blocked?.includes(call)) channel.blocked.set(call.callId, blocked.filter((other) => other !== call));
    if (channel.inFlight.get(call.callId) !== call) return;
    channel.inFlight.delete(call.callId);
    call.deliveredTo = undefined;
    const next = channel.blocked.get(call.callId) ?? [];
    channel.blocked.delete(call.callId);
    for (const waiting of next) if (waiting.conversation.unanswered.get(waiting.callId) === waiting) this.#send(waiting);
  }

  #wait(call: Call, request: CallRequest): Promise<CallAnswer> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#deadlines.remove(deadline);
        request.signal?.removeEventListener("abort", expire);
        call.waiters.delete(waiter);
      };
      const waiter: Waiter = {
        settle: (answer) => (stop(), resolve(answer)),
        fail: (error) => (stop(), reject(error)),
      };
      const expire = () => {
        this.#events.emit({ type: "call_timed_out", ...names(call) });
        waiter.settle({ kind: "timeout", callId: call.callId });
      };
      const deadline = this.#deadlines.set(request.signal?.aborted ? 0 : request.timeoutSeconds * 1_000, expire);
      request.signal?.addEventListener("abort", expire, { once: true });
      call.waiters.add(waiter);
    });
  }
}

function names(call: Call): { conversationId: string; callId: string; tool: string } {
  return { conversationId: call.conversation.id, callId: call.callId, tool: call.tool };
}
