// The talks of all conversations, by their ids.
//
//   TA1. A talk begins when somebody speaks, and is gone when its conversation is over. Nothing that was said is stored; after a
//        restart of the platform the conversation goes on, and its brain remembers nothing.
//   TA2. A brain calls tools by the same way as everybody else: stored, delivered once, answered once.

import { Mask } from "../../base/mask.ts";
import { marksIn } from "../../base/marks.ts";
import { codeOf } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { BrainFacts, BrainMaker, Outcome } from "../brains/brain.ts";
import type { CallAnswer, LiveConversation } from "../conversation.ts";
import type { Deadlines } from "../deadlines.ts";
import type { Delivery } from "../delivery.ts";
import type { ArgumentKeeper } from "../kept-arguments.ts";
import { registeredOf } from "../known-tools.ts";
import type { PlatformEvents } from "../platform-events.ts";
import { callRequest } from "../requests.ts";
import type { BegunCall, TurnCall } from "./spoken-turn.ts";
import { Talk, type TalkPort } from "./talk.ts";

/** How long somebody who speaks waits for an agent that is not there yet, milliseconds. */
const READY_MS = 10_000;

/** What talks need of the platform. */
export interface TalkContext {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly delivery: Delivery;
  readonly keeper: ArgumentKeeper;
  readonly events: PlatformEvents;
  /** A brain by its name; the default one without. */
  brain(name: string | undefined): { readonly name: string; readonly make: BrainMaker };
  end(conversationId: string, reason: string): Promise<void>;
  report(error: unknown): void;
}

interface Known {
  readonly talk: Promise<Talk>;
  brain: string;
}

export class Talks {
  readonly #context: TalkContext;
  readonly #known = new Map<string, Known>();
  readonly #stop: () => void;

  constructor(context: TalkContext) {
    this.#context = context;
    this.#stop = context.events.on((event) => {
      if (event.type === "conversation_ended") this.#over(event.conversationId, "ended");
    });
  }

  /** The talk of a conversation, begun if there is none. @param brain its name; another one than before takes over. */
  async of(conversation: LiveConversation, brain?: string): Promise<Talk> {
    const known = this.#known.get(conversation.id);
    const wanted = this.#context.brain(brain ?? known?.brain);
    if (known) {
      const talk = await known.talk;
      if (known.brain !== wanted.name) {
        known.brain = wanted.name;
        talk.think(await wanted.make(this.#factsOf(conversation)));
      }
      return talk;
    }
    const made = (async () => new Talk(this.#portOf(conversation), await wanted.make(this.#factsOf(conversation)), this.#context.deadlines))();
    this.#known.set(conversation.id, { talk: made, brain: wanted.name });
    // A brain that cannot be made must not stay.
    made.catch(() => this.#known.delete(conversation.id));
    return made;
  }

  /** The talk of a conversation, if it has one. */
  async existing(conversationId: string): Promise<Talk | undefined> {
    return this.#known.get(conversationId)?.talk;
  }

  /** The platform stops. */
  close(): void {
    this.#stop();
    for (const id of [...this.#known.keys()]) this.#over(id, "stopping");
  }

  #over(conversationId: string, reason: string): void {
    const known = this.#known.get(conversationId);
    this.#known.delete(conversationId);
    known?.talk.then((talk) => talk.over(reason)).catch(() => undefined);
  }

  #factsOf({ id, agentId }: LiveConversation): BrainFacts {
    return { conversationId: id, agentId, now: () => new Date(this.#context.clock.now()) };
  }

  #portOf(conversation: LiveConversation): TalkPort {
    const { clock, events } = this.#context;
    return {
      conversationId: conversation.id,
      isRestored: conversation.isRestored,
      tools: () => registeredOf(conversation.tools),
      ready: (signal) => this.#ready(conversation, signal),
      begin: (_turn, tool, input, hide) => this.#begin(conversation, tool, input, hide),
      end: (reason) => this.#context.end(conversation.id, reason),
      now: () => new Date(clock.now()),
      emit: (event) => events.emit(event),
      report: (error) => this.#context.report(error),
    };
  }

  #ready(conversation: LiveConversation, signal: AbortSignal): Promise<void> {
    if (conversation.server || conversation.tools.length > 0 || signal.aborted) return Promise.resolve();
    const { deadlines, events } = this.#context;
    return new Promise((resolve) => {
      const done = () => {
        deadlines.remove(limit);
        stop();
        resolve();
      };
      const limit = deadlines.set(READY_MS, done);
      const stop = events.on((event) => {
        if (event.type === "conversation_active" && event.conversationId === conversation.id) done();
      });
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** TA2. */
  #begin(conversation: LiveConversation, tool: string, input: Readonly<Record<string, unknown>>, hide: (texts: readonly string[]) => void): BegunCall {
    const { clock, delivery, keeper } = this.#context;
    const known = conversation.tools.find(({ name }) => name === tool);
    const results = Mask.of(known?.resultMasks);
    if (known) hide(Mask.of(marksIn(known.parameters, ["pii", "secret"])).hidden(input));
    const request = callRequest({ tool, arguments: input }, clock.now());
    const shownInput: unknown = JSON.parse(keeper.kept(request.arguments, tool, conversation.tools).text);
    let answer: Partial<TurnCall> = {};
    const settle = (given: CallAnswer): Outcome => {
      if (given.kind === "timeout") return { kind: "timeout", tool };
      if (given.kind === "error") {
        answer = { status: "failed", error: given.error };
        return { kind: "error", tool, ...given.error };
      }
      const result: unknown = JSON.parse(given.json);
      hide(results.hidden(result));
      answer = { status: "answered", result: results.shown(result) };
      return { kind: "result", tool, result };
    };
    const fail = (error: unknown): Outcome => {
      const failure = { type: codeOf(error) ?? "internal_error", message: error instanceof Error ? error.message : "The call failed." };
      answer = { status: "failed", error: failure };
      return { kind: "error", tool, ...failure };
    };
    const called = (async () => delivery.request(conversation, request))();
    return {
      callId: request.callId,
      view: () => ({ callId: request.callId, tool, arguments: shownInput, status: "unanswered", ...answer }),
      outcome: called.then(settle, fail),
    };
  }
}
