// The conversations of the platform: created, served, ended, and kept over a restart.
//
//   O1. A conversation is durable before anybody hears of it; its end is durable before anybody hears of that.
//   O2. The last registration wins; the channel that had it before serves it no more.
//   O3. Creating the same conversation again, or ending it again, changes nothing.

import type { Clock } from "../base/clock.ts";
import type { Announcements } from "./announcements.ts";
import type { Channel, ConversationStatus, ConversationSummary, ConversationView, LiveConversation } from "./conversation.ts";
import type { Delivery } from "./delivery.ts";
import { knownAfter, registeredOf, type RegisteredTool } from "./known-tools.ts";
import type { PlatformEvent, PlatformEvents } from "./platform-events.ts";
import { refusals } from "./refusal.ts";
import type { PlatformRefusal } from "./refusal.ts";
import { summaryOf } from "./storage.ts";
import type { Storage, StoredConversation } from "./storage.ts";

/** How long an ended conversation is kept, milliseconds. */
const RETENTION_MS = 7 * 24 * 3_600_000;

/** One page of {@link Conversations.list}. */
export interface ConversationPage {
  readonly conversations: readonly ConversationSummary[];
  /** Give it back to get the next page; null at the end. */
  readonly nextCursor: string | null;
}

export class Conversations {
  readonly #live = new Map<string, LiveConversation>();
  readonly #ending = new Map<string, Promise<void>>();
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #announcements: Announcements;
  readonly #delivery: Delivery;
  readonly #events: PlatformEvents;

  constructor(storage: Storage, clock: Clock, announcements: Announcements, delivery: Delivery, events: PlatformEvents) {
    this.#storage = storage;
    this.#clock = clock;
    this.#announcements = announcements;
    this.#delivery = delivery;
    this.#events = events;
  }

