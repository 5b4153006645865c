// Where tool calls come in: what is known is answered, what is new is put in its place.
//
// Owns the ledger's use (P5), back-pressure, and the translation of failures into what a caller may hear.
//
//   CD1. A call in flight is joined, a done one is answered from the store, another one with its id is refused. (P5)
//   CD2. Nothing is awaited between the arrival of a new call and its place in the queue.               (P1)
//   CD3. What a tool threw never leaves the process: a code, a general text, a reference.               (attack 18)

import { randomUUID } from "node:crypto";

import { defineAgent } from "../agent/definition.ts";
import { isBounded } from "../agent/parameters.ts";
import { ConversimpleError, type ErrorCode } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import { hide, kindOf, originOf } from "../base/redaction.ts";
import { conversationOwner } from "../state/store.ts";
import { callDigest, mismatch } from "./call-digest.ts";
import { withCause } from "./failure-cause.ts";
import { hiddenArguments } from "./hidden-texts.ts";
import { keptAnswer } from "./kept-answer.ts";
import type { LiveConversation } from "./conversation.ts";
import type { Invocation, Outcome } from "./host.ts";
import type { HostSettings } from "./host-options.ts";
import { erasedError, isErased } from "./tombstones.ts";
import { ToolCall } from "./tool-call.ts";
import type { Units } from "./units.ts";

/** Codes whose messages are ours and say nothing private: they go out as they are (design 3, Errors). */
const SPEAKABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "tool_not_found",
  "tool_timeout",
  "invalid_parameters",
  "state_invalid",
  "state_too_large",
  "state_unavailable",
  "state_quarantined",
  "state_lost",
  "read_only",
  "unit_ended",
  "move_not_allowed",
  "result_invalid",
  "call_mismatch",
  "conversation_not_found",
  "conversation_ended",
  "overloaded",
  "cancelled",
  "id_invalid",
  "not_authenticated",
  "not_identified",
  "already_identified",
  "customer_forgotten",
]);

export class CallDesk {
  /** Outcomes so far, for metrics. */
  readonly counts = { result: 0, repeated: 0, error: 0, gone: 0 };
  readonly #settings: HostSettings;
  readonly #units: Units;
  readonly #running = new Set<ToolCall>();

  constructor(settings: HostSettings, units: Units) {
    this.#settings = settings;
    this.#units = units;
  }

  /** The outcome of a call; never rejects (H1). */
  async invoke(live: LiveConversation | undefined, invocation: Invocation): Promise<Outcome> {
    let outcome: Outcome;
    try {
      outcome = await this.#outcome(live, invocation);
    } catch (thrown) {
      outcome = withCause(this.#failure(live, invocation, thrown), thrown);
    }
    this.counts[outcome.kind === "result" && outcome.repeated ? "repeated" : outcome.kind]++;
    return outcome;
  }

  /** Ends what still runs; the callers hear the error. */
  abortAll(error: ConversimpleError): void {
    for (const call of this.#running) call.deadline.abort(error);
  }

  #outcome(live: LiveConversation | undefined, invocation: Invocation): Promise<Outcome> {
    checkId(invocation.callId, "call id");
    if (!live || live.gone?.code === "conversation_ended") return this.#afterTheEnd(invocation);
    if (live.gone) throw live.gone;
    if (live.quarantine) throw live.quarantine;
    const tool = live.agent.tools.get(invocation.tool);
    if (!tool) throw unknownTool(invocation.tool);
    // What is nested too deep cannot be digested; no handler will see it.
    const digest = isBounded(invocation.arguments) ? callDigest(this.#settings.hash, tool.name, invocation.arguments, tool.parameters.secrets) : "";
    const inFlight = live.inFlight.get(invocation.callId);
    if (inFlight) return inFlight.digest === digest ? inFlight.outcome : Promise.reject(mismatch(invocation.callId));
    const known = live.ledger.find(invocation.callId, this.#settings.clock.now());
    if (known && known.digest !== digest) throw mismatch(invocation.callId);
    const outcome = this.#settled(live, invocation, known ? undefined : new ToolCall(this.#units, this.#settings.clock, live, tool, invocation, digest));
    live.inFlight.set(invocation.callId, { digest, outcome });
    live.touch();
    return outcome;
  }

  /** The outcome of a new call; without one, of a call that was done. */
  async #settled(live: LiveConversation, invocation: Invocation, call: ToolCall | undefined): Promise<Outcome> {
    try {
      if (!call) return await this.#kept(live, invocation);
      this.#running.add(call);
      return await (call.isParallel ? this.#beside(live, call) : this.#inTurn(live, call));
    } catch (thrown) {
      return withCause(this.#failure(live, invocation, thrown), thrown);
    } finally {
      if (call) {
        call.deadline.stop();
        this.#running.delete(call);
      }
      live.inFlight.delete(invocation.callId);
    }
  }

  /** A parallel tool waits for nobody (P2). */
  async #beside(live: LiveConversation, call: ToolCall): Promise<Outcome> {
    if (live.parallel >= PARALLEL_LIMIT) throw new ConversimpleError("overloaded", `The conversation has ${PARALLEL_LIMIT} parallel calls running. Try again when some are answered.`, { limit: PARALLEL_LIMIT });
    live.parallel++;
    try {
      await live.settle();
      // Not at the old step (P17): this is the one thing that it waits for.
      if (live.dueTimes.overdue().length > 0) await this.#units.inQueue(live, "deadline", () => Promise.resolve(), { unlimited: true });
      return await this.#run(live, call);
    } finally {
      live.parallel--;
    }
  }

  /** An ordered tool runs in its turn, unless its caller has given up by then (P1). */
  #inTurn(live: LiveConversation, call: ToolCall): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const place = live.queue.add(call.name, () => this.#turn(live, call).then(resolve, reject), reject);
      call.deadline.onOver((error) => {
        place.cancel();
        if (!call.hasBegun) reject(error);
      });
    });
  }

