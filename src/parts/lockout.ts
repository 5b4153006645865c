// Lockout: how many secrets may be tried.
//
// Owns two counters of attempts in the store, one per account and one per conversation. Each is one record, shared by all
// conversations and processes; an attempt is in it before anybody looks at the secret.
//
//   LK1. A secret is looked at only under a reservation of its own, whatever is delivered again or dies half-way; no more
//        than `attempts` of them are given out in any window, to whatever number of conversations and processes. (P18)
//   LK2. Only the one who reserved gives back, and only its own: a success forgives nobody else's failures.
//   LK3. The age of an attempt of this process is measured by the clock that nobody can set. Another process's attempt is
//        as young as it can be, and one from the future was made now: a wrong clock unlocks nothing early, and locks
//        nobody out for ever.                                                                           (P18)
//   LK4. What is locked is only looked at, not written: who knocks on a locked door makes no work.

import { randomUUID } from "node:crypto";

import type { JointRecords, JointUpdate } from "../agent/joint-records.ts";
import type { Running } from "../agent/running.ts";
import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { optionMistake, type OptionNames } from "../base/option-names.ts";
import { LEDGER_MAX_AGE_MS, type Owner } from "../state/store.ts";
import type { StoredPart } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";

/** How many secrets may be tried, and in which time. */
export interface LockoutOptions {
  /** Attempts on one account in any window, over all conversations and processes; 5 unless given, at most 100. Source: P18; NIST SP 800-63B allows no more than 100. */
  readonly attempts?: number;
  /** Attempts in one conversation in any window, on whatever accounts; 10 unless given, at most 1,000. */
  readonly perConversation?: number;
  /** The window, milliseconds; 15 minutes unless given, at most 24 hours. Source: P18. */
  readonly windowMs?: number;
}

const OPTIONS: OptionNames<LockoutOptions> = { attempts: true, perConversation: true, windowMs: true };
const LIMITS = { attempts: [5, 100], perConversation: [10, 1_000], windowMs: [15 * 60_000, 24 * 3_600_000] } as const;

/** When an attempt was made: by the wall clock, and by the monotonic clock of the process that made it. */
interface Moment {
  atMs: number;
  process: string;
  monotonicMs: number;
}

interface Attempt extends Moment {
  readonly id: string;
  /** The window that held when it was made: agents with other windows share the counter. */
  readonly windowMs: number;
}

/** Names a process by its clock: monotonic times of two of them are not to be compared. */
const PROCESSES = new WeakMap<Clock, string>();

/** The largest text of a counter, UTF-8 bytes: 1,000 attempts of some 200 bytes. */
const COUNTER_MAX_BYTES = 262_144;

const counter: Slice = {
  name: "attempts",
  schemaVersion: 1,
  maxBytes: COUNTER_MAX_BYTES,
  initial: () => [],
  restore: (stored) => stored,
  check: (value) => value,
};

/** How full a counter is. */
export interface Count {
  readonly by: "account" | "conversation";
  /** Attempts that count now. */
  readonly attempts: number;
  readonly limit: number;
  /** When the next one is looked at again, milliseconds since 1970; only while none is. */
  readonly untilMs?: number;
}

/** The attempts that a stored counter holds, also those whose window is over. */
export function attemptsIn(parts: ReadonlyMap<string, StoredPart>): readonly { readonly atMs: number; readonly windowMs: number }[] {
  return (parts.get(counter.name)?.data ?? []) as readonly Attempt[];
}

/** An attempt that was counted. */
export interface Reservation {
  /** The counter that says when it is enough: the account's, unless only the conversation's is full. */
  readonly count: Count;
  /** Takes it out of the counters again: the secret was right. */
  giveBack(): Promise<void>;
}

/** Thrown out of a recipe: nothing is written (LK4). */
class Locked extends Error {
  readonly found: Found;

  constructor(found: Found) {
    super();
    this.found = found;
  }
}

/** What a recipe saw of a counter. */
interface Found {
  readonly isCounted: boolean;
  readonly attempts: number;
  /** How long it stays full, milliseconds; 0 while it is not. */
  readonly fullForMs: number;
}

export class Lockout {
  readonly limits: Required<LockoutOptions>;

  /** @throws {ConversimpleError} `definition_invalid`, naming the option. */
  constructor(options: LockoutOptions) {
    this.limits = limitsOf(options);
  }

