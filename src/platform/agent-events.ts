// What agents say on their channels: registrations and answers.
//
//   G1. A push is replied to after what it says is durable, so that an agent that heard no reply says it again.
//   G2. An answer to nothing, or a second one, changes nothing.
//   G3. Nothing that an agent says is trusted to be small, shallow or of the right type.

import { checkId } from "../base/ids.ts";
import type { Announcements } from "./announcements.ts";
import type { ChannelEvents, Reply } from "./connection.ts";
import type { Channel, KeptAnswer, LiveConversation } from "./conversation.ts";
import type { RegisteredTool } from "./known-tools.ts";
import type { Conversations } from "./conversations.ts";
import type { Delivery } from "./delivery.ts";
import { isDeeperThan, isLongerThan, MAX_JSON_BYTES, MAX_JSON_DEPTH } from "./json-measure.ts";
import type { PlatformEvents } from "./platform-events.ts";
import { PlatformRefusal } from "./refusal.ts";

type Payload = Readonly<Record<string, unknown>>;

const MAX_TOOLS = 512;

/** What was ignored so far, by reason. */
export interface Ignored {
  binary: number;
  frame: number;
  topic: number;
  join_ref: number;
  bare: number;
  event: number;
  answer: number;
}

export class AgentEvents implements ChannelEvents {
  readonly ignoredCounts: Ignored = { binary: 0, frame: 0, topic: 0, join_ref: 0, bare: 0, event: 0, answer: 0 };
  readonly #conversations: Conversations;
  readonly #delivery: Delivery;
  readonly #announcements: Announcements;
  readonly #events: PlatformEvents;

  readonly #onFault: (error: unknown) => void;

  constructor(conversations: Conversations, delivery: Delivery, announcements: Announcements, events: PlatformEvents, onFault: (error: unknown) => void) {
    this.#conversations = conversations;
    this.#delivery = delivery;
    this.#announcements = announcements;
    this.#events = events;
    this.#onFault = onFault;
  }

  joined(channel: Channel): void {
    this.#events.emit({ type: "agent_joined", connectionId: channel.connectionId, agents: channel.facts.agents ?? [] });
    this.#announcements.add(channel, this.#conversations.live());
  }

  left(channel: Channel): void {
    this.#announcements.remove(channel);
    this.#conversations.leave(channel);
    this.#events.emit({ type: "agent_left", connectionId: channel.connectionId, agents: channel.facts.agents ?? [] });
  }

  ignored(reason: keyof Ignored): void {
    this.ignoredCounts[reason]++;
  }

  failed(error: unknown): void {
    this.#onFault(error);
  }

  pushed(channel: Channel, event: string, payload: Payload, reply: Reply): void {
    if (event === "register_conversation_tools") return this.#register(channel, payload, reply);
    if (event === "tool_call_response") return this.#answer(channel, payload, reply, resultOf);
    if (event === "tool_call_error") return this.#answer(channel, payload, reply, errorOf);
    if (event === "heartbeat") return reply("ok", {});
    this.ignored("event");
    reply("error", { reason: "unknown event" });
  }

  #register(channel: Channel, payload: Payload, reply: Reply): void {
    const id = payload["conversation_id"];
    const tools = toolsOf(payload["tools"]);
    if (typeof id !== "string" || !tools) return reply("error", { reason: "invalid_parameters" });
    let conversation: LiveConversation;
    try {
      conversation = this.#conversations.require(id);
    } catch (refusal) {
      return this.#refuseRegistration(channel, id, refusal, reply);
    }
    this.#conversations.register(channel, conversation, tools, (error) => {
      if (error) return reply("error", { reason: "state_unavailable" });
      reply("ok", {});
      if (conversation.server === channel) this.#delivery.serve(conversation);
    });
  }

  /** Somebody who missed the end hears of it now. */
  #refuseRegistration(channel: Channel, id: string, refusal: unknown, reply: Reply): void {
    const reason = refusal instanceof PlatformRefusal ? refusal.code : "state_unavailable";
    reply("error", { reason });
    if (reason !== "conversation_ended") return;
    channel.push("conversation_lifecycle", { event: "conversation_ended", conversation_id: id, reason: "ended" });
  }

  #answer(channel: Channel, payload: Payload, reply: Reply, read: (callId: string, payload: Payload) => KeptAnswer): void {
    const { call_id: callId, conversation_id: conversationId } = payload;
    if (typeof callId !== "string") return reply("error", { reason: "invalid_parameters" });
    const call =
      typeof conversationId === "string"
        ? this.#conversations.live().get(conversationId)?.unanswered.get(callId)
        : this.#delivery.find(channel, callId);
    if (!call) {
      this.ignored("answer");
      return reply("ok", {});
    }
    this.#delivery.answer(call, read(callId, payload), (error) => (error ? reply("error", { reason: "state_unavailable" }) : reply("ok", {})));
  }
}

function resultOf(callId: string, payload: Payload): KeptAnswer {
  const result = payload["result"] ?? null;
  if (isDeeperThan(result, MAX_JSON_DEPTH)) return invalidResult(callId, `is nested deeper than ${MAX_JSON_DEPTH} levels`);
  const json = JSON.stringify(result);
  if (isLongerThan(json, MAX_JSON_BYTES)) return invalidResult(callId, `is longer than ${MAX_JSON_BYTES} bytes`);
  return { kind: "result", callId, json };
}

function invalidResult(callId: string, reason: string): KeptAnswer {
  return { kind: "error", callId, error: { type: "result_invalid", message: `The tool's result ${reason}. Return less.` } };
}

/** The Python SDK sends `{ message, timestamp }`, the documentation shows `{ type, message }`. */
function errorOf(callId: string, payload: Payload): KeptAnswer {
  const error = payload["error"];
  const { type, message } = typeof error === "object" && error !== null ? (error as Payload) : { type: undefined, message: error };
  return { kind: "error", callId, error: { type: word(type, 128) ?? "tool_execution_error", message: word(message, 4_096) ?? "The tool failed." } };
}

function word(value: unknown, limit: number): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, limit).toWellFormed() : undefined;
}

/** The tools of a registration, undefined when they are none. Of two with one name the last counts. */
function toolsOf(value: unknown): readonly RegisteredTool[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_TOOLS || isDeeperThan(value, MAX_JSON_DEPTH)) return undefined;
  const tools = new Map<string, RegisteredTool>();
  for (const item of value as unknown[]) {
    const tool = toolOf(item);
    if (!tool) return undefined;
    tools.set(tool.name, tool);
  }
  return [...tools.values()];
}

function toolOf(item: unknown): RegisteredTool | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { name, description, parameters, examples, result_masks: resultMasks } = item as Payload;
  try {
    checkId(name, "tool name");
  } catch {
    return undefined;
  }
  return {
    name: name as string,
    description: typeof description === "string" ? description.toWellFormed() : "",
    parameters: typeof parameters === "object" && parameters !== null && !Array.isArray(parameters) ? (parameters as Payload) : { type: "object" },
    ...(Array.isArray(examples) && { examples: examples.filter((phrase) => typeof phrase === "string") }),
    ...(Array.isArray(resultMasks) && { resultMasks: resultMasks.filter((place) => typeof place === "string") }),
  };
}
