// Units that are not tool calls: hooks, small updates, messages from outside.
//
// Owns how each is run in its conversation's queue and committed.
//
//   UN1. A hook that throws, or takes longer than a tool may, changes nothing, is reported, and stops nobody. A commit
//        that fails is not the hook's fault: whoever asked for the hook hears of it.
//   UN2. A message is applied, journalled and consumed in one commit; refused ones too, also those that came while the
//        conversation ended. A look at what is masked is journalled in any case, and a fork remembered: they took
//        place.                                                                                 (P16, P21, P22)
//   UN3. A small update is validated and committed like any unit; its caller hears why it was refused. (P2)
//        One that an earlier delivery of its call applied is not applied again: its caller gets what it gave then. (P5)
//   UN4. What is due comes before any unit that begins after its time; one that fails is reported and tried again before
//        the next unit. One that hangs is tried again after a while: else it would cost every later unit its time. (P17)
//   UN5. A message whose id was applied, or refused, in the last 24 hours is not applied again. (P16)

import type { Part } from "../agent/part.ts";
import { runOutside, runWith } from "../agent/running.ts";
import { TOOL_TIMEOUT_MS } from "../agent/tool.ts";
import type { Clock } from "../base/clock.ts";
import { decode, encode } from "../base/codec.ts";
import { ConversimpleError, StateTooLargeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { hide } from "../base/redaction.ts";
import { timeBoundsOf, type TimeBounds } from "../base/time-bounds.ts";
import type { JointRecords } from "../agent/joint-records.ts";
import { causeOf, REVEAL, type EntryFacts, type UnitKind, type UnitOutcome } from "../state/journal.ts";
import type { Answer, Change, Store, WaitingMessage } from "../state/store.ts";
import type { AgentDefinition } from "../agent/definition.ts";
import type { Rehearsal } from "../agent/recorded.ts";
import { applyEdit, EDIT } from "./hand-edits.ts";
import { keptAnswer } from "./kept-answer.ts";
import { FORKED, forkedAs, rememberFork } from "./known-forks.ts";
import type { LiveConversation } from "./conversation.ts";
import { partDigest, partOf } from "./call-digest.ts";
import { Deadline } from "./deadline.ts";
import { hiddenState } from "./hidden-texts.ts";
import { appliedAs, END_MESSAGE, MESSAGE_APPLIED, MESSAGE_REFUSED, readMail, type EndMail, type Mail } from "./mail.ts";
import { RESULT_MAX_BYTES } from "./result-json.ts";
import type { Answered, UnitHost } from "./unit-run.ts";
import { UnitRun } from "./unit-run.ts";

export interface UnitsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly joint: JointRecords;
  readonly rehearsal?: Rehearsal | undefined;
  readonly isRecording?: boolean | undefined;
  readonly onError: (error: unknown, conversationId?: string) => void;
  /** Ends a conversation in its turn, because a message says so. */
  readonly end: (live: LiveConversation, mail: EndMail, message: WaitingMessage) => Promise<void>;
}

interface Handled {
  readonly unit: UnitKind;
  readonly name: string;
  /** What effects of the unit are remembered under. */
  readonly id: string;
  readonly handle: (run: UnitRun) => unknown;
  /** How long it may take, milliseconds; as long as a tool unless given. */
  readonly limitMs?: number;
  readonly facts?: Change["facts"];
  readonly message?: WaitingMessage | undefined;
  /** Messages that its commit makes pointless. */
  readonly consume?: readonly string[];
  readonly source?: string | undefined;
  readonly reason?: string;
  /** What a signal carries. */
  readonly payload?: unknown;
  /** What a repetition of it gets; asked for when it went well. */
  readonly answer?: () => Answer;
}

export class Units implements UnitHost {
  readonly clock: Clock;
  readonly joint: JointRecords;
  readonly rehearsal: Rehearsal | undefined;
  readonly isRecording: boolean;
  readonly timeBounds: () => TimeBounds;
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #onError: UnitsOptions["onError"];
  readonly #end: UnitsOptions["end"];

