// What the world outside said while a call was recorded, to be said again when the call is run again.
//
//   RD1. Outcomes of one kind are used up in their order, each once; effects by their name.
//   RD2. What is recorded takes the place of what would be done: `verify`, an effect, a loader do not run.
//   RD3. Where nothing is recorded, the real thing runs; in a strict rehearsal nothing does: it is an error.

import { ConversimpleError } from "../base/errors.ts";
import { copyOf } from "../base/plain.ts";

/** What came of a login: the user that `verify` gave, or why there is none. */
export type RecordedLogin =
  | { readonly outcome: "accepted"; readonly user: unknown; /** The session's own id; a new one unless given. */ readonly id?: string }
  /** `failed`: `verify` threw. */
  | { readonly outcome: "wrong" | "locked" | "failed" };

/** What an effect gave. */
export interface RecordedEffect {
  readonly name: string;
  readonly result?: unknown;
  /** It threw. */
  readonly failed?: true;
}

/** What a cache gave to `get` or `fetch`. */
export interface RecordedCacheValue {
  /** The cache's field. */
  readonly part: string;
  readonly value?: unknown;
  /** Whether it was there already, and since when; false and 0 unless given. */
  readonly cached?: boolean;
  readonly ageMs?: number;
  /** The loader threw. */
  readonly failed?: true;
}

/** The customer's record as `identify`, `read` or `update` found it: parts by name, the profile under its field's. */
export interface RecordedCustomer {
  readonly found: Readonly<Record<string, unknown>>;
  /** What the customer's last call had left to be carried over, where it had. */
  readonly left?: unknown;
}

/** What one unit of work - a tool call, a hook - heard from outside, in order. */
export interface RecordedOutcomes {
  readonly logins?: readonly RecordedLogin[];
  readonly effects?: readonly RecordedEffect[];
  readonly caches?: readonly RecordedCacheValue[];
  readonly customers?: readonly RecordedCustomer[];
}

/**
 * Units by name: a tool call by its call id, others by kind and name, such as `hook onConversationStarted`,
 * `signal paid`, `deadline booking`. What several units of one name heard follows each other.
 */
export type Recorded = Readonly<Record<string, RecordedOutcomes>>;

/** What is left of the recording for one unit. */
export class RehearsedUnit {
  readonly #logins: RecordedLogin[];
  readonly #effects: RecordedEffect[];
  readonly #caches: RecordedCacheValue[];
  readonly #customers: RecordedCustomer[];
  /** Whether nothing may be done outside (RD3). */
  readonly isStrict: boolean;

  constructor({ logins = [], effects = [], caches = [], customers = [] }: RecordedOutcomes, isStrict: boolean) {
    this.#logins = [...logins];
    this.#effects = [...effects];
    this.#caches = [...caches];
    this.#customers = [...customers];
    this.isStrict = isStrict;
  }

  /** The next login; undefined when it is to be real (RD3). */
  login(): RecordedLogin | undefined {
    return copyOf(this.#logins.shift()) ?? this.#unknown("a login");
  }

  effect(name: string): RecordedEffect | undefined {
    return this.#taken(this.#effects, (each) => each.name === name) ?? this.#unknown(`the effect "${name}"`);
  }

  cacheValue(part: string): RecordedCacheValue | undefined {
    return this.#taken(this.#caches, (each) => each.part === part) ?? this.#unknown(`a value of the cache "${part}"`);
  }

  customer(): RecordedCustomer | undefined {
    return copyOf(this.#customers.shift()) ?? this.#unknown("the customer's record");
  }

  #taken<T>(list: T[], isIt: (each: T) => boolean): T | undefined {
    const index = list.findIndex(isIt);
    return index < 0 ? undefined : copyOf(list.splice(index, 1)[0]);
  }

  #unknown(what: string): undefined {
    if (this.isStrict) throw new ConversimpleError("cancelled", `The recording has nothing for ${what}. Nothing is done outside when a call is run again.`, { what });
    return undefined;
  }
}

/** A recording that is being run again. */
export class Rehearsal {
  readonly isStrict: boolean;
  readonly #recorded: Recorded;
  readonly #units = new Map<string, RehearsedUnit>();

  /** @param isStrict whether nothing may be done outside (RD3). */
  constructor(recorded: Recorded, isStrict: boolean) {
    this.#recorded = recorded;
    this.isStrict = isStrict;
  }

  /** What is left for a unit; undefined when it is not in the recording, and all of it is to be real. */
  unit(name: string): RehearsedUnit | undefined {
    let unit = this.#units.get(name);
    if (unit) return unit;
    const outcomes = Object.hasOwn(this.#recorded, name) ? this.#recorded[name] : undefined;
    if (!outcomes && !this.isStrict) return undefined;
    unit = new RehearsedUnit(outcomes ?? {}, this.isStrict);
    this.#units.set(name, unit);
    return unit;
  }
}
