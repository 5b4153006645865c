// One simulated process: a host and its link to the platform, which can be stopped, killed, and told to leave.
//
// Owns what lies between a process and the rest of the world. Everything passes its gate: timers, frames, answers of the
// store, what its tools wait for.
//
//   SP1. A process that is stopped does nothing; what came meanwhile happens, in order, when it goes on.
//   SP2. A dead process does nothing ever again; what it had sent to the store may still happen.
//   SP3. After it left, it has no timer, no request and no conversation.

import { PlatformLink } from "../../src/adapters/conversimple/platform-link.ts";
import type { Clock } from "../../src/base/clock.ts";
import { sleep } from "../../src/base/clock.ts";
import { codeOf } from "../../src/base/errors.ts";
import type { Logger } from "../../src/base/log.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import { OutsideWriters } from "../../src/host/outside-writers.ts";
import type { Store } from "../../src/state/store.ts";
import { interceptedStore } from "../../src/testing/intercepted-store.ts";
import { faultyStore, type FaultyStore, type StoreFaultRates } from "../../src/testing/faulty-store.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import type { Connect, Socket, SocketClosing } from "../../src/wire/socket.ts";
import { ProcessClock } from "./process-clock.ts";
import { ResumingAgent, SimAgent, type Outside } from "./sim-agent.ts";
import type { Trace } from "./trace.ts";

/** Long enough for every pause of a tool, short enough that a run does not wait for it; milliseconds. */
export const LEASE_MS = 5_000;
/** A conversation that nobody ended is ended after this, milliseconds. */
export const ABANDONED_AFTER_MS = 150_000;
const GRACE_MS = 10_000;

/** What a frame says of an end. */
const ENDED = /"conversation_ended","conversation_id":"([^"]*)"/;

/** The methods that fail: all that a process asks of its store. */
const METHODS = ["load", "commit", "answer", "acquire", "renew", "release", "retire", "post", "pending", "inbox", "list", "history", "forget", "sweep"] as const;

export interface ProcessWorld {
  readonly clock: Clock;
  readonly trace: Trace;
  /** The other end of its connection to the store. */
  readonly store: Store;
  readonly faults: StoreFaultRates;
  readonly connect: Connect;
  readonly connections: "shared" | "per-conversation";
  readonly seed: number;
  readonly writesOnResume: boolean;
  /** What its agent finds outside, as far as it is the world's. */
  outsideOf(process: SimProcess): Omit<Outside, "pause">;
  /** Somebody was told of an error. */
  reported(process: SimProcess, thrown: unknown): void;
}