  constructor({ store, clock, logger, joint, onError, rehearsal, end, isRecording = false }: UnitsOptions) {
    this.joint = joint;
    this.rehearsal = rehearsal;
    this.isRecording = isRecording;
    this.timeBounds = timeBoundsOf(clock);
    this.#store = store;
    this.clock = clock;
    this.#logger = logger;
    this.#onError = onError;
    this.#end = end;
  }

  nowMs(): number {
    return this.clock.now();
  }

  answer(live: LiveConversation, callId: string): Promise<string | undefined> {
    return keptAnswer(this.#store, live.owner, callId);
  }

  smallUnit<T>(live: LiveConversation, name: string, { callId, digest }: Answered, recipe: (run: UnitRun) => T): Promise<T> {
    return this.inQueue(live, `update of ${name}`, async () => {
      const known = live.ledger.find(callId, this.nowMs());
      if (known) partOf(known.digest, digest, callId);
      if (known) return decode((await this.answer(live, callId)) ?? NOTHING) as T;
      let result: T;
      const answer = () => ({ callId, digest: partDigest("update", digest), text: keptText(result) });
      const failure = await this.#unit(live, { unit: "update", name, id: callId, handle: (run) => (result = recipe(run)), answer });
      if (failure) throw failure.thrown;
      return result!;
    });
  }

  /**
   * Runs `task` when the conversation's turn has come, with its outcome known and its mail read.
   *
   * @param options `isFirst`: it is the conversation's start; a deadline or a message comes behind it.
   */
  inQueue<T>(live: LiveConversation, name: string, task: () => Promise<T>, options?: { unlimited?: boolean; isFirst?: boolean }): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = async () => {
        try {
          if (!options?.isFirst) await this.prepare(live);
          resolve(await task());
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error("A unit failed with something that is not an error.", { cause: thrown }));
        }
      };
      live.queue.add(name, run, reject, options);
    });
  }

  /** Before each unit: what is unresolved is resolved, what is due is done, and the inbox is emptied in order (P4, P16, P17). */
  prepare(live: LiveConversation): Promise<void> {
    return live.isReady ? READY : this.#prepare(live);
  }

  async #prepare(live: LiveConversation): Promise<void> {
    await live.settle();
    for (const [part, atMs] of live.dueTimes.overdue()) if (live.dueTimes.isDue(part, atMs)) await this.#due(live, part, atMs);
    while (live.hasMail && !live.quarantine) {
      live.hasMail = false;
      try {
        const messages = await live.inbox.read();
        for (const message of messages) {
          await this.#apply(live, message);
          if (!live.inbox.consumed(message.id)) this.#logger.warn({ conversation: live.id, message: message.id }, "the store keeps a message that was consumed; it is consumed again after a pause");
          // One of them was its end; those behind it are refused by then.
          if (live.gone) throw live.gone;
        }
        if (messages.length > 0) live.hasMail = true;
      } catch (thrown) {
        // The rest of it still comes before the next unit.
        live.hasMail = true;
        throw thrown;
      }
    }
  }

  /** Refuses what arrived while the conversation ended: nobody will apply it, and no more can come (UN2). */
  async refuseMail(live: LiveConversation): Promise<void> {
    for (let messages = await live.inbox.read(); messages.length > 0; messages = await live.inbox.read()) {
      for (const message of messages) {
        if (!live.quarantine && isFork(live, message)) await this.#apply(live, message);
        else await live.commit({ entry: leftEntry(live, message), consume: [message.id] });
        live.inbox.consumed(message.id);
      }
    }
  }

  /** Runs a hook inside the queue's turn (UN1). Facts are committed also when the hook throws. */
  async hook(live: LiveConversation, name: string, handle: () => unknown, also: Pick<Handled, "facts" | "answer" | "message" | "consume" | "source"> = {}): Promise<void> {
    const handled: Handled = { unit: "hook", name, id: hookId(name, live.version), handle, ...also };
    const failure = await this.#unit(live, handled);
    if (failure) this.report(live, failure.thrown, `${name} failed`);
  }

  /**
   * The end: the agent's hook, then what its parts have to put away, in a unit of its own: a hook that fails keeps nothing
   * open. A process may die between the two; the one that goes on does not run a hook that is committed.
   *
   * @param mail what said so, when it was a message. What other processes said of the same end goes away with it.
   */
  async end(live: LiveConversation, reason: string, facts: Change["facts"], mail: Pick<Handled, "message" | "source"> = {}): Promise<void> {
    const { agent, closers } = live.agent;
    const name = "onConversationEnded";
    const close = async () => {
      // One that fails keeps none of the others from putting away theirs: a customer's damaged record, no session.
      for (const part of closers) await this.#attempted(live, `the end of ${part.name} failed`, () => part.conversationEnded?.(reason));
    };
    const farewell = () => agent.onConversationEnded?.(reason);
    const last = { facts, consume: [END_MESSAGE], ...mail };
    if (closers.length === 0) return this.hook(live, name, farewell, last);
    const callId = hookId(name, live.version);
    if (!live.ledger.find(callId, this.nowMs())) await this.hook(live, name, farewell, { source: mail.source, answer: () => ({ callId, digest: "hook", text: NOTHING }) });
    await this.hook(live, "end", close, last);
  }

  /** The agent's hook for a conversation whose customer was erased: nothing that it writes is stored (P22). */
  async farewell(live: LiveConversation): Promise<void> {
    const run = new UnitRun(this, live, "write", hookId("onConversationEnded", live.version));
    await this.#attempted(live, "onConversationEnded failed", () => inTime(new Deadline(this.clock, "onConversationEnded", TOOL_TIMEOUT_MS), () => runWith(run, () => live.agent.agent.onConversationEnded?.("forgotten"))));
    run.end();
  }

  async #attempted(live: LiveConversation, failed: string, run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (thrown) {
      this.report(live, thrown, failed);
    }
  }

  /** Tells the log (ids and codes only) and the agent's `onError` (the error itself). */
  report(live: LiveConversation, thrown: unknown, message: string): void {
    const code = thrown instanceof ConversimpleError ? thrown.code : "tool_execution_error";
    this.#logger.warn({ conversation: live.id, agent: live.agent.agentId, code }, message);
    this.tell(live, thrown);
  }

  /** Gives the error to the agent's `onError`, and to whoever runs the host; in no conversation, whichever ran before. */
  tell(live: LiveConversation, thrown: unknown): void {
    hide(thrown, hiddenState(live));
    this.#onError(thrown, live.id);
    this.tellAgent(live.agent, thrown);
  }

  /** Calls an agent's `onError`, which may be asynchronous; what comes of that ends nothing. */
  tellAgent({ agent, agentId }: AgentDefinition, thrown: unknown): void {
    const failed = (again: unknown) => this.#logger.error({ agent: agentId, reason: again instanceof Error ? again.name : "unknown" }, "onError itself failed");
    // What fails while a call is run again is told to whoever runs it, not to the agent that serves others.
    if (this.rehearsal?.isStrict) return;
    try {
      Promise.resolve(runOutside(() => agent.onError?.(thrown))).catch(failed);
    } catch (again) {
      failed(again);
    }
  }

  /** Effects of a deadline are remembered by its time, so that it has them once, however often it is tried. */
  async #due(live: LiveConversation, part: Part, atMs: number): Promise<void> {
    const failure = await this.#unit(live, { unit: "deadline", name: part.name, id: `\ndeadline:${part.name}:${atMs}`, limitMs: DUE_TIMEOUT_MS, handle: () => part.due?.() });
    if (!failure) return;
    if (failure.hasHung) live.dueTimes.hung(part);
    this.report(live, failure.thrown, "a deadline failed");
  }

  async #apply(live: LiveConversation, message: WaitingMessage): Promise<void> {
    let mail: Mail | EndMail;
    try {
      mail = readMail(live.owner, message);
    } catch (thrown) {
      this.report(live, thrown, "a message in the inbox is damaged and was dropped");
      await live.commit({ entry: failedEntry("outside", "message", message.id, "state_quarantined"), consume: [message.id] });
      return;
    }
    if (mail.kind === "end") return this.#end(live, mail, message);
    const id = appliedAs(message.id);
    // Posted again, because whoever posted it did not hear that it was.
    if (live.ledger.find(id, this.nowMs())) return live.commit({ entry: { unit: "outside", name: "message", outcome: "ok", ms: [0, 0, 0] }, consume: [message.id] });
    const failure = await this.#unit(live, { ...workOf(live, mail), id, message, source: mail.source });
    // Who edits waits for the outcome, and the journal has it: a value that does not fit is no failure of the agent's code.
    const isHeard = mail.kind === "edit" && failure?.thrown instanceof ConversimpleError;
    if (failure && !isHeard) this.report(live, failure.thrown, "a message from outside was refused");
  }

  /** Runs and commits one unit, and gives what its handler threw, if it did. @throws when the commit fails. */
  async #unit(live: LiveConversation, handled: Handled): Promise<Failure | undefined> {
    const startedAt = this.clock.monotonic();
    const run = new UnitRun(this, live, "write", handled.id);
    run.called(`${handled.unit} ${handled.name}`);
    if (handled.payload !== undefined) run.recording?.input("payload", handled.payload);
    if (handled.name === "onConversationStarted") run.recording?.input("caller", live.caller);
    const entry = (outcome: UnitOutcome, thrown?: unknown): EntryFacts => ({
      unit: handled.unit,
      name: handled.name,
      outcome,
      ...(thrown === undefined ? {} : causeOf(thrown)),
      ms: [0, 0, Math.round(this.clock.monotonic() - startedAt)],
      ...(handled.source === undefined ? {} : { source: handled.source }),
      ...(handled.reason === undefined || outcome !== "ok" ? {} : { reason: handled.reason }),
      ...(handled.message ? { message: handled.message.id } : {}),
      ...run.noted,
    });
    const consume = [...new Set([...(handled.message ? [handled.message.id] : []), ...(handled.consume ?? [])])];
    // Applied or refused: known by its id from now on (UN5).
    const known = (text: string) => (handled.unit !== "hook" && handled.message ? { answer: { callId: handled.id, digest: "message", text } } : {});
    const also = { ...(handled.facts ? { facts: handled.facts } : {}), ...(consume.length > 0 ? { consume } : {}) };
    const deadline = new Deadline(this.clock, handled.name, handled.limitMs ?? TOOL_TIMEOUT_MS);
    let failure: Failure | undefined;
    let change;
    try {
      await inTime(deadline, () => runWith(run, () => handled.handle(run)));
      // A recipe cannot wait; whoever asked for the update does.
      if (handled.unit !== "update") run.checkAwaited();
      change = run.unit.change();
    } catch (thrown) {
      failure = { thrown, hasHung: thrown === deadline.error };
    } finally {
      run.end();
    }
    if (!failure) {
      try {
        const facts = run.facts || handled.facts ? { ...run.facts, ...handled.facts } : undefined;
        await live.commit({ entry: entry("ok"), change, answer: handled.answer?.(), ...known(MESSAGE_APPLIED), ...also, facts });
        return undefined;
      } catch (thrown) {
        // Its parts fit, the record does not: that is the handler's failure, not the store's.
        if (!(thrown instanceof StateTooLargeError)) throw thrown;
        failure = { thrown, hasHung: false };
      }
    }
    await live.commit({ entry: entry("failed", failure.thrown ?? "nothing"), ...known(MESSAGE_REFUSED), ...also });
    return failure;
  }
}

