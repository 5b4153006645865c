// Between the callers and the platform: who asked for what, and what was heard.
//
// Owns every tool call of a world until its answer is known, and writes the callers' side of the history.
//
//   SW1. An answer is compared with the store in the moment in which it is heard (P4).
//   SW2. What is not a result leaves a call open; it is asked for again with the same id until there is one.

import type { Owner } from "../../src/state/store.ts";
import type { PlatformAnswer, ScriptedPlatform } from "../../src/testing/scripted-platform.ts";
import type { SimEvent } from "./history.ts";
import type { Recorder } from "./recorder.ts";
import type { Trace } from "./trace.ts";

/** Who calls, shared by all conversations of a world. */
export const CUSTOMERS = ["ann", "bob"] as const;

export type Input = Readonly<Record<string, string | number>>;

export interface Call {
  readonly conversation: string;
  readonly callId: string;
  readonly tool: string;
  readonly input: Input;
  /** How long the platform waits, seconds. */
  readonly timeoutSeconds: number | undefined;
  /** Whether the id was sent with other arguments, too. */
  hasImpostor: boolean;
  /** The result as JSON, once there is one. */
  result: string | undefined;
  /** The code of the last answer that was none. */
  error: string | undefined;
}

/** What may be answered at any time; a repetition gives the true answer. */
const OPEN_CODES: ReadonlySet<string> = new Set(["state_unavailable", "tool_timeout", "overloaded", "cancelled", "conversation_ended", "conversation_not_found"]);

/** A clock that is set in the middle of them ends the session: it fails closed. */
const NEEDS_SESSION: ReadonlySet<string> = new Set(["login", "remember"]);

/** Asked again, they would be said again. */
const FINAL_ERRORS: ReadonlySet<string> = new Set(["call_mismatch", "customer_forgotten", "move_not_allowed"]);

export interface SwitchboardOptions {
  readonly recorder: Recorder;
  readonly history: SimEvent[];
  readonly trace: Trace;
  readonly customerOwner: (customer: string) => Owner;
  readonly isForgotten: (customer: string) => boolean;
}

export class Switchboard {
  readonly calls = new Map<string, Call>();
  readonly #options: SwitchboardOptions;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
  }

  /** Asks, for the first time or again. Resolves with the first answer. */
  async ask(platform: ScriptedPlatform, call: Call): Promise<void> {
    const { history, trace } = this.#options;
    const { conversation, callId, tool, input, timeoutSeconds } = call;
    trace.add("caller", `${this.calls.has(callId) ? "asks again" : "asks"} ${callId} ${tool} ${JSON.stringify(input)}`);
    this.calls.set(callId, call);
    history.push({ kind: "asked", conversation, callId });
    // Whom it will be about is not known yet.
    if (tool === "remember") for (const customer of CUSTOMERS) history.push({ kind: "asked", conversation: `customer ${customer}`, callId });
    await platform.call(conversation, tool, input, { callId, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) });
  }

  /** Sends the id once more, with other arguments. */
  impersonate(platform: ScriptedPlatform, call: Call, input: Input): void {
    this.#options.trace.add("caller", `sends ${call.callId} with ${JSON.stringify(input)}`);
    call.hasImpostor = true;
    platform.send(call.conversation, call.callId, call.tool, input);
  }

  /** What has no result, and could have one if it were asked for again. */
  open(): Call[] {
    return [...this.calls.values()].filter(({ result, error, tool, timeoutSeconds }) => {
      if (result !== undefined || FINAL_ERRORS.has(error ?? "")) return false;
      return !(tool === "fail" && error === "tool_execution_error") && !(timeoutSeconds !== undefined && error === "tool_timeout");
    });
  }

  heard(conversation: string, callId: string, answer: PlatformAnswer): void {
    const call = this.calls.get(callId)!;
    const text = JSON.stringify(answer.kind === "result" ? answer.result : answer.error.type);
    this.#options.trace.add("caller", `hears ${callId} ${text}`);
    if (conversation !== call.conversation) this.#breach("D", `${callId} was answered in ${conversation}`);
    if (answer.kind === "error") return this.#failed(call, answer.error.type ?? "?");
    if (call.result !== undefined && call.result !== text) this.#breach("B", `${callId} was answered with ${call.result}, then with ${text}`);
    const isFirst = call.result === undefined;
    call.result = text;
    if (isFirst) this.#result(call, answer.result as Record<string, unknown>, text);
  }

  #failed(call: Call, code: string): void {
    call.error = code;
    const isRight = OPEN_CODES.has(code) || (code === "call_mismatch" && call.hasImpostor) || (code === "tool_execution_error" && call.tool === "fail") || (code === "move_not_allowed" && call.tool === "move") || (code === "not_authenticated" && NEEDS_SESSION.has(call.tool)) || (code === "customer_forgotten" && CUSTOMERS.some(this.#options.isForgotten));
    if (!isRight) this.#breach("J", `${call.callId} (${call.tool}) failed with ${code}`);
    this.#options.history.push({ kind: "unknown", conversation: call.conversation, callId: call.callId });
  }

  /** SW1. */
  #result(call: Call, result: Record<string, unknown>, text: string): void {
    const { history, recorder } = this.#options;
    const { conversation, callId, tool } = call;
    const row = recorder.rows.get(`conversation:${conversation}`);
    if (row?.status !== "forgotten" && !row?.answers.has(callId)) this.#breach("A", `${callId} was answered, and the store has no answer of it`);
    if (tool === "fail") this.#breach("J", `${callId} cannot have a result`);
    if (typeof result.conversation === "string" && result.conversation !== conversation) this.#breach("D", `${callId} of ${conversation} was answered by ${result.conversation}`);
    if (Number(result.foreign ?? 0) > 0) this.#breach("D", `${conversation} reads changes of another one`);
    if (tool === "confirm" && result.error === undefined && result.step !== "third") this.#breach("G", `${callId} was confirmed at ${String(result.step)}`);
    if (typeof result.user === "string") history.push({ kind: "told", conversation, user: result.user });
    if (typeof result.count === "number") {
      history.push({ kind: "acknowledged", conversation, callId, answer: text, from: conversation, count: result.count });
      this.#snapshot(conversation, `conversation:${conversation}`);
    }
    if (typeof result.customerCount === "number") this.#ofCustomer(call, String(result.customer), result.customerCount, text);
  }

  #ofCustomer({ callId, conversation }: Call, customer: string, count: number, answer: string): void {
    const { history, customerOwner, isForgotten } = this.#options;
    if (isForgotten(customer)) return;
    const name = `customer ${customer}`;
    history.push({ kind: "told", conversation, user: customer }, { kind: "acknowledged", conversation: name, callId, answer, from: name, count });
    this.#snapshot(name, customerOwner(customer));
  }

  /** What the store has now, for the checker of all fault tests. */
  #snapshot(conversation: string, owner: Owner): void {
    const row = this.#options.recorder.rows.get(owner);
    if (!row || row.status === "forgotten") return;
    const changes = (owner.startsWith("customer:") ? row.parts.customer?.changes : row.parts.state?.changes) ?? [];
    this.#options.history.push({
      kind: "stored",
      conversation,
      version: row.version,
      changes: changes.map((change) => ({ callId: change.callId, conversation: owner.startsWith("customer:") ? `customer ${change.conversation}` : change.conversation })),
    });
  }

  #breach(invariant: string, what: string): void {
    this.#options.trace.add("judge", `${invariant}: ${what}`);
    this.#options.history.push({ kind: "breach", invariant, what });
  }
}
