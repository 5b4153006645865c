// A conversation that this process serves: its committed state, its queue, its calls in flight, its commits.
//
// Owns the order of commits of one conversation and what is known after each. Runs no handler.
//
//   LC1. Commits of one conversation go to the store one after another; each expects the version of the last. (P14)
//   LC2. A commit whose outcome is unknown is resolved by its write id before anything else is committed. Known is what
//        the store says of this very change; a repetition that failed says nothing about the attempt before it. (P4)
//   LC3. The document changes only after the store said that the commit is durable.                          (P4)
//   LC4. Fenced, lost or forgotten: `lost` is called once; nothing is committed after it.                    (P14)
//   LC5. After a commit that said who the customer is, nothing is committed before it was looked for their tombstone. (P22)

import { randomUUID } from "node:crypto";

import type { AgentDefinition } from "../agent/definition.ts";
import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/clock.ts";
import { ConversimpleError, StoreUnavailableError, type ErrorCode } from "../base/errors.ts";
import { RecordDocument } from "../state/document.ts";
import { entryText, JournalWriter, type EntryFacts } from "../state/journal.ts";
import { sealBody } from "../state/record.ts";
import { Ledger } from "../state/ledger.ts";
import { SizeWatch, type GrownPart } from "../state/size-watch.ts";
import type { Answer, Change, Facts, Loaded, Owner, Store } from "../state/store.ts";
import type { UnitChange } from "../state/unit.ts";
import { DueTimes } from "./due-times.ts";
import type { Caller, Outcome } from "./host.ts";
import { Inbox } from "./inbox.ts";
import { erasedError, isErased } from "./tombstones.ts";
import { UnitQueue } from "./unit-queue.ts";

/** What a unit wants to be committed. */
export interface CommitRequest {
  readonly entry: EntryFacts;
  readonly change?: UnitChange | undefined;
  readonly answer?: Answer | undefined;
  readonly facts?: Change["facts"] | undefined;
  readonly consume?: readonly string[];
}

/** A change that is being put together. */
type Built = { -readonly [Key in keyof Change]: Change[Key] };

/** What a conversation needs from its host. */
export interface ConversationHost {
  readonly store: Store;
  readonly clock: Clock;
  /** How long an unknown outcome may stay unresolved before the caller hears `state_unavailable`, milliseconds. */
  readonly resolveTimeoutMs: number;
  /** Says that the conversation was used: those that were not for a while let their decoded values go. */
  used(conversation: LiveConversation): void;
  /** Its committed state is another one now. */
  changed(conversation: LiveConversation): void;
  /** A deadline of one of its parts has come. */
  due(conversation: LiveConversation): void;
  /** A part passed 80 % of its limit, for the first time here (P9). */
  grew(conversation: LiveConversation, grown: GrownPart): void;
  /** Its commit said who its customer is. @throws when that one was erased meanwhile (P22). */
  identified(conversation: LiveConversation): Promise<void>;
  /** LC4. */
  lost(conversation: LiveConversation, error: ConversimpleError): void;
}

/** Why a stored conversation cannot be used; its tools stay registered and answer this (P10). */
export type Quarantine = ConversimpleError;

interface Unresolved {
  readonly change: Change;
  readonly accept: () => void;
}

export class LiveConversation {
  readonly id: string;
  readonly owner: Owner;
  readonly agent: AgentDefinition;
  readonly caller: Caller;
  readonly epoch: number;
  readonly queue = new UnitQueue();
  readonly dueTimes: DueTimes;
  readonly inbox: Inbox;
  readonly ledger: Ledger;
  /** Calls that are waiting or running. */
  readonly inFlight = new Map<string, { readonly digest: string; readonly outcome: Promise<Outcome> }>();
  /** Effects that run, by what they are remembered under: a call that was given up may be in the middle of one. */
  readonly effects = new Map<string, Promise<string>>();
  /** What `ephemeral` parts keep; never stored. */
  readonly memory = new Map<object, unknown>();
  readonly createdAtMs: number;
  readonly quarantine: Quarantine | undefined;
  updatedAtMs: number;
  /** Last sign of life, milliseconds of the monotonic clock: somebody who sets the wall clock ends no call. */
  aliveAtMs: number;
  /** Whether messages wait in the inbox. */
  hasMail: boolean;
  /** Parallel calls that run. */
  parallel = 0;
  #facts: Facts;
  #version: number;
  #document: RecordDocument | undefined;
  #unresolved: Unresolved | undefined;
  /** Whether a commit said who the customer is, and it was not yet looked whether that one was erased meanwhile (LC5). */
  #isUnchecked = false;
  /** Commits that are not over, and the end of the last of them (LC1). */
  #tasks = 0;
  #tail: Promise<void> = Promise.resolve();
  #gone: ConversimpleError | undefined;
  #commitBeforeMs: number | undefined;
  /** The call whose entry is the last one, and how long its reply took. */
  #lastCall: string | undefined;
  #replyBeforeMs: number | undefined;
  readonly #sizes = new SizeWatch();
  readonly #journal = new JournalWriter();
  readonly #host: ConversationHost;
  readonly #taskIsOver = (): void => void this.#tasks--;

