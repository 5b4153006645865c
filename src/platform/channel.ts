// A joined channel: one `customer:*` topic of one connection. It is what serves conversations.
//
//   N1. Nothing is sent on a channel before the reply to its join: the Python SDK takes the first frame for that reply.
//   N2. One call id is in flight on a channel at most once, since an answer may name nothing but the call id.

import { encodeFrame } from "../wire/frame.ts";
import type { FrameForm, RawJson } from "../wire/frame.ts";

/** What a channel needs of its connection. */
export interface FrameSink {
  readonly id: number;
  /** How the other side speaks, so how it is spoken to. */
  readonly form: FrameForm;
  readonly isOpen: boolean;
  send(text: string): void;
}

/** What an agent said of itself when it joined; all of it is optional. */
export interface JoinFacts {
  /** Ids of the agents behind the channel, from a dispatcher. */
  readonly agents: readonly string[] | undefined;
  /** The only conversation this channel is for. */
  readonly conversationId: string | undefined;
}

/** A joined channel; what it serves and what was sent on it is described by `conversation.ts`. */
export class JoinedChannel<Served, Sent> {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly facts: JoinFacts;
  /** Conversations whose tools this channel registered. */
  readonly served = new Set<Served>();
  /** Calls sent and not answered, by call id (N2). */
  readonly inFlight = new Map<string, Sent>();
  /** Calls that wait for another call of the same id (N2). */
  readonly blocked = new Map<string, Sent[]>();
  readonly #sink: FrameSink;
  #isJoined = true;

  constructor(sink: FrameSink, topic: string, joinRef: string | null, facts: JoinFacts) {
    this.#sink = sink;
    this.topic = topic;
    this.joinRef = joinRef;
    this.facts = facts;
  }

  get connectionId(): number {
    return this.#sink.id;
  }

  get isJoined(): boolean {
    return this.#isJoined && this.#sink.isOpen;
  }

  /** Whether it speaks objects, as the Python SDK does. */
  get speaksObjects(): boolean {
    return this.#sink.form === "object";
  }

  push(event: string, payload: Readonly<Record<string, unknown>> | RawJson): void {
    if (!this.isJoined) return;
    this.#sink.send(encodeFrame({ joinRef: this.joinRef, ref: null, topic: this.topic, event, payload }, this.#sink.form));
  }

  /** After this nothing is sent on it. */
  close(): void {
    this.#isJoined = false;
  }
}
