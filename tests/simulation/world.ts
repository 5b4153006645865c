// One world of the simulation, from a seed: processes, callers and misfortunes around one store on one simulated clock.
//
// Owns its life: a storm, then calm in which everything has to come right, then the end, after which nothing may be left.
// The verdict is the judge's (history.ts), from what was recorded.

import { codeOf } from "../../src/base/errors.ts";
import { KeyedHash } from "../../src/base/keyed-hash.ts";
import { sleep } from "../../src/base/clock.ts";
import { JointRecordsOfStore } from "../../src/host/joint-records.ts";
import type { Store } from "../../src/state/store.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { ScriptedPlatform } from "../../src/testing/scripted-platform.ts";
import { PIN, playCaller } from "./caller.ts";
import { breachesOf, type SimEvent } from "./history.ts";
import { playMisfortunes } from "./misfortunes.ts";
import { planOf, randomFor, type Misfortune, type WorldPlan } from "./plan.ts";
import { Recorder } from "./recorder.ts";
import { SimTime } from "./sim-time.ts";
import { noteOf, type Outside } from "./sim-agent.ts";
import { ABANDONED_AFTER_MS, SimProcess } from "./sim-process.ts";
import { CUSTOMERS, Switchboard } from "./switchboard.ts";
import { Trace } from "./trace.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly without?: ReadonlySet<Misfortune>;
  /** A bug to be found: what the store does is recorded behind it. */
  readonly plant?: (store: Store) => Store;
}

export interface Verdict {
  readonly seed: number;
  readonly breaches: readonly string[];
  readonly trace: Trace;
}

/** How often open calls are asked for again in the calm, and how long each time; milliseconds. */
const ROUNDS = 30;
const ROUND_MS = 5_000;
/** All records of a world are past their time then, milliseconds. */
const RETENTION_MS = 26 * 3_600_000;
/** No world lasts longer, milliseconds. */
const LONGEST_MS = 2 * RETENTION_MS;

