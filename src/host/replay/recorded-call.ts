// A call as its journal has it: what was asked of the agent, in order, and what the world outside said meanwhile.
//
//   RQ1. Values are clear: this never leaves the agents' process but as paths, or as what was masked.      (P21)
//   RQ2. What the journal does not hold is said in a remark, never guessed.
//   RQ3. It is as large as the journal, not as all its states beside each other: they share what did not change, and nobody
//        changes them.

import type { AgentDefinition } from "../../agent/definition.ts";
import type { RecordedCustomer, RecordedLogin, RecordedOutcomes } from "../../agent/recorded.ts";
import { decode } from "../../base/codec.ts";
import { ConversimpleError } from "../../base/errors.ts";
import { VISITS, type Visits } from "../../parts/customer-record.ts";
import { openEntry, type JournalEntry } from "../../state/journal.ts";
import { applied } from "../../state/patch.ts";
import { openRecord, type StoredPart } from "../../state/record.ts";
import { conversationOwner, type Entry, type Loaded, type Owner, type Store } from "../../state/store.ts";
import { keptAnswer } from "../kept-answer.ts";
import { FORK } from "../known-forks.ts";

/** Values of parts by name. */
export type PartValues = Readonly<Record<string, unknown>>;

/** One unit of a recorded call. */
export interface RecordedStep {
  readonly version: number;
  /** When it began, milliseconds since 1970. */
  readonly atMs: number;
  /** How inexact its times are, and those of all units before it, which are still in the state; milliseconds. */
  readonly withinMs: number;
  readonly entry: JournalEntry;
  /** The result of a tool call, as JSON; absent when there is none, or it is not kept any more. */
  readonly result?: string;
  readonly before: PartValues;
  readonly after: PartValues;
}

/** A call, ready to be run again. */
export interface RecordedCall {
  readonly conversationId: string;
  readonly agent: AgentDefinition;
  readonly caller: Readonly<Record<string, unknown>>;
  /** Of a fork: the parts that it began with. */
  readonly seed: Readonly<Record<string, StoredPart>> | undefined;
  readonly steps: readonly RecordedStep[];
  /** What units heard from outside, by their names. */
  readonly recorded: Readonly<Record<string, RecordedOutcomes>>;
  readonly endReason: string | null;
  readonly remarks: readonly string[];
}

/**
 * Reads a call.
 *
 * @throws {ConversimpleError} `conversation_not_found`; `option_invalid`: its agent is not here, or its journal does not reach
 *   back to the beginning; `state_quarantined`.
 */
export async function readCall(store: Store, agents: ReadonlyMap<string, AgentDefinition>, conversationId: string): Promise<RecordedCall> {
  const owner = conversationOwner(conversationId);
  const loaded = await store.load(owner);
  if (!loaded || loaded.facts.status === "forgotten") throw new ConversimpleError("conversation_not_found", "There is no such conversation.", { conversation: conversationId });
  const agent = agents.get(loaded.facts.agentId ?? "");
  if (!agent) throw new ConversimpleError("option_invalid", "The agent of this conversation does not run here. Its code is needed to run the call again.", { conversation: conversationId });
  const entries = await entriesOf(store, owner);
  if (entries.length > UNITS_MAX) throw new ConversimpleError("option_invalid", `The call has ${entries.length} units; at most ${UNITS_MAX} are run again.`, { conversation: conversationId });
  if (entries[0]?.version !== 1 || entries[0].text === null) throw new ConversimpleError("option_invalid", "The journal does not reach back to the beginning of the call any more: it cannot be run again.", { conversation: conversationId });
  return new Reading(store, loaded, agent, entries).call(conversationId);
}

async function entriesOf(store: Store, owner: Owner): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let after = 0; ; after = entries.at(-1)!.version) {
    const page = await store.history(owner, { afterVersion: after });
    entries.push(...page);
    if (page.length === 0 || entries.length === 0) return entries;
  }
}

/** The longest call that is run again, units: it is in memory as a whole, in the process that serves others. */
const UNITS_MAX = 2_000;
/** How inexact a beginning is that was not recorded, milliseconds, beside the unit's own time. */
const SLACK_MS = 50;

