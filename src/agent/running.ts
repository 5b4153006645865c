// Which conversation is running: the thread from the host's unit of work to `this.state` in a tool.
//
// Owns the context (AsyncLocalStorage) and the contract that the host fulfils for it. Knows no store.
//
//   N1. Outside of a handler there is no conversation: a typed error, never somebody else's state.     (D)
//   N2. Code that a handler started keeps the handler's conversation, also after awaits.

import { AsyncLocalStorage } from "node:async_hooks";

import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import type { TimeBounds } from "../base/time-bounds.ts";
import type { UnitNote } from "../state/notes.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";
import type { JointRecords } from "./joint-records.ts";
import type { RehearsedUnit } from "./recorded.ts";

/** The tool call that runs. */
export interface CallInfo {
  readonly callId: string;
  /** The tool's name on the wire. */
  readonly tool: string;
  /** The same for every delivery of this call: pass it to payment services and the like (P6). */
  readonly idempotencyKey: string;
  /** Aborts when the call times out or nobody wants its answer any more. */
  readonly signal: AbortSignal;
  /** What the platform says about who calls: a hint, never a proof (P19). */
  readonly caller: Readonly<Record<string, unknown>>;
}

/** What makes two calls of a tool the same one. */
export interface OnceKey {
  readonly tool: string;
  /** The business key. */
  readonly key: string;
  /** For whom it runs; "" when that is nobody in particular. */
  readonly whose: string;
}

/** What is known of the conversation that runs. */
export interface ConversationInfo {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A unit of work in progress. The host makes it; parts and agents use it. */
export interface Running {
  readonly conversation: ConversationInfo;
  /** The id of its agent. */
  readonly agentId: string;
  /** Undefined in hooks and outside updates. */
  readonly call: CallInfo | undefined;
  /** The wall time of the clock port, milliseconds since 1970. */
  nowMs(): number;
  /** The clock port, for what outlives the unit: the age of a cached value, the time that its load may take. */
  readonly clock: Clock;
  /** For what must fail closed when somebody sets the clock. (P18) */
  timeBounds(): TimeBounds;
  /** The owner key of the customer that this conversation was identified as, with this unit's own `identify`. */
  readonly customer: Owner | undefined;
  /** Ties the conversation to a customer, with this unit's commit. @throws `read_only` in a parallel tool. */
  identify(customer: Owner): void;
  /** Records that conversations share. */
  readonly joint: JointRecords;
  /** A name for the next thing of a kind that the unit does outside of its own record: the same in every delivery of its call (P11). */
  nextOperationId(kind: string): string;
  /** Does what the handler has to wait for: a unit that ends before it is not committed. @param how as it is written: `this.customer.update(...)`. */
  awaited<T>(how: string, run: () => Promise<T>): Promise<T>;
  /** Runs what may run again, so that it changes nothing of the unit: a draft throws `read_only` then. */
  pure<T>(recipe: () => T): T;
  /** Digest of the call's arguments, "" in hooks: what is done under an operation id is done for these. */
  readonly digest: string;
  /**
   * Does the next thing of a kind under its name.
   *
   * @throws what it throws; `state_unavailable` after one of the same kind that failed for the store's sake: nobody could tell
   *   the two apart when the call is delivered again.
   */
  operation<T>(kind: string, run: (operationId: string) => Promise<T>): Promise<T>;
  /** A part's value: a draft in ordered units, read-only in parallel tools. */
  draft(slice: Slice): unknown;
  /** Puts a whole value in the place of a part's. */
  replace(slice: Slice, value: unknown): void;
  /** Says in the unit's journal entry what it does beside its changes. What the note says may still change until the unit ends. */
  note(note: UnitNote): void;
  /** What is recorded of this unit, when its call is run again: it takes the place of what is outside. */
  readonly rehearsed: RehearsedUnit | undefined;
  /** Notes what a cache is about to give, where that is recorded. */
  readonly recordCache?: ((part: string) => (given: { readonly text?: string; readonly cached: boolean; readonly ageMs: number }) => void) | undefined;
  /** Notes whom a login gave, where that is recorded. */
  readonly recordLogin?: ((user: unknown) => void) | undefined;
  /** Memory of this conversation that is never stored; goes away with it. */
  readonly memory: Map<object, unknown>;
  /** Runs something in the outside world and stores its result at once (P6). */
  effect<T>(name: string, run: () => T | Promise<T>): Promise<T>;
  /** Runs it unless the business key was honoured before in this conversation; gives the first answer then (P5). @throws `read_only` in a parallel tool. */
  once(key: OnceKey, run: () => unknown): Promise<unknown>;
  /** Runs a synchronous recipe: on the draft in an ordered unit, as a small unit of its own in a parallel tool (P2). */
  update<T>(recipe: () => T): Promise<T>;
}

const storage = new AsyncLocalStorage<Running>();

/** Runs `run` inside a unit of work (N2). */
export function runWith<T>(running: Running, run: () => T): T {
  return storage.run(running, run);
}

/** Runs `run` outside of any conversation: loaders of shared caches and the like. */
export function runOutside<T>(run: () => T): T {
  return storage.exit(run);
}

/** The unit of work that runs, if any. */
export function current(): Running | undefined {
  return storage.getStore();
}

/**
 * The unit of work that runs.
 *
 * @param wanted what was asked for: "this.state".
 * @throws {ConversimpleError} `no_conversation` (N1).
 */
export function running(wanted: string): Running {
  const found = storage.getStore();
  if (found) return found;
  throw new ConversimpleError(
    "no_conversation",
    `${wanted} was used outside of a conversation. Use it in a tool or a hook; carry it into callbacks of pools and emitters with agent.bind(fn).`,
    { wanted },
  );
}

/** The function with the running conversation tied to it. */
export function bound<A extends readonly unknown[], R>(run: (...inputs: A) => R): (...inputs: A) => R {
  const context = running("bind()");
  return (...inputs) => storage.run(context, () => run(...inputs));
}