/** What became of a unit that changed nothing. */
interface Failure {
  readonly thrown: unknown;
  /** Whether it took too long. */
  readonly hasHung: boolean;
}

/** How long the handler of a deadline may take, milliseconds. Source: a tool that waits behind it has time left. */
const DUE_TIMEOUT_MS = TOOL_TIMEOUT_MS / 3;

/** Waits for a handler within a time: a hook that hangs would stop its conversation for ever. */
function inTime(deadline: Deadline, handle: () => unknown): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    deadline.onOver(reject);
    new Promise((settle) => settle(handle())).then(() => resolve(), reject);
  }).finally(() => deadline.stop());
}

const NOTHING = encode(undefined);
const READY = Promise.resolve();

/** What a repeated update gives: what the first one gave, as far as it can be kept. */
function keptText(result: unknown): string {
  try {
    const text = encode(result);
    return Buffer.byteLength(text) > RESULT_MAX_BYTES ? NOTHING : text;
  } catch {
    return NOTHING;
  }
}

/** The entry of a message that nobody applies any more. Who looked at what is masked has seen it all the same. (P21) */
function leftEntry({ owner }: LiveConversation, message: WaitingMessage): EntryFacts {
  try {
    const mail = readMail(owner, message);
    if (mail.kind === "reveal") return { unit: "outside", name: REVEAL, outcome: "ok", ms: [0, 0, 0], source: mail.source, reason: mail.reason, message: message.id };
  } catch {
    // It says nothing.
  }
  return failedEntry("outside", "message", message.id, "conversation_ended");
}

