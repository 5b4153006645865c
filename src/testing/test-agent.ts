// testAgent: an agent under test, without audio, model or network.
//
//   TA1. Time is simulated; it stands still until the test moves it.
//   TA2. Everything real is real: the host, the store, the commits. Nothing of the agent is replaced but its services.

import { ConversimpleAgent } from "../agent/agent.ts";
import type { AgentDefinition } from "../agent/definition.ts";
import { Rehearsal, type Recorded } from "../agent/recorded.ts";
import { toolOf } from "../agent/tool.ts";
import { Part } from "../agent/part.ts";
import { ConversimpleError, textOf } from "../base/errors.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import { copyOf } from "../base/plain.ts";
import { SimulatedClock } from "../base/simulated-clock.ts";
import { storeFork } from "../host/fork.ts";
import type { HostOptions } from "../host/host-options.ts";
import type { StoredPart } from "../state/record.ts";
import { conversationOwner } from "../state/store.ts";
import type { Store } from "../state/store.ts";
import { openMemory } from "../stores/memory.ts";
import { openStore } from "../stores/open.ts";
import { faultyStore, type FaultyStore, type FaultyStoreOptions } from "./faulty-store.ts";
import { Rig } from "./rig.ts";
import { TestCall, type CallerOptions } from "./test-call.ts";

/** How an agent is tested. */
export interface TestAgentOptions<A> extends CallerOptions, Pick<HostOptions, "logger" | "retentionMs" | "abandonedAfterMs" | "leaseMs" | "mailEveryMs" | "sweepEveryMs" | "resolveTimeoutMs"> {
  /** When the test begins; 2026-01-01T00:00Z unless given. */
  readonly now?: Date | string | number;
  /** A clock that several processes of one test share, instead of `now`. */
  readonly clock?: SimulatedClock;
  /** Services of the agent to be replaced: values of its plain fields. */
  readonly override?: Partial<A>;
  /** An address, or a store that several processes of one test share; a store in memory unless given. */
  readonly store?: string | Store;
  /**
   * What logins, effects, caches and the customer's record say in this test, in the place of the real ones: units by name. A
   * tool call by its call id, others by kind and name: `hook onConversationStarted`, `signal paid`, `deadline booking`. What
   * is not in it is real.
   */
  readonly recorded?: Recorded;
  /** The durable parts that the conversation begins with, by field, as `call.state` shows them: it goes on in the middle, as after a restart. */
  readonly parts?: Readonly<Record<string, unknown>>;
  /** Faults of the store that are drawn from a seed; others are scripted with `call.faults`. */
  readonly faults?: Omit<FaultyStoreOptions, "clock">;
}

const OPTIONS: OptionNames<TestAgentOptions<unknown>> = {
  ...{ conversationId: true, caller: true, now: true, clock: true, override: true, store: true, recorded: true, parts: true, faults: true },
  ...{ logger: true, retentionMs: true, abandonedAfterMs: true, leaseMs: true, mailEveryMs: true, sweepEveryMs: true, resolveTimeoutMs: true },
};

/**
 * Begins a call with an agent. Unless told otherwise, inboxes are looked into every minute and a lease lasts five
 * minutes of simulated time, so that a day passes quickly; what the test itself sends arrives at once.
 *
 * @param agent an agent, or a function that makes one: then a restart has a fresh one, as a new process would.
 * @throws {ConversimpleError} `definition_invalid`, `option_invalid`, `store_misconfigured`.
 */
export async function testAgent<A extends ConversimpleAgent>(agent: A | (() => A), options: TestAgentOptions<A> = {}): Promise<TestCall<A>> {
  const mistake = optionMistakeText(options, OPTIONS);
  if (mistake !== undefined) throw new ConversimpleError("option_invalid", `testAgent: ${mistake}.`);
  if (typeof agent === "function" && agent.prototype instanceof ConversimpleAgent) throw new ConversimpleError("option_invalid", `testAgent got the class ${agent.name}. Give an instance, or a function that makes one: testAgent(() => new ${agent.name}()).`);
  const { now, override, conversationId, caller = {}, store: address, faults, recorded, parts, clock = new SimulatedClock(now), ...host } = options;
  if (now !== undefined && options.clock) throw invalid("now", "is the clock's when a clock is given; give one of the two");
  const newAgent = () => overridden(typeof agent === "function" ? agent() : agent, override);
  const store = await storeOf(address, clock, faults);
  const rig = new Rig<A>({ newAgent, store, clock, host: { ...host, ...(recorded ? { rehearsal: new Rehearsal(recorded, false) } : {}) } });
  const id = conversationId ?? rig.nextId();
  const close = async () => {
    await rig.close();
    if (address === undefined || typeof address === "string") await store.close();
  };
  try {
    await rig.start();
    if (parts) await storeFork(store, conversationOwner(id), { agentId: rig.definition.agentId, customer: null }, storedParts(rig.definition, parts), {});
    await rig.open(id, caller);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return new TestCall(rig, store, id, close);
}

/** @throws {ConversimpleError} `option_invalid`: a field is no durable part. */
function storedParts({ slices, agentId }: AgentDefinition, parts: Readonly<Record<string, unknown>>): Readonly<Record<string, StoredPart>> {
  return Object.fromEntries(
    Object.entries(parts).map(([name, data]) => {
      const slice = slices.find((each) => each.name === name);
      if (!slice) throw invalid(`parts.${name}`, `is no durable part of the agent "${agentId}", which has: ${slices.map((each) => each.name).join(", ")}`);
      const reason = reasonAgainst(() => slice.restore(copyOf(data), slice.schemaVersion));
      if (reason !== undefined) throw invalid(`parts.${name}`, `cannot be: ${reason}. Write it as call.state shows it`);
      return [name, { version: slice.schemaVersion, ...(slice.masks ? { mask: slice.masks } : {}), data }];
    }),
  );
}

function reasonAgainst(restore: () => unknown): string | undefined {
  try {
    restore();
    return undefined;
  } catch (thrown) {
    return textOf(thrown);
  }
}

async function storeOf(given: string | Store | undefined, clock: SimulatedClock, faults: TestAgentOptions<unknown>["faults"]): Promise<FaultyStore> {
  // Two layers of faults would wait for each other's time.
  if (isFaulty(given)) {
    if (faults) throw invalid("faults", "are the store's own when a faultyStore is given");
    return given;
  }
  const store = typeof given === "string" ? await openStore(given, { clock }) : (given ?? openMemory({ clock }));
  return faultyStore(store, { ...faults, clock });
}

function isFaulty(store: string | Store | undefined): store is FaultyStore {
  return typeof store === "object" && "faults" in store;
}

/** Replaces services before the host seals the agent; an agent that was sealed keeps what it was given first. */
function overridden<A extends ConversimpleAgent>(agent: A, override: Partial<A> = {}): A {
  const fields = agent as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(override)) {
    if (!(name in agent)) throw invalid(`override.${name}`, "names a field that the agent does not have");
    if (Object.isExtensible(agent)) {
      if (fields[name] instanceof Part || toolOf(fields[name])) throw invalid(`override.${name}`, "names a part or a tool of the agent; only services can be replaced");
      fields[name] = value;
    } else if (fields[name] !== value) throw invalid(`override.${name}`, "comes too late: the agent is sealed. Give testAgent a new instance");
  }
  return agent;
}

function invalid(option: string, reason: string): ConversimpleError {
  return new ConversimpleError("option_invalid", `${option} ${reason}.`, { option });
}
