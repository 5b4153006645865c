// A unit of work while its handler runs: what `this.state`, `this.effect` and `this.update` reach.
//
// Owns the time between the start of a handler and its end. Commits nothing but effects and small updates.
//
//   UR1. After the unit ended, everything that a handler kept of it throws `unit_ended`.                (P3)
//   UR2. An effect's result is stored before the handler sees it; the same name in a redelivered call gives
//        the stored result.                                                                            (P6)
//        One whose result cannot be stored, or is not stored any more, has run all the same: it is not run again, and says
//        so. One that still runs, because its call was given up in the middle of it, is waited for, not run beside itself.
//   UR3. In a parallel tool an update is a unit of its own, in the conversation's queue. The n-th one of a call is applied
//        once, however often the call is delivered.                                                (P2, P5)
//   UR4. An operation has the same name in every delivery: that of its place (`places.ts`).             (P11)
//   UR5. A unit whose handler did not wait for what it asked for - an effect, an update, a login - is not committed: what it
//        says may not be true.
//   UR6. What a parallel tool that somebody logged in for changes later is refused once somebody else is: the phone may
//        change hands meanwhile.                                                                       (P18)

import { AsyncLocalStorage } from "node:async_hooks";
import { hash } from "node:crypto";

import type { Clock } from "../base/clock.ts";
import { decode, encode } from "../base/codec.ts";
import { ConversimpleError, RefusedError } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import { hide } from "../base/redaction.ts";
import { copyOf } from "../base/plain.ts";
import type { TimeBounds } from "../base/time-bounds.ts";
import type { CallInfo, ConversationInfo, OnceKey, Running } from "../agent/running.ts";
import { runWith } from "../agent/running.ts";
import type { JointRecords } from "../agent/joint-records.ts";
import type { RecordedEffect, Rehearsal, RehearsedUnit } from "../agent/recorded.ts";
import { NOTES_MAX, type EffectNote, type UnitNote } from "../state/notes.ts";
import type { Slice } from "../state/slice.ts";
import type { EntryFacts } from "../state/journal.ts";
import type { Change, Owner } from "../state/store.ts";
import { Unit } from "../state/unit.ts";
import { partDigest, partOf } from "./call-digest.ts";
import type { LiveConversation } from "./conversation.ts";
import { onceAnswer, onceName, rememberOnce, repeatedAnswer } from "./once.ts";
import { Places } from "./places.ts";
import { RehearsedJoint } from "./rehearsed-joint.ts";
import { RESULT_MAX_BYTES, resultJson } from "./result-json.ts";
import { UnitRecording } from "./unit-recording.ts";

/** What a running unit asks of its host. */
export interface UnitHost {
  nowMs(): number;
  readonly clock: Clock;
  timeBounds(): TimeBounds;
  readonly joint: JointRecords;
  /** A recording that is being run again. */
  readonly rehearsal: Rehearsal | undefined;
  /** Whether units are recorded to be run again. */
  readonly isRecording: boolean;
  /** Tells the log and the agent of an error that nobody else hears of. */
  report(conversation: LiveConversation, thrown: unknown, message: string): void;
  answer(conversation: LiveConversation, callId: string): Promise<string | undefined>;
  /** Runs a recipe as a small unit in the conversation's queue, unless it was applied under its id before (UR3). */
  smallUnit<T>(conversation: LiveConversation, name: string, id: Answered, recipe: (run: UnitRun) => T): Promise<T>;
}

/** What a small unit is remembered under, and the digest of its call's arguments. */
export interface Answered {
  readonly callId: string;
  readonly digest: string;
}

/** The effect that runs, and the unit that it belongs to. */
const EFFECT = new AsyncLocalStorage<{ readonly run: UnitRun; readonly name: string }>();

export class UnitRun implements Running {
  readonly unit: Unit;
  readonly call: CallInfo | undefined;
  rehearsed: RehearsedUnit | undefined;
  /** Where the host records. */
  recording: UnitRecording | undefined;
  readonly #host: UnitHost;
  readonly #live: LiveConversation;
  /** Makes effect names of a hook unique to it. */
  readonly #id: string;
  #effects: Set<string> | undefined;
  /** What the handler asked for and is not over, as it is written (UR5). */
  #awaited: Set<{ readonly how: string }> | undefined;
  #madePlaces: Places | undefined;
  #onces: Map<string, Promise<string>> | undefined;
  #customer: Owner | undefined;
  #notes: UnitNote[] | undefined;
  #rehearsedJoint: JointRecords | undefined;
  #hasEnded = false;