  /** Takes up what an earlier run left. */
  restore(): void {
    for (const stored of this.#storage.live()) this.#live.set(stored.id, liveOf(stored, true));
    for (const call of this.#storage.unanswered()) this.#delivery.restore(this.#live.get(call.conversationId)!, call);
    this.#storage.sweep(this.#clock.now() - RETENTION_MS, () => undefined);
  }

  /** A live view of what is not over. */
  live(): ReadonlyMap<string, LiveConversation> {
    return this.#live;
  }

  /**
   * Creates a conversation, or finds the one that has this id (O3).
   *
   * @param isRung whether a caller rings in it.
   * @throws {PlatformRefusal} It ended, belongs to another agent, or cannot be stored.
   */
  create(id: string, agentId: string, caller: string | null, isRung = false): Promise<LiveConversation> {
    const known = this.#live.get(id);
    if (known) return this.#sameAgent(known, agentId, isRung);
    if (this.#storage.conversation(id)) throw refusals.ended();
    const conversation = liveOf({ id, agentId, caller, isRung, tools: [], createdAtMs: this.#clock.now() }, false);
    this.#live.set(id, conversation);
    return new Promise((resolve, reject) => {
      this.#storage.addConversation(conversation, (error) => {
        if (error) {
          this.#live.delete(id);
          return reject(refusals.storage());
        }
        this.#tell("conversation_created", conversation);
        this.#announcements.announce(conversation);
        resolve(conversation);
      });
    });
  }

  /** A conversation that is not over, or the reason why there is none. */
  require(id: string): LiveConversation {
    const conversation = this.#live.get(id);
    if (conversation && !conversation.isEnding) return conversation;
    throw conversation ? refusals.ended() : this.reasonAgainst(id);
  }

  /** Why a conversation that is not live cannot be used. */
  reasonAgainst(id: string): PlatformRefusal {
    return this.#storage.conversation(id) ? refusals.ended() : refusals.unknownConversation();
  }

  /** The channel serves the conversation from now on (O2). `done` runs when the tools are stored. */
  register(channel: Channel, conversation: LiveConversation, tools: readonly RegisteredTool[], done: (error: Error | undefined) => void): void {
    const before = conversation.server;
    if (before && before !== channel) this.#unserve(before, conversation);
    conversation.server = channel;
    channel.served.add(conversation);
    const known = knownAfter(conversation.tools, tools);
    const isChanged = JSON.stringify(conversation.tools) !== JSON.stringify(known);
    conversation.tools = known;
    conversation.toolNames = new Set(known.map((tool) => tool.name));
    if (before === undefined) this.#tell("conversation_active", conversation);
    if (isChanged) this.#storage.setTools(conversation.id, known, done);
    else this.#storage.afterWrites(done);
  }

  /** A channel is gone: what it served waits for another one and is announced again. */
  leave(channel: Channel): void {
    const served = [...channel.served];
    for (const conversation of served) this.#unserve(channel, conversation);
    for (const conversation of served) {
      if (conversation.isEnding) continue;
      this.#tell("conversation_waiting", conversation);
      this.#announcements.announce(conversation);
    }
  }

  /** Ends a conversation; resolved when that is durable (O1, O3). */
  end(id: string, reason: string): Promise<void> {
    const conversation = this.#live.get(id);
    const ending = this.#ending.get(id);
    if (ending) return ending;
    if (!conversation) {
      if (!this.#storage.conversation(id)) throw refusals.unknownConversation();
      return Promise.resolve();
    }
    conversation.isEnding = true;
    const ended = new Promise<void>((resolve, reject) => {
      this.#storage.endConversation(id, this.#clock.now(), reason, (error) => {
        this.#ending.delete(id);
        if (error) {
          conversation.isEnding = false;
          return reject(refusals.storage());
        }
        this.#finish(conversation, reason);
        resolve();
      });
    });
    this.#ending.set(id, ended);
    return ended;
  }

  view(id: string): ConversationView {
    const stored = this.#storage.conversation(id);
    if (!stored) throw refusals.unknownConversation();
    return {
      ...summaryOf(stored, this.#statusOf(id)),
      caller: stored.caller === null ? null : (JSON.parse(stored.caller) as unknown),
      tools: registeredOf(stored.tools),
      toolCalls: this.#storage.calls(id, stored.tools),
    };
  }

  /** Newest first. */
  list(limit: number, beforeRow: number | null): ConversationPage {
    const rows = this.#storage.list(limit, beforeRow);
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      conversations: rows.map(({ stored }) => summaryOf(stored, this.#statusOf(stored.id))),
      nextCursor: last ? String(last.row) : null,
    };
  }

  #statusOf(id: string): ConversationStatus {
    const conversation = this.#live.get(id);
    if (!conversation || conversation.isEnding) return "ended";
    return conversation.server ? "active" : "waiting";
  }

  #finish(conversation: LiveConversation, reason: string): void {
    this.#announcements.ended(conversation, reason);
    this.#live.delete(conversation.id);
    if (conversation.server) this.#unserve(conversation.server, conversation);
    this.#delivery.abandon(conversation, refusals.ended);
    this.#tell("conversation_ended", conversation);
  }

  #unserve(channel: Channel, conversation: LiveConversation): void {
    channel.served.delete(conversation);
    if (conversation.server === channel) conversation.server = undefined;
    this.#delivery.release(channel, conversation);
  }

  async #sameAgent(known: LiveConversation, agentId: string, isRung: boolean): Promise<LiveConversation> {
    if (known.agentId !== agentId) throw refusals.agentMismatch();
    if (known.isEnding) throw refusals.ended();
    if (isRung && !known.isRung) this.#storage.setRung(known.id, () => undefined);
    known.isRung ||= isRung;
    await new Promise<void>((resolve, reject) => this.#storage.afterWrites((error) => (error ? reject(refusals.storage()) : resolve())));
    return known;
  }

  #tell(type: Extract<PlatformEvent["type"], `conversation_${string}`>, conversation: LiveConversation): void {
    this.#events.emit({ type, conversationId: conversation.id, agentId: conversation.agentId });
  }
}

function liveOf(stored: Pick<StoredConversation, "id" | "agentId" | "caller" | "isRung" | "tools" | "createdAtMs">, isRestored: boolean): LiveConversation {
  return {
    id: stored.id,
    agentId: stored.agentId,
    caller: stored.caller,
    isRung: stored.isRung,
    createdAtMs: stored.createdAtMs,
    isRestored,
    tools: stored.tools,
    toolNames: new Set(stored.tools.map((tool) => tool.name)),
    server: undefined,
    unanswered: new Map(),
    isEnding: false,
  };
}