export class SimProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly store: FaultyStore;
  state: "starting" | "running" | "stopped" | "leaving" | "dead" = "starting";
  /** The conversations of which it heard that they are over. */
  readonly heardEnds = new Set<string>();
  /** Requests to the store that have no answer yet. */
  requests = 0;
  readonly #world: ProcessWorld;
  readonly #sockets = new Set<Socket>();
  #held: (() => void)[] = [];
  #host: AgentHost | undefined;
  #link: PlatformLink | undefined;
  #writers: OutsideWriters | undefined;

  constructor(name: string, world: ProcessWorld) {
    this.name = name;
    this.#world = world;
    this.clock = new ProcessClock(world.clock, (run) => this.#gate(run));
    this.store = faultyStore(world.store, { ...world.faults, methods: METHODS, seed: world.seed, clock: world.clock });
  }

  get isServing(): boolean {
    return this.state === "running";
  }

  get host(): AgentHost | undefined {
    return this.#host;
  }

  /** Starts; again and again while the store does not answer, as a supervisor would. */
  async start(): Promise<void> {
    const { trace, connections, seed, writesOnResume } = this.#world;
    const agent = new (writesOnResume ? ResumingAgent : SimAgent)({ ...this.#world.outsideOf(this), pause: (ms) => sleep(this.clock, ms) });
    const options = {
      agents: [agent],
      store: interceptedStore(this.store, (_request, run) => this.#ask(run)),
      secret: "the secret of the simulation",
      clock: this.clock,
      random: seededRandom(seed + 1),
      logger: this.#logger(),
      leaseMs: LEASE_MS,
      mailEveryMs: 1_000,
      sweepEveryMs: 10_000,
      abandonedAfterMs: ABANDONED_AFTER_MS,
      onError: (thrown: unknown) => this.#world.reported(this, thrown),
    };
    for (;;) {
      try {
        this.#host = await AgentHost.start(options);
        break;
      } catch (thrown) {
        if (codeOf(thrown) !== "state_unavailable") throw thrown;
        await sleep(this.clock, 1_000);
      }
    }
    if (this.#isDead()) return this.#host.abandon();
    this.#writers = new OutsideWriters({ store: options.store, clock: this.clock, agents: [agent], host: undefined });
    let topics = 0;
    const newTopic = () => `customer:${this.name}-${++topics}`;
    this.#link = new PlatformLink({ host: this.#host, connect: (events) => this.#connect(events), clock: this.clock, random: seededRandom(seed), newTopic, connections });
    this.state = "running";
    trace.add(this.name, "started");
    void this.#link.start().catch(() => {});
  }

  /** Posts a signal to a conversation, as a webhook would. Resolves with whether it is certainly in the inbox. */
  async signal(conversation: string, id: string): Promise<boolean> {
    try {
      await this.#writers!.post(conversation, { kind: "signal", name: "news", payload: { id }, source: "simulation" }, "durable");
      return true;
    } catch {
      return false;
    }
  }

  /** Frozen, as by SIGSTOP or a long pause of the collector (SP1). */
  stop(): void {
    if (this.state !== "running") return;
    this.state = "stopped";
    this.#world.trace.add(this.name, "stopped");
  }

  resume(): void {
    if (this.state !== "stopped") return;
    this.state = "running";
    this.#world.trace.add(this.name, "goes on");
    this.#catchUp();
  }

  /** As by SIGKILL (SP2). */
  kill(): void {
    if (this.state === "dead") return;
    this.state = "dead";
    this.#world.trace.add(this.name, "killed");
    this.#host?.abandon();
    this.#held = [];
    for (const socket of this.#sockets) socket.terminate();
  }

  /** As by SIGTERM: finishes, releases and leaves (P15). Gives what is left of it (SP3). */
  async leave(): Promise<readonly string[]> {
    const [host, link] = [this.#host!, this.#link!];
    this.state = "leaving";
    this.#world.trace.add(this.name, "leaves");
    link.pause();
    await host.drain(GRACE_MS);
    await link.stop();
    if (this.state !== "leaving") return [];
    // An answer of the store that is on its way, a socket that closes.
    await sleep(this.#world.clock, 30_000);
    if (this.state !== "leaving") return [];
    this.#world.trace.add(this.name, "left");
    const { conversations, waiting } = host.health();
    const left: Record<string, number> = { conversations, waiting, lines: link.conversations, requests: this.requests, timers: this.clock.pending };
    this.state = "dead";
    return Object.entries(left).filter(([, count]) => count > 0).map(([what, count]) => `${this.name} left ${count} ${what}`);
  }

  /** What it still has of conversations. */
  get conversations(): readonly string[] {
    return this.#host ? [...this.#host.conversations.keys()] : [];
  }

  /** Asked after something was awaited, in which anything may have happened. */
  #isDead(): boolean {
    return this.state === "dead";
  }

  #gate(run: () => void): void {
    if (this.state === "dead") return;
    if (this.state === "stopped" || this.#held.length > 0) this.#held.push(run);
    else run();
  }

  /** What came meanwhile, one after another with all that follows from each; what comes now waits behind it. */
  #catchUp(): void {
    if (this.state === "stopped") return;
    const [run] = this.#held;
    if (!run) return;
    run();
    this.#held.shift();
    this.#world.clock.after(0, () => this.#catchUp());
  }

  #ask<T>(run: () => Promise<T>): Promise<T> {
    if (this.state === "dead") return new Promise(() => {});
    this.requests++;
    return new Promise<T>((resolve) => {
      const settle = (done: () => void) => this.#gate(() => {
        this.requests--;
        done();
      });
      const asked = run();
      const answered = () => settle(() => resolve(asked));
      asked.then(answered, answered);
    });
  }

  #connect(events: Parameters<Connect>[0]): Socket {
    const socket: Socket = this.#world.connect({
      onOpen: () => this.#gate(() => events.onOpen()),
      onText: (text) => this.#gate(() => {
        const [, ended] = ENDED.exec(text) ?? [];
        const before = this.#framesTaken();
        events.onText(text);
        if (ended !== undefined && this.#framesTaken() > before) this.heardEnds.add(ended);
      }),
      onBinary: (bytes) => this.#gate(() => events.onBinary(bytes)),
      onClose: (closing: SocketClosing) => {
        this.#sockets.delete(socket);
        this.#gate(() => events.onClose(closing));
      },
    });
    this.#sockets.add(socket);
    return socket;
  }

  /** Frames that came over a connection that counts, and were not those of an earlier join and the like. */
  #framesTaken(): number {
    const { framesReceived, dropped } = this.#link!.stats.wire;
    return framesReceived - Object.values(dropped).reduce((sum, count) => sum + count, 0);
  }

  #logger(): Logger {
    const line = (level: string) => (fields: object, message: string) => {
      const { code, conversation, callId } = fields as Record<string, string | undefined>;
      this.#world.trace.add(this.name, `${level}: ${message}${code ? ` (${code})` : ""} ${conversation ?? ""} ${callId ?? ""}`.trimEnd());
    };
    return { debug: () => {}, info: () => {}, warn: line("warns"), error: line("fails") };
  }
}