  /** Counts an attempt in both counters, durably (LK1); gives the full one where there is one: nothing was counted then. */
  async reserve(context: Running, account: Owner): Promise<Reservation | Count> {
    const { attempts, perConversation } = this.limits;
    // No account has a line break in its name.
    const conversation = context.joint.ownerOf("account", `conversation\n${context.conversation.id}`);
    // The conversation first: one that has tried enough locks no more accounts.
    const first = await this.#count(context, conversation, "conversation", perConversation);
    if (!("takeOut" in first)) return first;
    const second = await this.#count(context, account, "account", attempts);
    if (!("takeOut" in second)) return second;
    const count = first.count.untilMs !== undefined && second.count.untilMs === undefined ? first.count : second.count;
    return { count, giveBack: async () => void (await Promise.all([first.takeOut(), second.takeOut()])) };
  }

  /** Gives how to take it out again; the count alone when the counter is full. */
  async #count(context: Running, owner: Owner, by: Count["by"], limit: number): Promise<Count | { readonly count: Count; readonly takeOut: () => Promise<void> }> {
    const { joint } = context;
    const { windowMs } = this.limits;
    const id = randomUUID();
    const takeIn = (made: Attempt[]): Found => {
      const isCorrected = settle(made, context);
      const isCounted = made.length < limit;
      if (isCounted) made.push({ id, windowMs, ...momentOf(context) });
      const found = { isCounted, attempts: made.length, fullForMs: fullFor(made, limit, context) };
      if (!isCounted && !isCorrected) throw new Locked(found);
      return found;
    };
    const takeOut = (made: Attempt[]): void => {
      const index = made.findIndex((attempt) => attempt.id === id);
      if (index >= 0) made.splice(index, 1);
    };
    // Longer than a window by far: the store's clock may be set, too.
    const expiresAtMs = Math.ceil(context.timeBounds().latestMs) + windowMs + LEDGER_MAX_AGE_MS;
    const { isCounted, attempts, fullForMs } = await update(joint, owner, { name: "login attempt", operationId: id, expiresAtMs }, takeIn).catch(asLocked);
    const count: Count = { by, attempts, limit, ...(fullForMs > 0 ? { untilMs: Math.ceil(context.nowMs() + fullForMs) } : {}) };
    return isCounted ? { count, takeOut: () => update(joint, owner, { name: "login success", operationId: `${id} back` }, takeOut) } : count;
  }
}

/** An operation of its own each time: a call that is delivered again tries again, and that counts (LK1). */
function update<T>(joint: JointRecords, owner: Owner, how: JointUpdate, recipe: (made: Attempt[]) => T): Promise<T> {
  return joint.update(owner, [counter], how, (value) => recipe(value(counter) as Attempt[]));
}

function asLocked(thrown: unknown): Found {
  if (thrown instanceof Locked) return thrown.found;
  throw thrown;
}

/** How long until fewer than `limit` attempts count, milliseconds. */
function fullFor(made: readonly Attempt[], limit: number, context: Running): number {
  if (made.length < limit) return 0;
  const now = momentOf(context);
  const left = made.map((attempt) => attempt.windowMs - ageOf(attempt, now, context)).sort((a, b) => a - b);
  return left[made.length - limit]!;
}

/** LK3. */
function ageOf(attempt: Attempt, now: Moment, context: Running): number {
  return attempt.process === now.process ? now.monotonicMs - attempt.monotonicMs : context.timeBounds().earliestMs - attempt.atMs;
}

/** LK3. Drops what is past; says whether it corrected a time. */
function settle(made: Attempt[], context: Running): boolean {
  const now = momentOf(context);
  let isCorrected = false;
  for (let index = made.length - 1; index >= 0; index--) {
    const attempt = made[index]!;
    if (ageOf(attempt, now, context) >= attempt.windowMs) made.splice(index, 1);
    else if (attempt.process !== now.process && attempt.atMs > now.atMs) {
      Object.assign(attempt, now);
      isCorrected = true;
    }
  }
  return isCorrected;
}

function momentOf(context: Running): Moment {
  const { clock } = context;
  let process = PROCESSES.get(clock);
  if (process === undefined) PROCESSES.set(clock, (process = randomUUID()));
  return { atMs: context.timeBounds().latestMs, process, monotonicMs: clock.monotonic() };
}

function limitsOf(options: LockoutOptions): Required<LockoutOptions> {
  const limits: Record<string, number> = {};
  const mistake = optionMistake(options, OPTIONS, "lockout");
  if (mistake) throw definition(mistake.option, mistake.reason);
  for (const [name, [usual, most]] of Object.entries(LIMITS)) {
    const value = options[name as keyof LockoutOptions] ?? usual;
    if (!Number.isSafeInteger(value) || value < 1 || value > most) throw definition(`lockout.${name}`, `must be a whole number from 1 to ${most}`);
    limits[name] = value;
  }
  return limits as unknown as Required<LockoutOptions>;
}

function definition(option: string, reason: string): ConversimpleError {
  return new ConversimpleError("definition_invalid", `session: ${option} ${reason}.`, { option });
}
