// A recorded call, run again: on the agent's own code, with a store in memory and a clock that is set to its times.
//
//   RH1. Nothing outside is done by what the SDK knows of: logins, effects, caches and customers say what was recorded; no
//        other conversation is changed. What a tool calls directly does run.
//   RH2. The agent goes on serving whom it serves: it is not tied to this host, and hears of none of its errors.
//   RH3. It ends, also when a tool does not.

import { Rehearsal, type Recorded } from "../../agent/recorded.ts";
import { sleep, systemClock } from "../../base/clock.ts";
import type { KeyedHash } from "../../base/keyed-hash.ts";
import { SimulatedClock } from "../../base/simulated-clock.ts";
import { openEntry, type JournalEntry, type UnitOutcome } from "../../state/journal.ts";
import { sealText } from "../../state/record.ts";
import { conversationOwner, type Owner, type Store } from "../../state/store.ts";
import { openMemory } from "../../stores/memory.ts";
import { AgentHost } from "../agent-host.ts";
import { storeFork } from "../fork.ts";
import type { Outcome } from "../host.ts";
import { keptAnswer } from "../kept-answer.ts";
import type { Mail } from "../mail.ts";
import type { Act, Deed } from "./acts.ts";
import { partsAfter, unitName, type PartValues, type RecordedCall } from "./recorded-call.ts";

/** How long one unit may take in real time, milliseconds (RH3). */
const REAL_MS = 10_000;
/** A day, a month: times that do not come, milliseconds. */
const NEVER_MS = 366 * 86_400_000;
/** How long to look for a deadline that was late when it was recorded, milliseconds of simulated time, and in which steps. */
const LATE_MS = 2_000;
const LATE_STEP_MS = 50;

/** What became of a unit when it was run again. */
export interface Rehearsed {
  readonly act: Act;
  readonly outcome: UnitOutcome | "not run";
  readonly code?: string;
  readonly result?: string;
  /** It did not end, and nothing after it was run. */
  readonly isStuck?: true;
  /** What a tool's caller heard. */
  readonly answer?: Outcome;
  /** When it began, and when all of it had happened, milliseconds since 1970 on the rehearsal's clock. */
  readonly startedMs: number;
  readonly endedMs: number;
  /** The parts after the unit, and when everything that came with it had settled. */
  readonly after: PartValues;
  readonly settled: PartValues;
}

/** How a call is run again. */
export interface RehearseOptions {
  /** Names accounts and customers as the host does that recorded it. */
  readonly hash: KeyedHash;
  /** In the place of what was recorded. */
  readonly recorded?: Recorded;
}

/** Runs the acts of a call; one at a time for an agent would do, but none disturbs another. */
export async function rehearse(call: RecordedCall, acts: readonly Act[], { hash, recorded = call.recorded }: RehearseOptions): Promise<readonly Rehearsed[]> {
  const stage = new Stage(call, acts[0]?.step.atMs ?? 0, hash, recorded);
  try {
    const played: Rehearsed[] = [];
    for (const act of acts) played.push(await stage.play(act));
    return played;
  } finally {
    await stage.close();
  }
}

/** A unit that was run. */
interface Produced {
  readonly entry: JournalEntry;
  readonly result?: string;
  readonly after: PartValues;
}

class Stage {
  readonly #call: RecordedCall;
  readonly #owner: Owner;
  readonly #clock: SimulatedClock;
  readonly #store: Store;
  readonly #hash: KeyedHash;
  readonly #rehearsal: Rehearsal;
  #host: AgentHost | undefined;
  #produced: Produced[] = [];
  #parts: PartValues = {};
  #version = 0;
  #messages = 0;
  #answer: Outcome | undefined;
  #startedMs = 0;
  /** Something did not end: what comes after it would wait for it. */
  #isStuck = false;

  constructor(call: RecordedCall, startMs: number, hash: KeyedHash, recorded: Recorded) {
    this.#call = call;
    this.#owner = conversationOwner(call.conversationId);
    this.#clock = new SimulatedClock(startMs);
    this.#store = openMemory({ clock: this.#clock });
    this.#hash = hash;
    this.#rehearsal = new Rehearsal(recorded, true);
  }

