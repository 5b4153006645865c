// One tool call, from its place in the queue to its outcome.
//
// Owns the life of a call: waiting, running (guards, hooks, handler), committing, settled. The queue, the commit and
// the ledger are the conversation's.
//
//   TC1. It settles exactly once; after that nothing that its handler does has an effect on state.       (P3)
//   TC2. A result is encoded before the commit; if it cannot be, nothing is committed.                   (P3)
//   TC3. The deadline ends waiting and running, never a commit: its outcome is waited for.              (P4)
//   TC4. Refusals and ToolErrors are recorded answers without a change; other throws leave only a journal entry. (P5)

import type { ToolPart } from "../agent/tool.ts";
import { refusalOf } from "../agent/guard.ts";
import { argumentsError } from "../agent/parameters.ts";
import { runWith, type CallInfo } from "../agent/running.ts";
import type { Clock } from "../base/clock.ts";
import { ConversimpleError, RefusedError, StateTooLargeError, ToolError } from "../base/errors.ts";
import { issuesText, validate, type Validation } from "../base/schema.ts";
import { shownIssues } from "../base/shown-issues.ts";
import { causeOf, type EntryFacts, type UnitOutcome } from "../state/journal.ts";
import { secretTexts, withoutSecrets } from "./call-digest.ts";
import { hiddenArguments } from "./hidden-texts.ts";
import type { CommitRequest, LiveConversation } from "./conversation.ts";
import { Deadline } from "./deadline.ts";
import type { Invocation, Outcome } from "./host.ts";
import { onceAnswer, rememberOnce } from "./once.ts";
import { resultJson } from "./result-json.ts";
import type { UnitHost } from "./unit-run.ts";
import { UnitRun } from "./unit-run.ts";

/** Waiting longer than this is worth a word in the journal, milliseconds. Source: P2. */
const WAITED_MS = 250;

/** What a handler came to. */
type Ran =
  | { readonly kind: "result"; readonly json: string; readonly outcome: UnitOutcome; readonly code?: string; readonly keepsChange: boolean }
  | { readonly kind: "failure"; readonly thrown: unknown; readonly outcome: UnitOutcome };

export class ToolCall {
  readonly deadline: Deadline;
  readonly digest: string;
  /** The version of the conversation when it came. */
  readonly arrivedAtVersion: number;
  readonly #host: UnitHost;
  readonly #clock: Clock;
  readonly #live: LiveConversation;
  readonly #tool: ToolPart;
  readonly #invocation: Invocation;
  readonly #parsed: Validation<unknown>;
  readonly #arrivedAtMs: number;
  readonly #behind: string | undefined;
  #hasBegun = false;
  #queueMs = 0;
  #guardMs = 0;
  #startedAt = 0;

  constructor(host: UnitHost, clock: Clock, live: LiveConversation, tool: ToolPart, invocation: Invocation, digest: string) {
    this.#host = host;
    this.#clock = clock;
    this.#live = live;
    this.#tool = tool;
    this.#invocation = invocation;
    this.digest = digest;
    this.#parsed = tool.parameters.parse(invocation.arguments);
    this.arrivedAtVersion = live.version;
    this.#arrivedAtMs = clock.monotonic();
    this.#behind = live.queue.running;
    this.deadline = new Deadline(clock, tool.name, Math.min(invocation.timeoutMs ?? tool.timeoutMs, tool.timeoutMs), invocation.signal);
  }

  get name(): string {
    return this.#tool.name;
  }

  get callId(): string {
    return this.#invocation.callId;
  }

  get isParallel(): boolean {
    return this.#tool.options.parallel === true;
  }