  constructor(host: ConversationHost, id: string, agent: AgentDefinition, caller: Caller, loaded: Loaded, record: RecordDocument | Quarantine) {
    this.#host = host;
    this.id = id;
    this.owner = loaded.owner;
    this.agent = agent;
    this.caller = caller;
    this.epoch = loaded.epoch;
    this.ledger = new Ledger(loaded.calls);
    this.#version = loaded.version;
    this.#facts = loaded.facts;
    this.createdAtMs = loaded.facts.createdAtMs;
    this.updatedAtMs = loaded.facts.updatedAtMs;
    this.aliveAtMs = host.clock.monotonic();
    this.hasMail = loaded.mail > 0;
    this.inbox = new Inbox(host.store, host.clock, this.owner);
    this.dueTimes = new DueTimes({ clock: host.clock, parts: agent.timed, createdAtMs: this.createdAtMs, onDue: () => host.due(this) });
    if (record instanceof ConversimpleError) this.quarantine = record;
    else {
      this.#document = record;
      this.dueTimes.look((slice) => record.value(slice));
    }
  }

  get version(): number {
    return this.#version;
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** The committed state. @throws {StateQuarantinedError} when there is none that can be used. */
  get document(): RecordDocument {
    if (this.#document) return this.#document;
    throw this.quarantine!;
  }

  /** Set once this process may not serve it any more (LC4). */
  get gone(): ConversimpleError | undefined {
    return this.#gone;
  }

  /**
   * Commits after all commits that were asked for before (LC1).
   *
   * @throws {StoreUnavailableError} nothing was committed, or it is not known yet (LC2): both mean that nothing is
   *   answered; @throws {ConversimpleError} `fenced`, `state_lost`, `version_conflict` after `lost` (LC4).
   */
  commit(request: CommitRequest): Promise<void> {
    return this.#inOrder(() => this.#commitNow(request));
  }

  /** Somebody, or something, has to do with it: it is not abandoned. */
  touch(): void {
    this.aliveAtMs = this.#host.clock.monotonic();
  }

  /** The answer of a call arrived. It is told with the next entry, when that call's is the last one. */
  confirmed(callId: string, ms: number): void {
    if (callId === this.#lastCall) this.#replyBeforeMs = Math.round(ms * 10) / 10;
  }

  /** Lets decoded values go; the next unit decodes them again. */
  cool(): void {
    this.#document?.cool();
  }

  /** Resolves what is unresolved (LC2). @throws as `commit`. */
  settle(): Promise<void> {
    return this.isSettled ? Promise.resolve() : this.#inOrder(() => this.#resolve());
  }

  /** Whether nothing has to be resolved, done or read before the next unit. */
  get isReady(): boolean {
    return this.isSettled && !this.hasMail && !this.dueTimes.hasAny;
  }

  /** Whether nothing has to be resolved, so that what is committed next begins at once. */
  get isSettled(): boolean {
    return this.#unresolved === undefined && this.#gone === undefined && !this.#isUnchecked;
  }

  /** Resolves when no unit runs or waits, and no parallel call runs. */
  async whenIdle(): Promise<void> {
    while (!this.queue.isIdle || this.inFlight.size > 0) {
      await this.queue.whenIdle();
      await Promise.all([...this.inFlight.values()].map(({ outcome }) => outcome));
    }
  }

  /** Stops serving it: waiting calls are settled, nothing is committed any more. Again is without effect. */
  leave(error: ConversimpleError): void {
    if (this.#gone) return;
    this.#gone = error;
    this.dueTimes.stop();
    this.queue.close(error);
  }

  /** As `leave`; nothing of what it remembered stays in memory either: its fields have their defaults. (P22) */
  erase(error: ConversimpleError): void {
    this.leave(error);
    this.memory.clear();
    if (this.#document) this.#document = RecordDocument.begin(this.owner, this.agent.slices);
  }

  /** LC1; at once when nothing is under way. */
  #inOrder(task: () => Promise<void>): Promise<void> {
    const done = this.#tasks === 0 ? task() : this.#tail.then(task);
    this.#tasks++;
    this.#tail = done.then(this.#taskIsOver, this.#taskIsOver);
    return done;
  }

  async #commitNow(request: CommitRequest): Promise<void> {
    if (!this.isSettled) await this.#resolve();
    const change = this.#build(request);
    const before = this.#host.clock.monotonic();
    await this.#sendNow({ change, accept: () => this.#accept(request, change) });
    if (this.#isUnchecked) await this.#checkIdentified();
    this.#commitBeforeMs = Math.round((this.#host.clock.monotonic() - before) * 10) / 10;
  }

  #build({ entry, change, answer, facts, consume }: CommitRequest): Change {
    const version = this.#version + 1;
    const timed = this.#timed(entry);
    const document = this.#document;
    // The first commit always stores the record, so that a conversation without changes exists too.
    const effective = change ?? (this.#version === 0 ? { parts: new Map(), patches: {} } : undefined);
    const record = document && effective ? document.textWith(version, effective.parts) : undefined;
    // Of one that cannot be used the entry is known, its parts are not.
    const text = document ? this.#journal.entry(timed, document, version, effective) : entryText(timed);
    const trimBelow = document ? this.#journal.trimBelow(version, this.ledger.oldestVersion) : undefined;
    const built: Built = { writeId: randomUUID(), expectedVersion: this.#version, epoch: this.epoch, entry: text };
    if (record !== undefined) built.record = record;
    if (answer) built.answer = { callId: answer.callId, digest: answer.digest, text: sealBody(answer.text) };
    if (facts) built.facts = facts;
    if (consume) built.consume = consume;
    if (trimBelow !== undefined) built.trimBelow = trimBelow;
    return built;
  }

  /** The entry with what is known by now of the unit before it. */
  #timed(entry: EntryFacts): EntryFacts {
    if (this.#commitBeforeMs === undefined) return entry;
    const timed: EntryFacts = { ...entry, commitBeforeMs: this.#commitBeforeMs };
    return this.#replyBeforeMs === undefined ? timed : { ...timed, replyBeforeMs: this.#replyBeforeMs };
  }

  #accept({ entry, change, answer, facts }: CommitRequest, stored: Change): void {
    this.#version = stored.expectedVersion + 1;
    this.updatedAtMs = this.#host.clock.now();
    this.#lastCall = entry.unit === "tool" ? entry.callId : undefined;
    this.#replyBeforeMs = undefined;
    // A deadline is no sign of life: steps that lead to each other by deadlines would keep a call for ever. (P13)
    if (entry.unit !== "deadline") this.touch();
    const document = this.#document;
    if (change && document) {
      document.accept(change.parts);
      for (const grown of this.#sizes.grown(this.agent.slices, change.parts)) this.#host.grew(this, grown);
      this.dueTimes.look((slice) => document.value(slice));
      this.#host.changed(this);
    }
    this.#host.used(this);
    if (answer) this.ledger.add({ callId: answer.callId, digest: answer.digest, version: this.#version, atMs: this.updatedAtMs });
    if (facts) this.#facts = { ...this.#facts, ...facts };
  }

  /** LC5. @throws when it cannot be looked; the next commit begins with it. */
  async #checkIdentified(): Promise<void> {
    await this.#host.identified(this);
    this.#isUnchecked = false;
  }

  /** Sends a change until its outcome is known or the time is over. */
  async #sendNow(pending: Unresolved): Promise<void> {
    const { store, clock, resolveTimeoutMs } = this.#host;
    const deadline = clock.monotonic() + resolveTimeoutMs;
    for (let delayMs = 25; ; delayMs = Math.min(delayMs * 2, 1_000)) {
      try {
        await store.commit(this.owner, pending.change);
        this.#unresolved = undefined;
        pending.accept();
        if (pending.change.facts?.customer) this.#isUnchecked = true;
        return;
      } catch (thrown) {
        if (isKnown(thrown, this.#unresolved !== undefined)) {
          this.#unresolved = undefined;
          this.#journal.undo(pending.change.expectedVersion + 1);
          const error = await this.#whyFenced(thrown);
          this.#failed(error);
          throw error;
        }
        this.#unresolved = pending;
        if (clock.monotonic() + delayMs > deadline) throw unresolved(thrown);
      }
      await sleep(clock, delayMs);
      if (this.#gone) throw this.#gone;
    }
  }

  /** Fenced by a tombstone: it is over everywhere, not only here (P22). */
  async #whyFenced(thrown: ConversimpleError): Promise<ConversimpleError> {
    if (thrown.code !== "fenced") return thrown;
    const erased = await isErased(this.#host.store, this.owner).catch(() => false);
    return erased ? erasedError(this.id) : thrown;
  }

  async #resolve(): Promise<void> {
    if (this.#gone) throw this.#gone;
    const pending = this.#unresolved;
    try {
      if (pending) await this.#sendNow(pending);
    } catch (thrown) {
      // Known now: it did not happen. Its caller was told so; whoever waits goes on.
      if (this.#unresolved || this.#gone) throw thrown;
    }
    if (this.#isUnchecked) await this.#checkIdentified();
  }

  /** A known failure: the caller hears it; if the conversation is not ours any more, it ends here (LC4). */
  #failed(thrown: ConversimpleError): void {
    if (!LOST.has(thrown.code)) return;
    this.leave(thrown);
    this.#host.lost(this, thrown);
  }
}

/** What a store says of a change when somebody else has, or had, the conversation. */
const LOST: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["fenced", "state_lost", "version_conflict", "conversation_ended"]);

/** Whether an error proves that a change was not written (LC2). What a store does not describe proves nothing. */
function isKnown(thrown: unknown, isRepeated: boolean): thrown is ConversimpleError {
  if (!(thrown instanceof ConversimpleError)) return false;
  return isRepeated ? LOST.has(thrown.code) : thrown.fields.outcome !== "unknown";
}

function unresolved(thrown: unknown): StoreUnavailableError {
  if (thrown instanceof StoreUnavailableError) return thrown;
  return new StoreUnavailableError("It is not known whether the change was stored. Send the call again: its answer will be true.", { outcome: "unknown" }, { cause: thrown });
}