class Reading {
  readonly #store: Store;
  readonly #loaded: Loaded;
  readonly #agent: AgentDefinition;
  readonly #entries: readonly { readonly stored: Entry; readonly entry: JournalEntry }[];
  readonly #remarks = new Set<string>();
  /** Without a prototype: a call id may be "constructor". */
  readonly #recorded: Record<string, { -readonly [K in keyof RecordedOutcomes]: Writable<NonNullable<RecordedOutcomes[K]>> }> = Object.create(null) as Record<string, never>;
  /** The customer's record at each version of its journal, in order. */
  #customers: readonly { readonly version: number; readonly parts: PartValues }[] | undefined;

  constructor(store: Store, loaded: Loaded, agent: AgentDefinition, entries: readonly Entry[]) {
    this.#store = store;
    this.#loaded = loaded;
    this.#agent = agent;
    this.#entries = entries.flatMap((stored) => (stored.text === null ? [] : [{ stored, entry: openEntry(loaded.owner, stored.text) }]));
  }

  async call(conversationId: string): Promise<RecordedCall> {
    const steps: RecordedStep[] = [];
    const first = this.#entries[0]!.entry;
    const seed = first.unit === "outside" && first.name === FORK ? first.snapshot : undefined;
    let parts: PartValues = {};
    let withinMs = 0;
    for (const [index, { stored, entry }] of this.#entries.entries()) {
      const before = parts;
      const after = (parts = partsAfter(before, entry));
      if (isInside(entry) || (seed && index === 0)) continue;
      const result = entry.unit === "tool" && entry.callId !== undefined ? await keptAnswer(this.#store, this.#loaded.owner, entry.callId) : undefined;
      const times = timesOf(stored, entry, this.#entries[index + 1]?.entry);
      withinMs = Math.max(withinMs, times.withinMs, this.#lateness(entry, before, times.atMs));
      const step: RecordedStep = { atMs: times.atMs, withinMs, version: stored.version, entry, before, after, ...(result === undefined ? {} : { result }) };
      steps.push(step);
      await this.#outcomes(step, index);
    }
    const caller = first.recorded?.caller;
    return {
      conversationId,
      agent: this.#agent,
      caller: caller === undefined ? {} : (decode(caller) as Readonly<Record<string, unknown>>),
      seed,
      steps,
      recorded: this.#recorded,
      endReason: this.#loaded.facts.endReason,
      remarks: [...this.#remarks],
    };
  }

  /** By how much a deadline was late, which a replay keeps on time: its process was away, or busy. */
  #lateness({ unit, name }: JournalEntry, before: PartValues, atMs: number): number {
    if (unit !== "deadline") return 0;
    const dueMs = this.#agent.parts.get(name)?.dueAtMs?.(before[name], this.#loaded.facts.createdAtMs);
    return dueMs === undefined ? 0 : Math.max(0, atMs - dueMs);
  }

  /** What a unit heard from outside, from its notes. */
  async #outcomes({ entry, after }: RecordedStep, index: number): Promise<void> {
    const unit = (this.#recorded[unitName(entry)] ??= {});
    const users = [...(entry.recorded?.logins ?? [])];
    for (const note of entry.notes ?? []) {
      if (note.kind === "login" && note.outcome !== "pending") (unit.logins ??= []).push(this.#login(note.part, note.outcome, note.outcome === "accepted" ? users.shift() : undefined, after));
      if (note.kind === "effect" && (note.outcome === "ran" || note.outcome === "failed")) (unit.effects ??= []).push(note.outcome === "failed" ? { name: note.name, failed: true } : { name: note.name, result: await this.#effect(entry, note.name, index) });
      if (note.kind === "customer" && note.outcome !== "pending" && note.version !== undefined) (unit.customers ??= []).push(await this.#customer(note.outcome === "read" ? note.version : note.version - 1, note.outcome === "identified", after));
    }
    for (const { part, text, cached = false, ageMs = 0, failed } of entry.recorded?.caches ?? []) {
      if (text === undefined && !failed) this.#remarks.add(`A value of the cache "${part}" was not kept, for its size or for a secret in it.`);
      (unit.caches ??= []).push({ part, cached, ageMs, ...(failed ? { failed } : { value: text === undefined ? undefined : decode(text) }) });
    }
    if (!entry.recorded?.caches && entry.notes?.some(({ kind }) => kind === "cache")) this.#remarks.add("What caches gave was not recorded when this call was held; their tools cannot be run again.");
  }

  /** @param user as it was recorded: what is stored afterwards may be somebody else's, or nobody's. */
  #login(part: string, outcome: "accepted" | "wrong" | "locked" | "failed", user: string | null | undefined, after: PartValues): RecordedLogin {
    if (outcome !== "accepted") return { outcome };
    const session = after[part] as { readonly status?: string; readonly user?: unknown; readonly id?: string } | undefined;
    const isThere = session?.status === "authenticated";
    if (typeof user === "string") return { outcome, user: decode(user), ...(isThere ? { id: session.id! } : {}) };
    if (isThere) return { outcome, user: session.user, id: session.id! };
    this.#remarks.add("Who logged in is not known where nobody was logged in when the unit was over.");
    return { outcome: "failed" };
  }

  async #effect(entry: JournalEntry, name: string, index: number): Promise<unknown> {
    const own = entry.callId === undefined ? undefined : `${entry.callId}\n${name}`;
    const row = this.#entries.slice(0, index).findLast(({ stored, entry: { unit, name: its } }) => unit === "effect" && its === name && (own === undefined || stored.callId === own));
    const text = row && row.stored.callId !== null ? await keptAnswer(this.#store, this.#loaded.owner, row.stored.callId) : undefined;
    if (text === undefined) this.#remarks.add(`What the effect "${name}" gave is not kept any more.`);
    return text === undefined ? undefined : decode(text);
  }

  /** The customer's record as it was at a version. */
  async #customer(version: number, isArrival: boolean, after: PartValues): Promise<RecordedCustomer> {
    const owner = this.#loaded.facts.customer as Owner | null;
    if (owner === null) {
      this.#remarks.add("Whose customer record was used is not known: the unit that identified them was not committed.");
      return { found: {} };
    }
    this.#customers ??= statesOf(owner, await entriesOf(this.#store, owner));
    const known = version === 0 ? {} : this.#customers.findLast((each) => each.version <= version)?.parts;
    if (!known) this.#remarks.add("The customer's journal does not reach back to this call.");
    const found = known ?? {};
    const left = isArrival && after.state !== undefined ? await this.#left(found, owner) : undefined;
    return { found, ...(left === undefined ? {} : { left }) };
  }

  /** What the customer's last call had left, where something is carried over. */
  async #left(found: PartValues, customer: Owner): Promise<unknown> {
    const ended = (found[VISITS] as Visits | undefined)?.ended[this.#agent.agentId];
    if (!ended || !((this.#agent.parts.get("state")?.needsRetentionMs ?? 0) > 0)) return undefined;
    const other = await this.#store.load(conversationOwner(ended.conversation));
    if (!other || other.record === null || other.facts.status !== "ended" || other.facts.customer !== customer) return undefined;
    return openRecord(other.owner, other.version, other.record).get("state")?.data;
  }
}

type Writable<T> = T extends readonly (infer Item)[] ? Item[] : T;

/** How a unit is called in a recording. */
export function unitName({ unit, name, callId }: JournalEntry): string {
  return unit === "tool" && callId !== undefined ? callId : `${unit} ${name}`;
}

/** What another unit does on its way: it is run with that one. */
function isInside({ unit }: JournalEntry): boolean {
  return unit === "effect" || unit === "update";
}

/** The values of parts after an entry; they share what it did not change with those before it (RQ3). */
export function partsAfter(before: PartValues, { snapshot, patches }: JournalEntry): PartValues {
  if (snapshot) return Object.fromEntries(Object.entries(snapshot).map(([name, part]) => [name, part.data]));
  if (!patches) return before;
  const after = { ...before };
  for (const [name, steps] of Object.entries(patches)) after[name] = applied(after[name], steps);
  return after;
}

/** The parts after each entry, from the first snapshot on. */
function statesOf(owner: Owner, entries: readonly Entry[]): readonly { readonly version: number; readonly parts: PartValues }[] {
  let parts: PartValues | undefined;
  return entries.flatMap(({ version, text }) => {
    if (text === null) return [];
    const entry = openEntry(owner, text);
    parts = entry.snapshot ? partsAfter({}, entry) : parts && partsAfter(parts, entry);
    return parts ? [{ version, parts }] : [];
  });
}

function timesOf({ atMs }: Entry, { ms: [, , run], recorded }: JournalEntry, next: JournalEntry | undefined): Pick<RecordedStep, "atMs" | "withinMs"> {
  const tookMs = Math.ceil(run + (next?.commitBeforeMs ?? 0));
  return { atMs: recorded?.atMs ?? Math.round(atMs - tookMs), withinMs: tookMs + SLACK_MS };
}
