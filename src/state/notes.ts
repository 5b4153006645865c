// What a unit of work did beside its changes, in words for its journal entry.
//
//   NT1. No values: names of parts and effects, outcomes, counts and times. What is personal or secret cannot be in it. (P21)
//   NT2. In the order in which it was begun. What did not come to an end before the unit did is `pending`.
//   NT3. At most NOTES_MAX of a unit; what comes after them is not noted.

/** What a unit did beside its changes (NT1). */
export type UnitNote = LoginNote | CacheNote | EffectNote | CustomerNote;

/**
 * An attempt to log in. `locked`: `verify` did not run, whatever the secret was; the caller hears the same words as for a
 * wrong one, and here is why. (P18) `failed`: `verify` threw, and the attempt stays counted.
 */
export interface LoginNote {
  readonly kind: "login";
  readonly part: string;
  readonly outcome: "accepted" | "wrong" | "locked" | "failed" | "pending";
  /** Whose counter it is that `attempts` and `limit` are of: the one that locks, or the account's. */
  readonly by?: "account" | "conversation";
  /** The attempts that count now, this one included. */
  readonly attempts?: number;
  readonly limit?: number;
  /** When the next attempt is looked at again, milliseconds since 1970; only while none is. */
  readonly untilMs?: number;
}

/** A value of a cache. `stale`: the old one, while a new one is loaded. */
export interface CacheNote {
  readonly kind: "cache";
  readonly part: string;
  readonly outcome: "hit" | "stale" | "loaded" | "failed" | "pending";
  /** How long the call waited for it, milliseconds. */
  readonly ms?: number;
}

/** Something in the outside world. `kept`: an earlier delivery of the call had done it. */
export interface EffectNote {
  readonly kind: "effect";
  readonly name: string;
  readonly outcome: "ran" | "kept" | "failed" | "pending";
  readonly ms?: number;
}

/** The customer of the conversation. */
export interface CustomerNote {
  readonly kind: "customer";
  readonly part: string;
  readonly outcome: "identified" | "updated" | "read" | "pending";
  /** The version of the customer's record that was read, or that has the change. */
  readonly version?: number;
}

/** NT3. */
export const NOTES_MAX = 32;