export async function runSeed(options: WorldOptions): Promise<Verdict> {
  const world = new World(options);
  let failure: string | undefined;
  try {
    await world.clock.until(world.play(), LONGEST_MS);
  } catch (thrown) {
    failure = `E: the world did not come to its end: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
  }
  world.stop();
  return { seed: options.seed, breaches: [...breachesOf(world.history), ...(failure === undefined ? [] : [failure])], trace: world.trace };
}

export class World {
  readonly plan: WorldPlan;
  readonly clock = new SimTime();
  readonly history: SimEvent[] = [];
  readonly trace = new Trace(() => this.clock.monotonic());
  readonly platform: ScriptedPlatform;
  readonly calls: Switchboard;
  readonly announced = new Set<string>();
  processes: SimProcess[] = [];
  isStormy = true;
  readonly #store: Store;
  readonly #recorder: Recorder;
  readonly #joint: JointRecordsOfStore;
  readonly #ended = new Set<string>();
  readonly #forgetting = new Map<string, Promise<void>>();
  #started = 0;
  #signals = 0;
  #charges = 0;

  constructor({ seed, without, plant = (store) => store }: WorldOptions) {
    const plan = planOf(seed, without);
    const { clock, history, trace } = this;
    this.plan = plan;
    this.#store = openMemory({ clock });
    this.#recorder = new Recorder(plant(this.#store), history, trace, () => clock.monotonic());
    this.#recorder.abandoned = (owner, by) => this.#abandoned(owner, by);
    this.#joint = new JointRecordsOfStore({ store: this.#store, clock, hash: new KeyedHash("the secret of the simulation") });
    this.calls = new Switchboard({ recorder: this.#recorder, history, trace, customerOwner: (id) => this.#joint.ownerOf("customer", id), isForgotten: (id) => this.#forgetting.has(id) });
    this.platform = new ScriptedPlatform({
      ...plan.weather,
      seed: Math.floor(randomFor(seed, 2)() * 2 ** 31),
      clock,
      againAfterMs: 2_500,
      repliesToPushes: plan.repliesToPushes,
      namesConversations: plan.namesConversations,
      onAnswer: (...answer) => this.calls.heard(...answer),
    });
  }

  async play(): Promise<void> {
    const { plan, clock } = this;
    for (let count = 0; count < plan.processes; count++) void this.#start();
    const callers = Array.from({ length: plan.conversations }, (_, index) => playCaller(this, index));
    await Promise.all([playMisfortunes(this), ...callers, sleep(clock, plan.stormMs)]);
    await this.#calm();
    await this.#answerAll();
    await this.#endAll();
    await this.#leaveAll();
    await this.#lookForRemains();
  }

  /** Nothing of it runs any more, whatever became of it. */
  stop(): void {
    for (const process of this.processes) process.kill();
  }

  announce(conversation: string): void {
    this.trace.add("platform", `announces ${conversation}`);
    this.announced.add(conversation);
    void this.platform.announce(conversation, "sim");
  }

  hangUp(conversation: string): void {
    this.trace.add("platform", `ends ${conversation}`);
    this.#ended.add(conversation);
    this.platform.end(conversation);
  }

  /** Another process comes for one that is gone; once it is calm, nobody comes any more. */
  async replace(process: SimProcess, afterMs: number): Promise<void> {
    if (!this.processes.includes(process) || !this.isStormy) return;
    const heir = this.#newProcess();
    this.processes = [...this.processes.filter((each) => each !== process), heir];
    await sleep(this.clock, afterMs);
    if (this.isStormy) void this.#begin(heir);
  }

  async leave(process: SimProcess): Promise<void> {
    for (const what of await process.leave()) this.breach("I", what);
  }

  /** Has somebody forgotten, however long it takes. */
  forget(customer: string): Promise<void> {
    let forgetting = this.#forgetting.get(customer);
    if (!forgetting) this.#forgetting.set(customer, (forgetting = this.#forget(customer)));
    return forgetting;
  }

  nextSignal(): string {
    return `s${++this.#signals}`;
  }

  breach(invariant: string, what: string): void {
    this.trace.add("judge", `${invariant}: ${what}`);
    this.history.push({ kind: "breach", invariant, what });
  }

  #start(): Promise<void> {
    const process = this.#newProcess();
    this.processes.push(process);
    return this.#begin(process);
  }

  #newProcess(): SimProcess {
    const number = ++this.#started;
    const name = `p${number}`;
    const { plan, clock, trace, platform } = this;
    return new SimProcess(name, {
      clock,
      trace,
      store: this.#recorder.forProcess(name),
      faults: this.isStormy ? plan.store : {},
      connect: platform.connect,
      connections: plan.connections,
      writesOnResume: plan.writesOnResume,
      seed: Math.floor(randomFor(plan.seed, 1_000 + number)() * 2 ** 31),
      outsideOf: (process) => this.#outsideOf(process),
      reported: (process, thrown) => this.#reported(process, thrown),
    });
  }

  async #begin(process: SimProcess): Promise<void> {
    try {
      await process.start();
    } catch (thrown) {
      this.breach("J", `${process.name} could not start: ${String(thrown)}`);
    }
  }

  /** I. Whose end is in the inbox, or was heard by somebody who lives, has a better reason. */
  #abandoned(owner: string, by: string): void {
    const id = owner.slice("conversation:".length);
    const witness = this.processes.find(({ state, heardEnds }) => heardEnds.has(id) && (state === "running" || state === "stopped"));
    if (this.#recorder.rows.get(`conversation:${id}`)?.hasEnd) this.breach("I", `${owner} was abandoned by ${by}, with its end in the inbox`);
    else if (witness) this.breach("I", `${owner} was abandoned by ${by}, although ${witness.name} heard why it ended`);
  }

  #outsideOf(process: SimProcess): Omit<Outside, "pause"> {
    const { trace, history, clock } = this;
    return {
      verify: async (account, conversation, pin) => {
        const isRight = pin === PIN;
        trace.add(process.name, `verifies ${account} in ${conversation}: ${isRight}`);
        history.push({ kind: "verified", account, owner: this.#joint.ownerOf("account", account), conversation, isRight, atMs: clock.monotonic() });
        await sleep(process.clock, 30);
        return isRight;
      },
      charge: async (conversation, callId) => {
        const row = this.#recorder.rows.get(`conversation:${conversation}`);
        // A process that lost the conversation meanwhile cannot know.
        if (row?.process === process.name && row.answers.has(`${callId}\ncharge`)) this.breach("B", `${callId} is charged again, although the charge is recorded`);
        trace.add(process.name, `charges ${callId}`);
        await sleep(process.clock, 30);
        return `receipt ${++this.#charges}`;
      },
      overlapped: (conversation) => this.breach("H", `two units of ${conversation} overlap in ${process.name}`),
    };
  }

  /** J. What an agent is told of must be of this kind. */
  #reported(process: SimProcess, thrown: unknown): void {
    const code = codeOf(thrown);
    const isForeseen = code === undefined ? thrown instanceof Error && thrown.message === "planned" : FORESEEN.has(code);
    this.trace.add(process.name, `reports ${code ?? String(thrown)}`);
    if (!isForeseen) this.breach("J", `${process.name} reports ${code ?? (thrown instanceof Error ? thrown.stack : String(thrown))}`);
  }

  async #forget(customer: string): Promise<void> {
    for (;;) {
      const process = this.processes.find(({ isServing }) => isServing);
      try {
        this.trace.add("operator", `has ${customer} forgotten by ${process?.name ?? "nobody"}`);
        if (process) return void (await Promise.race([process.host!.forget(customer), sleep(this.clock, 30_000).then(() => Promise.reject(new Error("too slow")))]));
      } catch (thrown) {
        this.trace.add("operator", `tries again: ${codeOf(thrown) ?? String(thrown)}`);
      }
      await sleep(this.clock, 2_000);
    }
  }

  /** Every misfortune is over; somebody serves. */
  async #calm(): Promise<void> {
    this.isStormy = false;
    this.trace.add("world", "is calm");
    this.platform.weather.calm();
    for (const process of this.processes) {
      process.store.faults.calm();
      process.store.faults.up();
      process.clock.offsetMs = 0;
      process.resume();
    }
    await sleep(this.clock, 20_000);
    if (!this.processes.some(({ isServing }) => isServing)) await this.#start();
    await Promise.all(this.#forgetting.values());
  }

  /** E. */
  async #answerAll(): Promise<void> {
    for (let round = 0; this.#unanswered().length > 0 && round < ROUNDS; round++) {
      for (const call of this.#unanswered()) void this.calls.ask(this.platform, call);
      await sleep(this.clock, ROUND_MS);
    }
    for (const { callId, conversation, error } of this.#unanswered()) this.breach("E", `${callId} of ${conversation} has no answer (${error ?? "nothing"}), and its conversation is not over`);
  }

  #unanswered() {
    const isOver = (id: string) => this.#ended.has(id) || (this.#recorder.rows.get(`conversation:${id}`)?.status ?? "live") !== "live";
    return this.calls.open().filter(({ conversation }) => !isOver(conversation));
  }

  async #endAll(): Promise<void> {
    for (const id of this.announced) if (!this.#ended.has(id)) this.hangUp(id);
    // Whose end was not heard, in the storm, is abandoned by whoever serves it or finds it.
    const isLive = () => [...this.announced].some((id) => this.#recorder.rows.get(`conversation:${id}`)?.status === "live") || this.processes.some((process) => process.conversations.length > 0);
    for (let waitedMs = 0; isLive() && waitedMs < 2 * ABANDONED_AFTER_MS; waitedMs += ROUND_MS) await sleep(this.clock, ROUND_MS);
    for (const id of this.announced) if (this.#recorder.rows.get(`conversation:${id}`)?.status === "live") this.breach("I", `${id} was never ended`);
    for (const { name, conversations } of this.processes) if (conversations.length > 0) this.breach("I", `${name} still has ${conversations.join(", ")}`);
  }

  async #leaveAll(): Promise<void> {
    for (const process of this.processes) if (!process.isServing && process.state !== "leaving") process.kill();
    await Promise.all(this.processes.filter(({ isServing }) => isServing).map((process) => this.leave(process)));
  }

  /** I. Of who was forgotten, and after the retention. */
  async #lookForRemains(): Promise<void> {
    const store = this.#store;
    const forgotten = CUSTOMERS.filter((customer) => this.#forgetting.has(customer));
    for (const { owner } of forgotten.length > 0 ? (await store.list({ limit: 1_000 })).items : []) {
      const texts = JSON.stringify([await store.load(owner), await store.history(owner), await store.inbox(owner)]);
      for (const customer of forgotten) if (texts.includes(noteOf(customer))) this.breach("I", `${owner} still has what ${customer} said, who was forgotten`);
    }
    await sleep(this.clock, RETENTION_MS);
    while ((await store.sweep()).more);
    for (const { owner, facts } of (await store.list({ kind: "conversation", limit: 1_000 })).items) if (facts.status !== "forgotten") this.breach("I", `${owner} outlived its time`);
  }
}

/** Codes that an agent may be told of while misfortunes happen. */
const FORESEEN: ReadonlySet<string> = new Set(["state_unavailable", "customer_forgotten", "not_authenticated", "fenced", "conversation_ended", "move_not_allowed", "tool_timeout", "unit_ended", "cancelled"]);
