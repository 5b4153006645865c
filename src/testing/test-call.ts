// A conversation as a test plays it: calls of tools, time, faults, and what is remembered.
//
// Owns the face of `testAgent`. The process behind it is the rig's.
//
//   TE1. A tool is delivered before `tool` returns: several without `await` arrive together, in that order. (P1)
//   TE2. Arguments and results pass JSON, as they do on the wire.
//   TE3. State is what the store acknowledged, never what a handler holds.

import { randomUUID } from "node:crypto";

import type { ConversimpleAgent } from "../agent/agent.ts";
import { toolOf } from "../agent/tool.ts";
import { ConversimpleError, type ErrorCode } from "../base/errors.ts";
import type { SimulatedClock } from "../base/simulated-clock.ts";
import type { ErasureReceipt } from "../host/erasure.ts";
import type { Mail } from "../host/mail.ts";
import { openEntry, type JournalEntry } from "../state/journal.ts";
import type { Patch } from "../state/patch.ts";
import { sealText } from "../state/record.ts";
import { conversationOwner, type Facts, type Owner } from "../state/store.ts";
import { partsOf } from "./acknowledged.ts";
import { expectParts, type ExpectedState, type StateOf } from "./expected-state.ts";
import type { FaultyStore, StoreFaults } from "./faulty-store.ts";
import type { Rig } from "./rig.ts";
import { Turn, type Delivery } from "./turn.ts";

/** What a delivery may be told beside its arguments. */
export interface ToolCallOptions {
  /** `call-1`, `call-2`, ... unless given. */
  readonly callId?: string;
  /** How long the caller waits, milliseconds. */
  readonly timeoutMs?: number;
}

/** Which conversation, and who calls. */
export interface CallerOptions {
  readonly conversationId?: string;
  /** What the platform says about who calls. */
  readonly caller?: Readonly<Record<string, unknown>>;
}

/** A journal entry with its place. */
export interface JournalLine extends JournalEntry {
  readonly version: number;
  readonly at: Date;
}

/** A conversation as it lies in the store. */
export interface StoredCall extends Pick<Facts, "status" | "endReason"> {
  readonly version: number;
  /** When the record goes away; undefined while it stays. */
  readonly expiresAt: Date | undefined;
}

/** A conversation under test; made by `testAgent` and `another`. */
export class TestCall<A extends ConversimpleAgent> implements AsyncDisposable {
  readonly id: string;
  readonly #rig: Rig<A>;
  readonly #store: FaultyStore;
  readonly #owner: Owner;
  readonly #close: () => Promise<void>;
  #calls: number;

  /** @internal `testAgent` makes it, after its conversation was opened. */
  constructor(rig: Rig<A>, store: FaultyStore, id: string, close: () => Promise<void>) {
    this.id = id;
    this.#rig = rig;
    this.#store = store;
    this.#owner = conversationOwner(id);
    this.#close = close;
    // A conversation that goes on has used some ids already; each took a commit.
    this.#calls = Math.max(0, (rig.acknowledged.last(this.#owner)?.version ?? 0) - 1);
  }

  /** The agent of the process that runs, or ran last. */
  get agent(): A {
    return this.#rig.agent;
  }

  /** The clock of everything here; `advance` moves it. */
  get clock(): SimulatedClock {
    return this.#rig.clock;
  }

  /** Faults of the store, for all conversations on it. */
  get faults(): StoreFaults {
    return this.#store.faults;
  }

  /** What the agent was told in `onError`: exceptions of tools and hooks, refused messages. */
  get errors(): readonly unknown[] {
    return this.#rig.reported.filter(({ conversationId }) => conversationId === undefined || conversationId === this.id).map(({ error }) => error);
  }

  /** The durable parts as they were last stored: a plain copy (TE3). */
  get state(): StateOf<A> {
    return this.#parts(this.#rig.acknowledged.last(this.#owner));
  }

  /** @throws {AssertionError} unless the state has what is expected (a deep partial, by part). */
  expectState(expected: ExpectedState<A>): void {
    // oxlint-disable-next-line typescript/unbound-method -- it is named, not called
    expectParts(this.state, expected, `Conversation ${this.id}`, this.expectState);
  }

  /**
   * Calls a tool, by its name on the wire or by its field (TE1, TE2). Resolves with what came of it, also when that is
   * an error.
   *
   * @throws {ConversimpleError} `tool_not_found` for a name that the agent does not have, `option_invalid` after a crash.
   */
  async tool<Result = unknown>(name: string, input: unknown = {}, options: ToolCallOptions = {}): Promise<Turn<A, Result>> {
    const delivery: Delivery = {
      callId: options.callId ?? `call-${++this.#calls}`,
      tool: this.#wireName(name),
      arguments: JSON.parse(JSON.stringify(input)) as unknown,
    };
    return this.#deliver<Result>(delivery, options.timeoutMs);
  }

