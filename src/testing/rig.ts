// What the calls of one test share: a clock, a store, and the process that serves them until it dies.
//
// Owns the life of that process and what outlives it. Knows nothing of what a test expects.
//
//   RG1. After a crash nothing of the process reaches the store, and nothing from the store reaches it.
//   RG2. Whoever waits for a process that dies hears `gone`; nobody waits for ever.
//   RG3. While the host pauses before it asks again about a commit, or after it lost a race for a shared record, time goes
//        on by itself: nobody else would let it.                                                   (P4, P11)

import type { ConversimpleAgent } from "../agent/agent.ts";
import { defineAgent, type AgentDefinition } from "../agent/definition.ts";
import { ConversimpleError, StoreUnavailableError, VersionConflictError } from "../base/errors.ts";
import type { SimulatedClock } from "../base/simulated-clock.ts";
import { AgentHost } from "../host/agent-host.ts";
import type { HostOptions } from "../host/host-options.ts";
import type { Caller, Invocation, Outcome } from "../host/host.ts";
import type { Owner, ProcessIdentity, Store } from "../state/store.ts";
import { Acknowledged } from "./acknowledged.ts";
import { interceptedStore, type StoreRequest } from "./intercepted-store.ts";

/** How a rig is set up. */
export interface RigOptions<A extends ConversimpleAgent> {
  /** Gives the agent of the next process. */
  readonly newAgent: () => A;
  readonly store: Store;
  readonly clock: SimulatedClock;
  readonly host: Omit<HostOptions, "agents" | "store" | "clock" | "onError">;
}

/** An error that somebody was told of in `onError`. */
interface Reported {
  readonly error: unknown;
  readonly conversationId: string | undefined;
}

/** One process: the time from a start to its end. */
class Life {
  isOver = false;
  /** How its lease is known, once it has one. */
  processId: string | undefined;
  readonly #over = Promise.withResolvers<void>();
  readonly over: Promise<void> = this.#over.promise;

  end(): void {
    this.isOver = true;
    this.#over.resolve();
  }
}

/** The host pauses at most so long before it asks again, milliseconds; and the steps in which that time passes. */
const RETRY_PAUSE_MS = 1_000;
const RETRY_STEP_MS = 25;
/** How long a process that is restarted without a crash may take to finish, milliseconds. Source: P15. */
const GRACE_MS = 30_000;

