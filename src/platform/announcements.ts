// Who hears of a conversation.
//
//   A1. A conversation is announced to every channel that may serve it, and again to a channel that joins while
//       nobody serves it, and again to all when the channel that served it is gone.
//   A2. `conversation_ready` comes first, then `conversation_lifecycle`/`conversation_started`.
//   A3. A channel that is bound to another conversation is left alone. An agent object of the Python SDK registers
//       its tools for whatever it hears of, and would take over the conversation of another one. It declares
//       nothing, speaks objects and serves one conversation: as long as somebody else can hear, it does not.
//   A4. For the same reason such a channel that joins beside its dispatcher is offered one conversation, the oldest
//       that was offered to nobody; only when it registers nothing for a second does it hear of the others.

import type { Channel, LiveConversation } from "./conversation.ts";
import type { Deadlines } from "./deadlines.ts";

/** How long a channel may look at the one conversation it was offered (A4), milliseconds. */
const OFFER_MS = 1_000;

export class Announcements {
  /** Channels that are for any conversation. */
  readonly #open = new Set<Channel>();
  /** Channels that are for one conversation only, by its id: thousands of them cost an announcement nothing. */
  readonly #bound = new Map<string, Set<Channel>>();
  readonly #deadlines: Deadlines;
  readonly #offered = new WeakSet<LiveConversation>();

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  /** All joined channels. */
  *channels(): Iterable<Channel> {
    yield* this.#open;
    for (const channels of this.#bound.values()) yield* channels;
  }

  /**
   * A channel joined: it hears of every conversation that nobody serves (A1).
   *
   * @param conversations a live view; it is read again when an offer was not taken.
   */
  add(channel: Channel, conversations: ReadonlyMap<string, LiveConversation>): void {
    const isBesideDispatcher = isUndeclared(channel) && [...this.#open].some((other) => !isBusyObject(other));
    const boundTo = channel.facts.conversationId;
    if (boundTo === undefined) this.#open.add(channel);
    else this.#bound.set(boundTo, (this.#bound.get(boundTo) ?? new Set()).add(channel));
    const waiting = unservedFor(channel, conversations);
    if (!isBesideDispatcher || waiting.length < 2) return tell(channel, waiting);
    const offer = waiting.find((conversation) => !this.#offered.has(conversation)) ?? waiting[0]!;
    this.#offered.add(offer);
    tell(channel, [offer]);
    this.#deadlines.set(OFFER_MS, () => {
      if (channel.isJoined && channel.served.size === 0) tell(channel, unservedFor(channel, conversations).filter((other) => other !== offer));
    });
  }

  remove(channel: Channel): void {
    this.#open.delete(channel);
    const boundTo = channel.facts.conversationId;
    const others = boundTo === undefined ? undefined : this.#bound.get(boundTo);
    if (boundTo !== undefined && others?.delete(channel) && others.size === 0) this.#bound.delete(boundTo);
  }

  announce(conversation: LiveConversation): void {
    this.#offered.delete(conversation);
    for (const channel of this.#hearers(conversation)) announceTo(channel, conversation);
  }

  /** Tells everybody who may have heard of it that it is over. */
  ended(conversation: LiveConversation, reason: string): void {
    const hearers = new Set(this.#hearers(conversation));
    if (conversation.server) hearers.add(conversation.server);
    for (const channel of hearers) channel.push("conversation_lifecycle", { event: "conversation_ended", ...names(conversation), reason });
  }

  #hearers(conversation: LiveConversation): Channel[] {
    const possible = [...this.#open, ...(this.#bound.get(conversation.id) ?? [])];
    const free = possible.filter((channel) => !isBusyObject(channel));
    return free.length > 0 ? free : possible;
  }
}

/** What a dispatcher or an agent object of the Python SDK looks like when it joins. */
function isUndeclared(channel: Channel): boolean {
  return channel.speaksObjects && !channel.facts.agents && channel.facts.conversationId === undefined;
}

/** An agent object of the Python SDK that has its conversation (A3). */
function isBusyObject(channel: Channel): boolean {
  return isUndeclared(channel) && channel.served.size > 0;
}

function unservedFor({ facts }: Channel, conversations: ReadonlyMap<string, LiveConversation>): LiveConversation[] {
  const own = facts.conversationId === undefined ? undefined : conversations.get(facts.conversationId);
  const possible = facts.conversationId === undefined ? [...conversations.values()] : own ? [own] : [];
  return possible.filter((conversation) => !conversation.server && !conversation.isEnding);
}

function tell(channel: Channel, conversations: readonly LiveConversation[]): void {
  for (const conversation of conversations) announceTo(channel, conversation);
}

function announceTo(channel: Channel, conversation: LiveConversation): void {
  const caller = conversation.caller === null ? undefined : (JSON.parse(conversation.caller) as unknown);
  channel.push("conversation_ready", { ...names(conversation), ...(caller !== undefined && { caller }) });
  channel.push("conversation_lifecycle", { event: "conversation_started", ...names(conversation) });
}

function names(conversation: LiveConversation): { conversation_id: string; agent_id: string } {
  return { conversation_id: conversation.id, agent_id: conversation.agentId };
}