  async #turn(live: LiveConversation, call: ToolCall): Promise<Outcome> {
    await this.#units.prepare(live);
    if (call.deadline.error) throw call.deadline.error;
    return await this.#run(live, call);
  }

  /** The commit of an earlier delivery may have been resolved just now: then this one is a repetition (P4, P5). */
  #run(live: LiveConversation, call: ToolCall): Promise<Outcome> {
    // It was new when it came; without a commit since then it still is.
    const known = live.version === call.arrivedAtVersion ? undefined : live.ledger.find(call.callId, this.#settings.clock.now());
    if (!known) return call.run();
    if (known.digest !== call.digest) throw mismatch(call.callId);
    return this.#kept(live, call);
  }

  async #kept(live: LiveConversation, { callId }: { readonly callId: string }): Promise<Outcome> {
    const json = await keptAnswer(this.#settings.store, live.owner, callId);
    if (json === undefined && (await isErased(this.#settings.store, live.owner))) throw erasedError(live.id);
    if (json === undefined) throw new ConversimpleError("state_lost", "The call was done, but its answer is not in the store any more.", { callId });
    return { kind: "result", json, repeated: true };
  }

  /** A call for a conversation that is not served here: a kept answer is given, else it is said why not (P5). */
  async #afterTheEnd({ conversationId, callId, tool, arguments: input }: Invocation): Promise<Outcome> {
    checkId(conversationId, "conversation id");
    const { store } = this.#settings;
    const loaded = await store.load(conversationOwner(conversationId));
    if (!loaded) throw new ConversimpleError("conversation_not_found", "There is no such conversation.", { conversation: conversationId });
    if (loaded.facts.status === "live") return { kind: "gone" };
    const known = loaded.calls.find((call) => call.callId === callId);
    const json = known && isBounded(input) ? await keptAnswer(store, loaded.owner, callId) : undefined;
    if (!known || json === undefined) throw new ConversimpleError("conversation_ended", "The conversation has ended.", { conversation: conversationId });
    if (callDigest(this.#settings.hash, tool, input, this.#secretsOf(loaded.facts.agentId, tool)) !== known.digest) throw mismatch(callId);
    return { kind: "result", json, repeated: true };
  }

  #secretsOf(agentId: string | null, tool: string): ReadonlySet<string> {
    const agent = this.#settings.agents.map(defineAgent).find((definition) => definition.agentId === agentId);
    return agent?.tools.get(tool)?.parameters.secrets ?? new Set();
  }

  /** The message of an error of ours; where the store is to blame, it is told to the log and something else to the caller. */
  #spoken({ conversationId, callId }: Invocation, { code, message }: ConversimpleError): string {
    const spoken = SPOKEN[code];
    if (spoken !== undefined) this.#settings.logger.warn({ conversation: conversationId, callId, code, reason: message }, "a call failed because of its state");
    return spoken ?? message;
  }

  #failure(live: LiveConversation | undefined, invocation: Invocation, thrown: unknown): Outcome {
    if (thrown instanceof ConversimpleError) {
      if (thrown.code === "fenced" || (live?.gone === thrown && thrown.code !== "state_lost" && thrown.code !== "conversation_ended")) return { kind: "gone" };
      if (SPEAKABLE.has(thrown.code)) return { kind: "error", code: thrown.code, message: this.#spoken(invocation, thrown) };
    }
    const reference = randomUUID().slice(0, 8);
    const { logger } = this.#settings;
    const facts = { conversation: invocation.conversationId, callId: invocation.callId, reference };
    logger.error({ ...facts, error: kindOf(thrown) }, "a tool failed");
    // Where, not what: the text may hold what a caller said. `onError` hears it. (P21)
    logger.debug({ ...facts, at: originOf(thrown) }, "where the tool threw");
    if (!live) return failed(reference);
    hide(thrown, hiddenArguments(live.agent.tools.get(invocation.tool), invocation.arguments));
    this.#units.tell(live, thrown);
    return failed(reference);
  }
}

function failed(reference: string): Outcome {
  return { kind: "error", code: "tool_execution_error", message: `The tool failed. Reference ${reference}.`, reference };
}

/** What a caller may be told when it is not the caller's doing: a store's own words say how the house is built. */
const SPOKEN: Partial<Record<ErrorCode, string>> = {
  state_unavailable: "I cannot save that right now. Please try again in a moment.",
  state_quarantined: "I cannot read what was noted in this call, so I cannot go on with that. Somebody has to look at it.",
  state_lost: "What was noted in this call is gone, so I cannot go on with that. Somebody has to look at it.",
};

/** Parallel calls of one conversation at a time. Source: the queue's own limit. */
const PARALLEL_LIMIT = 64;

function unknownTool(name: unknown): ConversimpleError {
  const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 64)) : "without a name";
  return new ConversimpleError("tool_not_found", `There is no tool ${shown}.`, {});
}