const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class Rig<A extends ConversimpleAgent> {
  readonly store: Store;
  readonly clock: SimulatedClock;
  readonly acknowledged = new Acknowledged();
  readonly reported: Reported[] = [];
  readonly #options: RigOptions<A>;
  /** Commits whose outcome the host does not know: it asks for it, or pauses before it asks again. */
  readonly #unresolved = new Map<Owner, "asking" | "pausing">();
  /** Ids and callers of the conversations that a restart opens again. */
  readonly #conversations = new Map<string, Caller>();
  #agent: A;
  #life = new Life();
  #given = 0;
  #host: AgentHost | undefined;

  constructor(options: RigOptions<A>) {
    this.#options = options;
    this.store = options.store;
    this.clock = options.clock;
    this.#agent = options.newAgent();
  }

  /** The agent of the present process, or of the last one. */
  get agent(): A {
    return this.#agent;
  }

  get definition(): AgentDefinition {
    return defineAgent(this.#agent);
  }

  /** The host of the present process. @throws {ConversimpleError} `option_invalid` when it is dead. */
  get host(): AgentHost {
    if (this.#host) return this.#host;
    throw new ConversimpleError("option_invalid", "The process is dead. Call restart() before anything else is asked of it.");
  }

  get isAlive(): boolean {
    return this.#host !== undefined;
  }

  /** Starts the first process. */
  async start(): Promise<void> {
    const life = this.#life;
    this.#host = await AgentHost.start({
      mailEveryMs: 60_000,
      leaseMs: 300_000,
      // The same in all processes of a test, so that they find each other's customers.
      secret: "the secret of every test",
      ...this.#options.host,
      agents: [this.#agent],
      store: interceptedStore(this.store, (request, run) => this.#ask(life, request, run)),
      clock: this.clock,
      onError: (error, conversationId) => void this.reported.push({ error, conversationId }),
    });
  }

  /** An id for the next conversation of this test. */
  nextId(): string {
    return `test-${++this.#given}`;
  }

  /** Serves a conversation. @throws {ConversimpleError} `option_invalid` when another process has it. */
  async open(conversationId: string, caller: Caller): Promise<void> {
    const opened = await this.host.open(conversationId, { agentId: this.definition.agentId, caller });
    if (opened.kind === "held") {
      throw new ConversimpleError("option_invalid", `Another process serves the conversation "${conversationId}" until ${new Date(opened.untilMs).toISOString()}. Crash or close it, let its lease run out, or use another conversationId.`, { untilMs: opened.untilMs });
    }
    if (opened.kind === "ended") this.#conversations.delete(conversationId);
    else this.#conversations.set(conversationId, caller);
  }

  /** Delivers a tool call, before anything else happens (RG2). */
  deliver(invocation: Invocation): Promise<Outcome> {
    const gone = this.#life.over.then((): Outcome => ({ kind: "gone" }));
    return Promise.race([this.host.invoke(invocation), gone]);
  }

  /** The process dies at once (RG1). */
  crash(): void {
    this.#life.end();
    this.#host?.abandon();
    this.#host = undefined;
    this.#unresolved.clear();
  }

  /** A new process goes on: after a crash at once, else after the old one has finished what it had begun (P15). */
  async restart(): Promise<void> {
    if (this.#host) await this.#host.drain(GRACE_MS);
    this.crash();
    // Who is certainly dead holds no lease (P15): on one machine its pid says so, here the test does.
    if (this.#life.processId !== undefined) await this.store.retire(this.#life.processId);
    this.#life = new Life();
    this.#agent = this.#options.newAgent();
    await this.start();
    for (const [id, caller] of [...this.#conversations]) await this.open(id, caller);
  }

  /** Ends the process without waiting for anybody; conversations stay as they are stored. */
  async close(): Promise<void> {
    const { processId } = this.#life;
    this.crash();
    if (processId !== undefined) await this.store.retire(processId).catch(() => {});
  }

  /** Has a conversation apply what is in its inbox, if it is served here. */
  async readMail(conversationId: string): Promise<void> {
    const live = this.#host?.conversations.get(conversationId);
    if (!live) return;
    // A unit that runs has read its mail already: a message that came meanwhile takes a second turn.
    for (let turn = 0; turn < 2; turn++) {
      if (!this.#host?.deliver(conversationId)) return;
      await Promise.race([live.queue.whenIdle(), this.#life.over]);
      if (!live.hasMail) return;
    }
  }

  async #ask<T>(life: Life, request: StoreRequest, run: () => Promise<T>): Promise<T> {
    if (life.isOver) return never();
    // The pause after a lost race is over.
    if (request.method === "load" && isShared(request.owner)) this.#unresolved.delete(request.owner!);
    if (request.method === "renew") life.processId = (request.inputs as [ProcessIdentity, number])[0].id;
    try {
      const answer = await (request.method === "commit" ? this.#commit(life, request.owner!, run) : run());
      if (life.isOver) return await never();
      this.acknowledged.see(request, answer);
      return answer;
    } catch (thrown) {
      if (life.isOver) return await never();
      throw thrown;
    }
  }

  async #commit<T>(life: Life, owner: Owner, run: () => Promise<T>): Promise<T> {
    if (this.#unresolved.has(owner)) this.#unresolved.set(owner, "asking");
    try {
      const answer = await run();
      this.#unresolved.delete(owner);
      return answer;
    } catch (thrown) {
      const isUnknown = thrown instanceof StoreUnavailableError && (thrown.fields.outcome === "unknown" || this.#unresolved.has(owner));
      const isOpen = isUnknown || (isShared(owner) && thrown instanceof VersionConflictError);
      if (!isOpen) this.#unresolved.delete(owner);
      else if (!life.isOver) void this.#letPausePass(owner);
      throw thrown;
    }
  }

  /** RG3. */
  async #letPausePass(owner: Owner): Promise<void> {
    this.#unresolved.set(owner, "pausing");
    for (let passedMs = 0; passedMs < RETRY_PAUSE_MS && this.#unresolved.get(owner) === "pausing"; passedMs += RETRY_STEP_MS) {
      await this.clock.advance(RETRY_STEP_MS);
    }
  }
}

/** Whether it is a customer or an account. */
function isShared(owner: Owner | undefined): boolean {
  return owner !== undefined && !owner.startsWith("conversation:");
}
