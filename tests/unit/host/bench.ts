// A host with a simulated clock on a memory store, and what a platform does with it.

import type { ConversimpleAgent } from "../../../src/agent/agent.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import type { Logger } from "../../../src/base/log.ts";
import { AgentHost } from "../../../src/host/agent-host.ts";
import type { Invocation, Outcome } from "../../../src/host/host.ts";
import type { HostOptions } from "../../../src/host/host-options.ts";
import { openEntry, type JournalEntry } from "../../../src/state/journal.ts";
import { openRecord } from "../../../src/state/record.ts";
import { conversationOwner, type Store } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { faultyStore, type StoreFaults } from "../../../src/testing/faulty-store.ts";

export interface World {
  readonly clock: SimulatedClock;
  /** The store itself: what is there is durable. */
  readonly truth: Store;
  /** The store as hosts see it. */
  readonly store: Store;
  readonly faults: StoreFaults;
}

/** A clock and a store, for one or more hosts. */
export function world(): World {
  const clock = new SimulatedClock();
  const truth = openMemory({ clock });
  const store = faultyStore(truth, { clock });
  return { clock, truth, store, faults: store.faults };
}

/** Call ids are new over all hosts of a test. */
let calls = 0;

/** A host in a world, and what it said. */
export class HostBench {
  readonly world: World;
  readonly host: AgentHost;
  readonly errors: unknown[] = [];
  readonly lines: string[] = [];

  private constructor(world: World, host: AgentHost, errors: unknown[], lines: string[]) {
    this.world = world;
    this.host = host;
    this.errors = errors;
    this.lines = lines;
  }

  static async start(agents: ConversimpleAgent | readonly ConversimpleAgent[], options: Partial<HostOptions> & { world?: World } = {}): Promise<HostBench> {
    const { world: given, ...rest } = options;
    const here = given ?? world();
    const errors: unknown[] = [];
    const lines: string[] = [];
    const log = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const logger: Logger = { debug: () => {}, info: log, warn: log, error: log };
    const list = Array.isArray(agents) ? (agents as readonly ConversimpleAgent[]) : [agents as ConversimpleAgent];
    const host = await AgentHost.start({ agents: list, store: here.store, clock: here.clock, logger, onError: (error) => errors.push(error), ...rest });
    return new HostBench(here, host, errors, lines);
  }

  /** Opens a conversation of the only agent. */
  open(conversationId = "c1") {
    return this.host.open(conversationId, { agentId: this.host.agentIds[0]! });
  }

  /** The outcome of a call with a new id, or the given one. */
  call(tool: string, input: unknown = {}, options: Partial<Invocation> = {}): Promise<Outcome> {
    return this.host.invoke({ conversationId: "c1", callId: `call-${++calls}`, tool, arguments: input, ...options });
  }

  /** The parsed result of a call, or its error's code. */
  async result(tool: string, input: unknown = {}, options: Partial<Invocation> = {}): Promise<unknown> {
    const outcome = await this.call(tool, input, options);
    if (outcome.kind === "result") return JSON.parse(outcome.json) as unknown;
    return outcome.kind === "error" ? outcome.code : "gone";
  }

  /** A part as it is stored. */
  async stored(conversationId = "c1", part = "state"): Promise<unknown> {
    const loaded = await this.world.truth.load(conversationOwner(conversationId));
    if (!loaded || loaded.record === null) return undefined;
    return openRecord(loaded.owner, loaded.version, loaded.record).get(part)?.data;
  }

  async journal(conversationId = "c1"): Promise<readonly JournalEntry[]> {
    const owner = conversationOwner(conversationId);
    return (await this.world.truth.history(owner)).map(({ text }) => openEntry(owner, text!));
  }

  async facts(conversationId = "c1") {
    return (await this.world.truth.load(conversationOwner(conversationId)))!.facts;
  }
}

/** A promise that a test settles. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