function isFork({ owner }: LiveConversation, message: WaitingMessage): boolean {
  try {
    return readMail(owner, message).kind === "fork";
  } catch {
    return false;
  }
}

/** What a message asks for. */
function workOf({ agent, version }: LiveConversation, mail: Mail): Pick<Handled, "unit" | "name" | "handle" | "reason" | "payload"> {
  if (mail.kind === "update") return { unit: "outside", name: "update", handle: (run) => applyUpdate(agent, run, mail.changes) };
  if (mail.kind === "edit") return { unit: "outside", name: EDIT, handle: (run) => applyEdit(agent, run, mail, version) };
  if (mail.kind === "reveal") return { unit: "outside", name: REVEAL, handle: () => {}, reason: mail.reason };
  if (mail.kind === "fork") return { unit: "outside", name: FORKED, handle: (run) => rememberFork(run, mail.fork), reason: forkedAs(mail.fork) };
  return { unit: "signal", name: mail.name, payload: mail.payload, handle: () => agent.agent.onSignal?.(mail.name, mail.payload) };
}

function applyUpdate(agent: AgentDefinition, run: UnitRun, changes: Readonly<Record<string, unknown>>): void {
  const slice = agent.slices.find(({ name }) => name === "state");
  if (!slice) throw new ConversimpleError("definition_invalid", "An update came from outside, but the agent declares no conversation state.");
  const state = run.draft(slice) as Record<string, unknown>;
  for (const key of Object.keys(changes)) state[key] = changes[key];
}

/** What effects of a start are remembered under: all of them begin with it. */
export const START_EFFECTS = "\nhook:onConversationStarted\n";

/** What a hook's effects are remembered under. It begins with a newline, which no call id has. A conversation starts once and ends once, in however many attempts; it is resumed again and again. */
function hookId(name: string, version: number): string {
  return name === "onConversationResumed" ? `\nhook:${name}:${version}` : `\nhook:${name}`;
}

function failedEntry(unit: UnitKind, name: string, message: string, code: string): EntryFacts {
  return { unit, name, outcome: "failed", code, ms: [0, 0, 0], message };
}