  /** @param id the call id, or the hook's name: what effects are remembered under. */
  constructor(host: UnitHost, live: LiveConversation, mode: "write" | "read", id: string, call?: CallInfo) {
    this.#host = host;
    this.#live = live;
    this.#id = id;
    this.call = call;
    this.unit = new Unit(live.document, mode);
  }

  get conversation(): ConversationInfo {
    return { id: this.#live.id, createdAt: new Date(this.#live.createdAtMs), updatedAt: new Date(this.#live.updatedAtMs) };
  }

  get agentId(): string {
    return this.#live.agent.agentId;
  }

  get memory(): Map<object, unknown> {
    return this.#live.memory;
  }

  nowMs(): number {
    return this.#host.nowMs();
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  timeBounds(): TimeBounds {
    return this.#host.timeBounds();
  }

  get joint(): JointRecords {
    return this.rehearsed ? (this.#rehearsedJoint ??= new RehearsedJoint(this.#host.joint, this.rehearsed)) : this.#host.joint;
  }

  get customer(): Owner | undefined {
    return this.#customer ?? (this.#live.facts.customer as Owner | null) ?? undefined;
  }

  identify(customer: Owner): void {
    this.#check("identify()");
    if (this.unit.mode === "read") throw new ConversimpleError("read_only", "A parallel tool cannot identify the customer. Identify in an ordinary tool or in a hook.");
    this.#customer = customer;
  }

  nextOperationId(kind: string): string {
    const effect = this.#effectName();
    return this.#operationId(kind, effect, this.#places.next(kind, effect));
  }

  async awaited<T>(how: string, run: () => Promise<T>): Promise<T> {
    const asked = { how };
    (this.#awaited ??= new Set()).add(asked);
    try {
      return await run();
    } finally {
      this.#awaited.delete(asked);
    }
  }

  operation<T>(kind: string, run: (operationId: string) => Promise<T>): Promise<T> {
    const effect = this.#effectName();
    return this.#places.at(kind, effect, (place) => run(this.#operationId(kind, effect, place)));
  }

  #operationId(kind: string, effect: string | undefined, place: number): string {
    return hash("sha256", `${this.#live.id}\n${this.#id}\n${effect === undefined ? kind : `${kind}\n${effect}`}\n${place}`, "base64url");
  }

  get #places(): Places {
    return (this.#madePlaces ??= new Places());
  }

  /** The effect of this unit that runs here, if one does. */
  #effectName(): string | undefined {
    const effect = EFFECT.getStore();
    return effect?.run === this ? effect.name : undefined;
  }

  note(note: UnitNote): void {
    this.#notes ??= [];
    if (this.#notes.length < NOTES_MAX) this.#notes.push(note);
  }

  /** What its journal entry says beside the rest. */
  get noted(): Pick<EntryFacts, "notes" | "recorded"> | undefined {
    if (!this.#notes && !this.recording) return undefined;
    return { ...(this.#notes ? { notes: this.#notes } : {}), ...(this.recording ? { recorded: this.recording.recorded } : {}) };
  }

  get recordCache(): Running["recordCache"] {
    const { recording } = this;
    return recording && ((part) => recording.cache(part));
  }

  get recordLogin(): Running["recordLogin"] {
    const { recording } = this;
    return recording && ((user) => recording.login(user));
  }

  /** How the unit is called in a recording, now that it is known what it is. */
  called(name: string): void {
    const { rehearsal, isRecording } = this.#host;
    this.rehearsed = rehearsal?.unit(name);
    if (isRecording) this.recording = new UnitRecording(this.nowMs(), () => this.secrets());
  }

  /** Secret arguments of its call. */
  secrets: () => readonly string[] = noTexts;

  /** What the unit's commit changes of the conversation's facts. */
  get facts(): Change["facts"] {
    return this.#customer === undefined ? undefined : { customer: this.#customer };
  }

  draft(slice: Slice): unknown {
    this.#check(slice.name);
    return this.unit.draft(slice);
  }

  replace(slice: Slice, value: unknown): void {
    this.#check(slice.name);
    this.unit.replace(slice, value);
  }

  effect<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    this.#check("this.effect()");
    checkId(name, "effect name");
    this.#effects ??= new Set();
    if (this.#effects.has(name)) {
      // Its result would be the first one's, and this one would never happen.
      throw new ConversimpleError("option_invalid", `The effect "${name}" was used twice in one call. Give each its own name, for example \`${name}-\${item.id}\`.`, { effect: name });
    }
    this.#effects.add(name);
    return this.awaited(`this.effect("${name}", ...)`, async () => {
      try {
        return await this.#effectOnce(name, run);
      } catch (thrown) {
        // A failed one may be tried again in the same call.
        this.#effects?.delete(name);
        throw thrown;
      }
    });
  }

  /** UR5. @throws {ConversimpleError} `unit_ended`. */
  checkAwaited(): void {
    const [asked] = this.#awaited ?? [];
    if (asked) throw new ConversimpleError("unit_ended", `${asked.how} was not awaited: it may still fail, so nothing was committed. Write await ${asked.how}.`, { wanted: asked.how });
  }

  async once(key: OnceKey, run: () => unknown): Promise<unknown> {
    this.#check(key.tool);
    if (this.unit.mode === "read") throw new ConversimpleError("read_only", `A parallel tool cannot call ${key.tool}, which runs once: two at the same time would both be the first.`);
    const before = onceAnswer(this, key);
    if (before !== undefined) return JSON.parse(before) as unknown;
    const name = onceName(key);
    const onces = (this.#onces ??= new Map<string, Promise<string>>());
    const first = onces.get(name);
    // Both would be the first.
    if (first) return JSON.parse(repeatedAnswer(await first)) as unknown;
    let result: unknown;
    const running = (async () => {
      result = await run();
      const json = resultJson(result);
      rememberOnce(this, key, json);
      return json;
    })();
    onces.set(name, running);
    try {
      await running;
      return result;
    } finally {
      onces.delete(name);
    }
  }

  async update<T>(recipe: () => T): Promise<T> {
    this.#check("this.update()");
    if (this.unit.mode === "write") return sync(recipe());
    const effect = this.#effectName();
    const name = this.call?.tool ?? this.#id;
    return this.awaited("this.update(...)", () => this.#places.at("state update", effect, (place) => {
      // A name of an effect is not empty, so an update is never mistaken for one, nor for one of an effect's.
      const callId = `${this.#id}\n\n${effect === undefined ? "" : `${effect}\n`}${place}`;
      return this.#host.smallUnit(this.#live, name, { callId, digest: this.digest }, (run) => runWith(run, () => this.#recipe(recipe)));
    }));
  }

  #recipe<T>(recipe: () => T): T {
    // It may have waited in the queue until its call was over.
    this.#check("this.update()");
    if (!this.isStillTheirs()) throw new RefusedError({ error: "not_authenticated", message: "Whoever asked for that is not logged in any more." });
    // A recipe may end with a draft, as `() => this.state.names.add("Kim")` does: it is given back as a copy.
    return copyOf(sync(recipe()));
  }

  pure<T>(recipe: () => T): T {
    return this.unit.untouched(recipe);
  }

  /** Digest of the arguments of its call; "" in hooks. */
  digest = "";

  /** UR6; asked inside of the small unit. */
  isStillTheirs: () => boolean = always;

  /** What of its call's arguments must not stand in a text about it. */
  hidden: () => readonly string[] = noTexts;

  /** Says that something which the handler left behind has failed. */
  reportLate(thrown: unknown): void {
    hide(thrown, this.hidden());
    this.#host.report(this.#live, thrown, "what a handler left behind, a promise or a timer, failed after it");
  }

  /** Ends it: drafts die, whatever the handler still does (UR1). */
  end(): void {
    this.#hasEnded = true;
    this.unit.discard();
  }

  async #effectOnce<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    // A newline cannot be in an id, so an effect is never mistaken for a call.
    const callId = `${this.#id}\n${name}`;
    const note: Writable<EffectNote> = { kind: "effect", name, outcome: "pending" };
    this.note(note);
    const { effects } = this.#live;
    for (let underWay = effects.get(callId); underWay; underWay = effects.get(callId)) {
      const text = await keptFrom(note, underWay).catch(() => undefined);
      if (text !== undefined) return decode(text) as T;
      // What became of it is this call's to find out: it may have failed because nobody waited any more.
    }
    const ran = this.#ranOnce(callId, note, run).finally(() => effects.delete(callId));
    effects.set(callId, ran);
    return decode(await ran) as T;
  }

  /** The stored text of what an effect gives, now or in an earlier delivery. */
  async #ranOnce<T>(callId: string, note: Writable<EffectNote>, run: () => T | Promise<T>): Promise<string> {
    const { name } = note;
    // Whether an earlier attempt was recorded may not be known yet.
    await this.#live.settle();
    const known = this.#live.ledger.find(callId, this.nowMs());
    if (known && partOf(known.digest, this.digest, this.#id) === NOT_STORABLE) throw ranInVain(name);
    if (known) return keptFrom(note, this.#host.answer(this.#live, callId).then((text) => text ?? Promise.reject(resultGone(name))));
    const startedMs = this.nowMs();
    const recorded = this.rehearsed?.effect(name);
    this.#places.begin(name);
    const result = await noted(note, () => (recorded ? (rehearsed(recorded) as T) : EFFECT.run({ run: this, name }, run)));
    note.ms = Math.round(this.nowMs() - startedMs);
    const text = effectText(name, result);
    await this.#live.commit({
      entry: { unit: "effect", name, ...(this.call ? { callId: this.call.callId } : {}), outcome: "ok", ms: [0, 0, note.ms] },
      answer: { callId, digest: partDigest(text === undefined ? NOT_STORABLE : "effect", this.digest), text: text ?? encode(undefined) },
    });
    if (text === undefined) throw ranInVain(name);
    return text;
  }

  #check(wanted: string): void {
    if (!this.#hasEnded) return;
    throw new ConversimpleError("unit_ended", `${wanted} was used after its unit of work had ended: the handler returned, threw, or ran out of time. Await everything that a handler starts.`, { wanted });
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What a recording has in the place of an effect. */
function rehearsed({ name, result, failed }: RecordedEffect): unknown {
  if (failed) throw new Error(`The effect "${name}" failed when this call was recorded.`);
  return result;
}

/** What an earlier delivery of the call has, or will have, recorded. */
async function keptFrom(note: Writable<EffectNote>, text: Promise<string>): Promise<string> {
  note.outcome = "failed";
  const kept = await text;
  note.outcome = "kept";
  return kept;
}

/** Runs an effect and notes what came of it. */
async function noted<T>(note: Writable<EffectNote>, run: () => T | Promise<T>): Promise<T> {
  try {
    const result = await run();
    note.outcome = "ran";
    return result;
  } catch (thrown) {
    note.outcome = "failed";
    throw thrown;
  }
}

/** One for all: a unit costs no function that it does not need. */
const noTexts = (): readonly string[] => [];
const always = (): boolean => true;

/** In the place of the digest of an effect that has run, and whose result could not be stored: it does not run again. */
const NOT_STORABLE = "effect without result";

/** The result as it is stored; undefined when it cannot be. */
function effectText(name: string, result: unknown): string | undefined {
  try {
    const text = encode(result, `effect ${name}`);
    return Buffer.byteLength(text) > RESULT_MAX_BYTES ? undefined : text;
  } catch {
    return undefined;
  }
}

function ranInVain(name: string): ConversimpleError {
  return new ConversimpleError("result_invalid", `The effect "${name}" has run, and is not run again, but what it gave cannot be stored. Return plain data from it, at most ${RESULT_MAX_BYTES} bytes: what a redelivery needs.`, { effect: name, limit: RESULT_MAX_BYTES });
}

function resultGone(name: string): ConversimpleError {
  return new ConversimpleError("state_lost", `The effect "${name}" has run, and is not run again, but its result is not in the store any more.`, { effect: name });
}

/** A recipe is synchronous, so that nothing else happens in the middle of it. */
function sync<T>(result: T): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return result;
  (result as unknown as Promise<unknown>).then(undefined, () => {});
  throw new ConversimpleError("option_invalid", "The recipe of this.update() is asynchronous. Do the waiting before it, then change state in one go.");
}
