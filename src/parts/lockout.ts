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
import { LEDGER_MAX_AGE_MS, type Owner } from "../state/store.ts";
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

/** An attempt that was counted. */
export interface Reservation {
  /** Takes it out of the counters again: the secret was right. */
  giveBack(): Promise<void>;
}

/** Thrown out of a recipe: nothing is written (LK4). */
class Locked extends Error {}

export class Lockout {
  readonly #limits: Required<LockoutOptions>;

  /** @throws {ConversimpleError} `definition_invalid`, naming the option. */
  constructor(options: LockoutOptions) {
    this.#limits = limitsOf(options);
  }

  /** Counts an attempt in both counters, durably; undefined when one of them is full (LK1). */
  async reserve(context: Running, account: Owner): Promise<Reservation | undefined> {
    const { attempts, perConversation } = this.#limits;
    // No account has a line break in its name.
    const conversation = context.joint.ownerOf("account", `conversation\n${context.conversation.id}`);
    // The conversation first: one that has tried enough locks no more accounts.
    const first = await this.#count(context, conversation, perConversation);
    const second = first && (await this.#count(context, account, attempts));
    return second && { giveBack: async () => void (await Promise.all([first(), second()])) };
  }

  /** Gives how to take it out again, or undefined when the counter is full. */
  async #count(context: Running, owner: Owner, limit: number): Promise<(() => Promise<void>) | undefined> {
    const { joint } = context;
    const { windowMs } = this.#limits;
    const id = randomUUID();
    const takeIn = (made: Attempt[]): boolean => {
      const isCorrected = settle(made, context);
      const isFull = made.length >= limit;
      if (isFull && !isCorrected) throw new Locked();
      if (!isFull) made.push({ id, windowMs, ...momentOf(context) });
      return !isFull;
    };
    const takeOut = (made: Attempt[]): void => {
      const index = made.findIndex((attempt) => attempt.id === id);
      if (index >= 0) made.splice(index, 1);
    };
    // Longer than a window by far: the store's clock may be set, too.
    const expiresAtMs = Math.ceil(context.timeBounds().latestMs) + windowMs + LEDGER_MAX_AGE_MS;
    const isCounted = await update(joint, owner, { name: "login attempt", operationId: id, expiresAtMs }, takeIn).catch(asLocked);
    return isCounted ? () => update(joint, owner, { name: "login success", operationId: `${id} back` }, takeOut) : undefined;
  }
}

/** An operation of its own each time: a call that is delivered again tries again, and that counts (LK1). */
function update<T>(joint: JointRecords, owner: Owner, how: JointUpdate, recipe: (made: Attempt[]) => T): Promise<T> {
  return joint.update(owner, [counter], how, (value) => recipe(value(counter) as Attempt[]));
}

function asLocked(thrown: unknown): false {
  if (thrown instanceof Locked) return false;
  throw thrown;
}

/** LK3. Drops what is past; says whether it corrected a time. */
function settle(made: Attempt[], context: Running): boolean {
  const now = momentOf(context);
  const { earliestMs } = context.timeBounds();
  let isCorrected = false;
  for (let index = made.length - 1; index >= 0; index--) {
    const attempt = made[index]!;
    const isOwn = attempt.process === now.process;
    const ageMs = isOwn ? now.monotonicMs - attempt.monotonicMs : earliestMs - attempt.atMs;
    if (ageMs >= attempt.windowMs) made.splice(index, 1);
    else if (!isOwn && attempt.atMs > now.atMs) {
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
  for (const name of Object.keys(options)) if (!(name in LIMITS)) throw definition(`lockout.${name}`, `is none of its options: ${Object.keys(LIMITS).join(", ")}`);
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