  /** Whether its handler, or its guards, run or ran. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /**
   * Runs it, now that its turn has come.
   *
   * @throws {ConversimpleError} and whatever the handler threw; nothing was committed then.
   */
  async run(): Promise<Outcome> {
    this.#hasBegun = true;
    this.#startedAt = this.#clock.monotonic();
    this.#queueMs = this.#startedAt - this.#arrivedAtMs;
    const info = this.#info();
    const run = new UnitRun(this.#host, this.#live, this.#tool.options.parallel ? "read" : "write", info.callId, info);
    run.called(info.callId);
    run.digest = this.digest;
    run.hidden = () => hiddenArguments(this.#tool, this.#invocation.arguments);
    if (run.recording) run.secrets = () => secretTexts(this.#invocation.arguments, this.#tool.parameters.secrets);
    try {
      const ran = await this.#raced(run, info);
      this.deadline.stop();
      return { kind: "result", json: await this.#commit(run, ran), repeated: false };
    } finally {
      run.end();
      this.deadline.stop();
    }
  }

  /** The handler against its deadline (TC3). */
  #raced(run: UnitRun, info: CallInfo): Promise<Ran> {
    return new Promise((resolve) => {
      this.deadline.onOver((error) => {
        // TC1: the handler may go on, its drafts do not.
        run.end();
        resolve({ kind: "failure", thrown: error, outcome: error.code === "tool_timeout" ? "timeout" : "cancelled" });
      });
      // A parallel call may have expired while an unresolved commit was settled (P1).
      if (this.deadline.error) return;
      runWith(run, () => this.#handle(run, info)).then(resolve, (thrown: unknown) => resolve(this.#thrown(thrown)));
    });
  }

  async #handle(run: UnitRun, info: CallInfo): Promise<Ran> {
    if (!this.#parsed.ok) throw argumentsError(this.#tool.name, this.#parsed.issues);
    const { agent, watchers } = this.#live.agent;
    for (const part of watchers) part.toolCalled?.();
    const guards = this.#tool.guards();
    if (guards.length > 0) {
      const refusal = await refusalOf(guards);
      this.#guardMs = this.#clock.monotonic() - this.#startedAt;
      if (refusal) throw new RefusedError(refusal);
      if (this.isParallel) run.isStillTheirs = this.#sameCaller();
    }
    const onceKey = this.#tool.onceKey(this.#parsed.value);
    const before = onceKey === undefined ? undefined : onceAnswer(run, onceKey);
    if (before !== undefined) return { kind: "result", json: before, outcome: "ok", keepsChange: false };
    if (agent.onToolCalled) {
      await agent.onToolCalled({ callId: info.callId, tool: info.tool, arguments: withoutSecrets(this.#parsed.value, this.#tool.parameters.secrets) });
    }
    const result: unknown = await this.#tool.run(this.#parsed.value);
    if (agent.onToolCompleted) await agent.onToolCompleted(info.callId, result);
    const json = resultJson(this.#checked(result), this.#tool.resultMasks);
    if (onceKey !== undefined) rememberOnce(run, onceKey, json);
    return { kind: "result", json, outcome: "ok", keepsChange: true };
  }

  /** Whether whoever is logged in is still the one for whom the guards let it run. */
  #sameCaller(): () => boolean {
    const before = this.#tool.whose();
    return () => this.#tool.whose() === before;
  }

  #checked(result: unknown): unknown {
    const schema = this.#tool.options.result;
    if (!schema) return result;
    const checked = validate(schema, result);
    if (checked.ok) return checked.value;
    const issues = shownIssues(checked.issues, result, this.#tool.resultMasks);
    throw new ConversimpleError("result_invalid", `The result of ${this.#tool.name} is not valid: ${issuesText("result", issues)}. Nothing was committed.`, { tool: this.#tool.name });
  }

  #thrown(thrown: unknown): Ran {
    try {
      if (thrown instanceof RefusedError) return { kind: "result", json: resultJson(thrown.result), outcome: "refused", code: thrown.result.error, keepsChange: false };
      if (thrown instanceof ToolError) return { kind: "result", json: resultJson({ error: thrown.error, message: thrown.message }), outcome: "tool_error", code: thrown.error, keepsChange: false };
    } catch (invalid) {
      return { kind: "failure", thrown: invalid, outcome: "failed" };
    }
    return { kind: "failure", thrown, outcome: "failed" };
  }

  async #commit(run: UnitRun, ran: Ran): Promise<string> {
    let change: CommitRequest["change"];
    try {
      if (ran.kind === "result") run.checkAwaited();
      change = ran.kind === "result" && ran.keepsChange ? run.unit.change() : undefined;
    } catch (thrown) {
      return await this.#commitFailure(run, { kind: "failure", thrown, outcome: "failed" });
    } finally {
      // TC1: what a handler left un-awaited changes nothing while the commit is under way.
      run.end();
    }
    if (ran.kind === "failure") return this.#commitFailure(run, ran);
    try {
      await this.#live.commit({
        entry: this.#entry(run, ran.outcome, ran.code === undefined ? {} : { code: ran.code }),
        change,
        facts: ran.keepsChange ? run.facts : undefined,
        answer: { callId: this.#invocation.callId, digest: this.digest, text: ran.json },
      });
    } catch (thrown) {
      // Its parts fit, the record does not: that is the tool's failure, not the store's.
      if (thrown instanceof StateTooLargeError) return await this.#commitFailure(run, { kind: "failure", thrown, outcome: "failed" });
      throw thrown;
    }
    return ran.json;
  }

  /** The entry of a failed unit is worth waiting for, but the caller hears of the failure, not of the entry's. */
  async #commitFailure(run: UnitRun, { thrown, outcome }: Extract<Ran, { kind: "failure" }>): Promise<never> {
    await this.#live.commit({ entry: this.#entry(run, outcome, causeOf(thrown)) }).catch(() => {});
    throw thrown;
  }

  #entry(run: UnitRun, outcome: UnitOutcome, cause: Pick<EntryFacts, "code" | "reason">): EntryFacts {
    // As they came, not as they were parsed: a schema may make class instances of them.
    const input = this.#parsed.ok ? withoutSecrets(this.#invocation.arguments, this.#tool.parameters.secrets) : undefined;
    const waited = this.#queueMs > WAITED_MS ? this.#behind : undefined;
    return {
      unit: "tool",
      name: this.#tool.name,
      callId: this.#invocation.callId,
      ...(input === undefined ? {} : { arguments: input }),
      ...(input === undefined || this.#tool.parameters.masks.length === 0 ? {} : { mask: this.#tool.parameters.masks }),
      outcome,
      ...cause,
      ms: [Math.round(this.#queueMs), Math.round(this.#guardMs), Math.round(this.#clock.monotonic() - this.#startedAt)],
      ...(waited === undefined ? {} : { waitedFor: waited }),
      ...run.noted,
    };
  }

  #info(): CallInfo {
    return callInfo(this.#invocation, this.#tool.name, this.#live.caller, this.deadline);
  }
}

/** What a handler may know of its call. A plain object: a copy of it, `{ ...this.call }`, has the signal too. */
function callInfo({ callId, conversationId }: Invocation, tool: string, caller: CallInfo["caller"], deadline: Deadline): CallInfo {
  return {
    callId,
    tool,
    idempotencyKey: `${conversationId}:${callId}`,
    caller,
    get signal() {
      return deadline.signal;
    },
  };
}