  async play(act: Act): Promise<Rehearsed> {
    this.#answer = undefined;
    this.#startedMs = this.#clock.now();
    if (!this.#isStuck) await this.#within(this.#perform(act));
    await this.#read();
    return { ...this.#played(act), ...(this.#answer ? { answer: this.#answer } : {}), ...(this.#isStuck ? { isStuck: true } : {}), startedMs: this.#startedMs, endedMs: this.#clock.now() };
  }

  async #perform({ step, deed }: Act): Promise<void> {
    await this.#until(step.atMs);
    this.#startedMs = this.#clock.now();
    if (deed.kind !== "skip") await this.#do(deed);
    if (deed.kind !== "deadline") return;
    await this.#read();
    await this.#late(unitName(step.entry));
  }

  async close(): Promise<void> {
    this.#host?.abandon();
    await this.#store.close();
  }

  #played(act: Act): Omit<Rehearsed, "startedMs" | "endedMs"> {
    const { step, deed } = act;
    const settled = this.#parts;
    const index = this.#produced.findIndex(({ entry }) => unitName(entry) === unitName(step.entry));
    const [found] = index < 0 ? [] : this.#produced.splice(index, 1);
    if (found) {
      const { entry, after, result } = found;
      return { act, outcome: entry.outcome, ...(entry.code === undefined ? {} : { code: entry.code }), ...(result === undefined ? {} : { result }), after, settled };
    }
    // Nothing comes of a look, which is no change.
    return { act, outcome: deed.kind === "follow" ? step.entry.outcome : "not run", after: settled, settled };
  }

  async #do(deed: Deed): Promise<void> {
    const { conversationId } = this.#call;
    switch (deed.kind) {
      case "start":
        return this.#open();
      case "resume":
        return this.#resume();
      case "tool":
        this.#answer = await (await this.#served()).invoke({ conversationId, callId: deed.callId, tool: deed.tool, arguments: deed.input });
        return;
      case "signal":
        return this.#send({ kind: "signal", name: deed.name, payload: deed.payload, source: "replay" });
      case "update":
        return this.#send({ kind: "update", changes: deed.changes, source: "replay" });
      case "edit":
        return this.#send({ kind: "edit", part: deed.part, patches: deed.patches, source: "replay" });
      case "end":
        return (await this.#served()).close(conversationId, deed.reason);
      default:
    }
  }

  /** RH3. */
  async #within(work: Promise<void>): Promise<void> {
    const isOver = new AbortController();
    const wait = sleep(systemClock, REAL_MS, isOver.signal).then(() => (this.#isStuck = !isOver.signal.aborted));
    try {
      await Promise.race([work, wait]);
    } finally {
      isOver.abort();
    }
  }

  /** Time goes on; what is due on the way happens. */
  async #until(atMs: number): Promise<void> {
    const aheadMs = atMs - this.#clock.now();
    if (aheadMs > 0) await this.#clock.advance(aheadMs);
    await this.#idle();
  }

  async #late(name: string): Promise<void> {
    for (let passedMs = 0; passedMs < LATE_MS && !this.#produced.some(({ entry }) => unitName(entry) === name); passedMs += LATE_STEP_MS) {
      await this.#clock.advance(LATE_STEP_MS);
      await this.#idle();
      await this.#read();
    }
  }

  async #idle(): Promise<void> {
    await this.#host?.conversations.get(this.#call.conversationId)?.queue.whenIdle();
  }

  async #send(mail: Mail): Promise<void> {
    const host = await this.#served();
    await this.#store.post(this.#owner, { id: `replay-${++this.#messages}`, text: sealText(mail) });
    // A unit that runs has read its mail already.
    for (let turn = 0; turn < 2; turn++) {
      host.deliver(this.#call.conversationId);
      await this.#idle();
    }
  }

  async #served(): Promise<AgentHost> {
    if (!this.#host) await this.#open();
    return this.#host!;
  }

  async #open(): Promise<void> {
    const { agent, caller, conversationId, seed } = this.#call;
    if (seed && this.#version === 0) await storeFork(this.#store, this.#owner, { agentId: agent.agentId, customer: null }, seed, {});
    this.#host ??= await this.#start();
    await this.#host.open(conversationId, { agentId: agent.agentId, caller });
  }

  /** Another process goes on. */
  async #resume(): Promise<void> {
    const before = this.#host;
    this.#host = undefined;
    await before?.drain(0);
    await this.#open();
  }

  #start(): Promise<AgentHost> {
    const never = { mailEveryMs: NEVER_MS, sweepEveryMs: NEVER_MS, abandonedAfterMs: NEVER_MS, leaseMs: NEVER_MS, retentionMs: "forever" } as const;
    return AgentHost.start({ ...never, agents: [this.#call.agent.agent], store: this.#store, clock: this.#clock, hash: this.#hash, rehearsal: this.#rehearsal });
  }

  /** What was committed since the last look. */
  async #read(): Promise<void> {
    for (const { version, text, callId } of await this.#store.history(this.#owner, { afterVersion: this.#version })) {
      this.#version = version;
      if (text === null) continue;
      const entry = openEntry(this.#owner, text);
      this.#parts = partsAfter(this.#parts, entry);
      if (entry.unit === "effect" || entry.unit === "update") continue;
      const result = entry.unit === "tool" && callId !== null ? await keptAnswer(this.#store, this.#owner, callId) : undefined;
      this.#produced.push({ entry, after: this.#parts, ...(result === undefined ? {} : { result }) });
    }
  }
}
