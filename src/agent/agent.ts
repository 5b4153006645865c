// The agent class that users extend, and its definition as a host sees it.
//
// Owns the face of an agent: hooks, `this.call`, `this.now()`, `getState`, `updateState`. What its parts are is
// found in `definition.ts`.

import { codeOf, ConversimpleError } from "../base/errors.ts";
import { copyOf } from "../base/plain.ts";
import { bound, current, running, type CallInfo, type ConversationInfo, type Running } from "./running.ts";

/** What a host gives to an agent that it took over. */
export interface AgentLink {
  /** A plain copy of the committed conversation state; undefined when there is no such conversation. */
  readState(conversationId: string): Promise<unknown>;
  /**
   * Resolves when the changes are durable in the inbox (inside a unit) or applied (outside of one).
   *
   * @param operationId the unit's name for it: once more under the same name is without effect.
   */
  writeState(conversationId: string, changes: Readonly<Record<string, unknown>>, wait: "durable" | "applied", operationId?: string): Promise<void>;
}

/** A synchronous change of state: what is awaited has no place in it. */
export type UpdateRecipe<T> = (() => T) & (unknown extends T ? unknown : [Extract<T, PromiseLike<unknown>>] extends [never] ? unknown : "The recipe must be synchronous: do the waiting before the update.");

/** A tool call as `onToolCalled` sees it. */
export interface ToolCalled {
  readonly callId: string;
  readonly tool: string;
  /** The parsed arguments, secret ones left out. */
  readonly arguments: unknown;
}

/**
 * A voice agent. Extend it; declare what it remembers as fields (`conversationState`, `ephemeral`, ...) and what it
 * can do as `tool` fields. One instance serves all conversations of a process.
 */
export abstract class ConversimpleAgent {
  /** The id under which the platform knows the agent. */
  static readonly agentId: string = "";

  /** The id of the conversation that runs, undefined outside of a handler. */
  get currentConversationId(): string | undefined {
    return current()?.conversation.id;
  }

  /** @throws {ConversimpleError} `no_conversation` outside of a handler. */
  get conversation(): ConversationInfo {
    return running("this.conversation").conversation;
  }

  /** The tool call that runs. @throws {ConversimpleError} `no_conversation` outside of a tool. */
  get call(): CallInfo {
    const call = running("this.call").call;
    if (!call) throw new ConversimpleError("no_conversation", "this.call was used in a hook or an outside update. There is a call only in a tool.", { wanted: "this.call" });
    return call;
  }

  /** The time, from the clock port: use it instead of `new Date()`, so that tests can move it. */
  now(): Date {
    return new Date(running("this.now()").nowMs());
  }

  /**
   * Runs something in the outside world and stores its result at once, so that a redelivered call does not run it
   * again (P6). Recorded once; it may run more than once if the process dies between the effect and its record.
   *
   * @param name unique within the call; the result must be storable (P7), at most 256 KiB.
   */
  effect<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    return running("this.effect()").effect(name, run);
  }

  /** Changes state from a parallel tool: a synchronous recipe, committed as a small unit of its own (P2). */
  update<T>(recipe: UpdateRecipe<T>): Promise<T> {
    return running("this.update()").update(recipe);
  }

  /** The function with the running conversation tied to it, for callbacks of pools and emitters. */
  bind<A extends readonly unknown[], R>(run: (...inputs: A) => R): (...inputs: A) => R {
    return bound(run);
  }

  /** The state of the conversation that runs: the same as `this.state`. */
  getState<S>(this: { readonly state: S }): S;
  /** A plain copy of another conversation's committed state; undefined when there is none. */
  getState<S>(this: { readonly state: S }, conversationId: string): Promise<S | undefined>;
  getState(conversationId?: string): unknown {
    if (conversationId === undefined) return ownState(this, "getState()");
    return linkOf(this, "getState()").readState(conversationId);
  }

  /** Sets fields of the running conversation's state. */
  updateState<S>(this: { readonly state: S }, changes: Partial<S>): Promise<void>;
  /**
   * Sets fields of a conversation's state. Its own: joins the unit. Another one's: inside a unit it resolves when the
   * message is durable in its inbox, also if the unit fails behind it, outside of a unit when it is applied (P16). A call
   * that is delivered again sends it once.
   */
  updateState<S>(this: { readonly state: S }, conversationId: string, changes: Partial<S>): Promise<void>;
  async updateState(first: unknown, second?: unknown): Promise<void> {
    const here = current();
    const target = typeof first === "string" ? first : running("updateState()").conversation.id;
    const changes = (typeof first === "string" ? second : first) as Record<string, unknown>;
    if (here && target === here.conversation.id) {
      assign(ownState(this, "updateState()"), changes);
      return;
    }
    // A call that is run again changes no other conversation.
    if (here?.rehearsed?.isStrict) return;
    const link = linkOf(this, "updateState()");
    const written = copyOf(changes);
    const inUnit = (unit: Running) => unit.awaited("this.updateState(...)", () => unit.operation("message", (id) => link.writeState(target, written, "durable", id)));
    await (here ? inUnit(here) : link.writeState(target, written, "applied"))
      .catch((thrown: unknown) => {
        // In a test that plays a recorded call the other one is not there.
        if (!here?.rehearsed || codeOf(thrown) !== "conversation_not_found") throw thrown;
      });
  }

  /** A conversation began. */
  onConversationStarted?(): void | Promise<void>;
  /** This process goes on with a conversation that another one, or an earlier run, began (P12). */
  onConversationResumed?(): void | Promise<void>;
  /** A conversation ends: `platform's reason`, `abandoned`, `forgotten`... Runs at least once; a throw still ends it. */
  onConversationEnded?(reason: string): void | Promise<void>;
  /** A tool is about to run, inside its unit of work. */
  onToolCalled?(call: ToolCalled): void | Promise<void>;
  /** A tool has run, inside its unit of work. */
  onToolCompleted?(callId: string, result: unknown): void | Promise<void>;
  /** A durable message from outside (P16). */
  onSignal?(name: string, payload: unknown): void | Promise<void>;
  /** Something failed that nobody else hears of. What it throws itself goes to the log. */
  onError?(error: unknown): void | Promise<void>;
  /** The platform's configuration changed. */
  onConfigUpdate?(config: Readonly<Record<string, unknown>>): void | Promise<void>;
}

const LINKS = new WeakMap<object, AgentLink>();

/** Ties an agent to its host; returns a function that gives it back to the host that had it before, if one did. */
export function linkAgent(agent: ConversimpleAgent, link: AgentLink): () => void {
  const before = LINKS.get(agent);
  LINKS.set(agent, link);
  return () => {
    if (LINKS.get(agent) !== link) return;
    if (before) LINKS.set(agent, before);
    else LINKS.delete(agent);
  };
}

function linkOf(agent: object, wanted: string): AgentLink {
  const link = LINKS.get(agent);
  if (!link) throw new ConversimpleError("no_conversation", `${wanted} was used before the agent was taken over. Start it with a Dispatcher or testAgent() first.`, { wanted });
  return link;
}

function ownState(agent: object, wanted: string): Record<string, unknown> {
  const context = running(wanted);
  const state = (agent as { state?: unknown }).state;
  if (typeof state === "object" && state !== null) return state as Record<string, unknown>;
  throw new ConversimpleError("definition_invalid", `${wanted} needs a conversation state. Declare one: readonly state = conversationState(schema).`, { conversation: context.conversation.id });
}

function assign(state: Record<string, unknown>, changes: Record<string, unknown>): void {
  for (const key of Object.keys(changes)) state[key] = changes[key];
}