  /** Delivers a call again: the same id, tool and arguments (P5). */
  async redeliver<Result>(turn: Turn<A, Result>): Promise<Turn<A, Result>> {
    return this.#deliver<Result>(turn);
  }

  /** Sets fields of the state from outside, as another program would (P16). @throws {ConversimpleError} why it was refused. */
  update(changes: A extends { readonly state: infer State } ? Partial<State> : never): Promise<void> {
    return this.#post({ kind: "update", changes, source: "test" });
  }

  /** Changes a part by hand, as an inspector does: checked by the part. @throws {ConversimpleError} why it was refused. */
  edit(part: string, patches: readonly Patch[]): Promise<void> {
    return this.#post({ kind: "edit", part, patches, source: "test" });
  }

  /** Sends a signal, which `onSignal` hears (P16). @throws {ConversimpleError} when the hook failed. */
  signal(name: string, payload: unknown = {}): Promise<void> {
    return this.#post({ kind: "signal", name, payload, source: "test" });
  }

  /** Moves the clock: `"11m"`, `"500ms"`, or milliseconds. Timeouts, leases and sweeps happen on the way. */
  advance(duration: string | number): Promise<void> {
    return this.#rig.clock.advance(duration);
  }

  /** The caller hangs up: the conversation ends. */
  async hangUp(reason = "hangup"): Promise<void> {
    await this.#rig.host.close(this.id, reason);
  }

  /** Erases a customer by the id that the agent identified them with: their conversations end with reason `forgotten`. (P22) */
  forget(customerId: string): Promise<ErasureReceipt> {
    return this.#rig.host.forget(customerId);
  }

  /** The process dies at once, with all its conversations; what the store has stays. */
  async crash(): Promise<void> {
    this.#rig.crash();
  }

  /** A new process goes on with the conversations: after a crash, or as a redeploy does. */
  async restart(): Promise<void> {
    await this.#rig.restart();
  }

  /** A second conversation of the same agent, in the same process. */
  async another(options: CallerOptions = {}): Promise<TestCall<A>> {
    const id = options.conversationId ?? this.#rig.nextId();
    await this.#rig.open(id, options.caller ?? {});
    return new TestCall(this.#rig, this.#store, id, this.#close);
  }

  /** The conversation's journal, oldest first. */
  async journal(): Promise<readonly JournalLine[]> {
    const lines: JournalLine[] = [];
    for (let after = 0; ; ) {
      const page = await this.#rig.store.history(this.#owner, { afterVersion: after });
      for (const { version, atMs, text } of page) if (text !== null) lines.push({ ...openEntry(this.#owner, text), version, at: new Date(atMs) });
      if (page.length === 0) return lines;
      after = page.at(-1)!.version;
    }
  }

  /** The conversation as it lies in the store, also after its end; undefined when it is gone. */
  async stored(): Promise<StoredCall | undefined> {
    const loaded = await this.#rig.store.load(this.#owner);
    if (!loaded) return undefined;
    const { status, endReason, expiresAtMs } = loaded.facts;
    return { status, endReason, version: loaded.version, expiresAt: expiresAtMs === null ? undefined : new Date(expiresAtMs) };
  }

  /** Lets go of the process and of the store, for all conversations of this test. Nothing is ended, nothing waits. */
  close(): Promise<void> {
    return this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  async #deliver<Result>({ callId, tool, arguments: input }: Delivery, timeoutMs?: number): Promise<Turn<A, Result>> {
    const outcome = await this.#rig.deliver({ conversationId: this.id, callId, tool, arguments: input, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    const stored = this.#rig.acknowledged.takeAfterCall(this.#owner, callId);
    return new Turn<A, Result>({ callId, tool, arguments: input }, outcome, () => this.#parts(stored));
  }

  #parts(stored: Parameters<typeof partsOf>[1]): Readonly<Record<string, unknown>> {
    return partsOf(this.#owner, stored, this.#rig.definition.slices);
  }

  #wireName(name: string): string {
    const { tools, parts, agentId, agent } = this.#rig.definition;
    if (tools.has(name)) return name;
    // A part is not looked at: outside of a conversation it refuses to be read.
    const found = Object.hasOwn(agent, name) && !parts.has(name) ? toolOf((agent as unknown as Record<string, unknown>)[name]) : undefined;
    if (found) return found.name;
    throw new ConversimpleError("tool_not_found", `The agent "${agentId}" has no tool "${name}". It has: ${[...tools.keys()].join(", ")}.`, { agentId });
  }

  async #post(mail: Mail): Promise<void> {
    const id = randomUUID();
    await this.#store.post(this.#owner, { id, text: sealText(mail) });
    await this.#rig.readMail(this.id);
    const applied = this.#rig.acknowledged.message(id);
    if (!applied || applied.outcome === "ok") return;
    throw new ConversimpleError((applied.code ?? "state_invalid") as ErrorCode, `The agent refused the ${mail.kind}; call.errors says why.`, { conversation: this.id });
  }
}
