// Guards: who may run a tool, decided when the tool runs.                                            (P17)
//
// Owns the forms that a guard can have and the shape of a refusal.
//
//   G1. A guard that throws refuses nothing and allows nothing: the call fails as an error.
//   G2. A refusal is a result with a message that can be said aloud.

import type { RefusalResult } from "../base/errors.ts";
import type { Slice } from "../state/slice.ts";

/** Something that can refuse: a session, a workflow step, or an object of your own. */
export interface Guard {
  /** `undefined` to let the tool run, a refusal to stop it. */
  refusal(): RefusalResult | undefined | Promise<RefusalResult | undefined>;

  /**
   * Whether a tool with this guard is worth offering to a model now; it is, unless this says no. Asked outside of any
   * unit, with committed values. Only a hint: whoever calls the tool all the same is refused by `refusal`.
   */
  isOffered?(value: (slice: Slice) => unknown): boolean;

  /** What it asks for, in a few words for a developer: `session within 120000 ms`; the name of its field, or "a guard", unless it says so. */
  inWords?(): string;

  /** For whom the tool runs, when the guard knows: an answer that is kept for a business key is nobody else's. Asked after `refusal`. */
  whose?(): string | undefined;
}

/** A predicate: true to go on; a text is the message of the refusal; false refuses with a general one. */
export type Predicate = () => boolean | string | Promise<boolean | string>;

/** What `requires` takes. */
export type Requirement = Guard | Predicate;

const GENERAL_MESSAGE = "I can't do that right now.";

/** The first refusal of some requirements, asked in order; undefined when all let it run. */
export async function refusalOf(requirements: readonly Requirement[]): Promise<RefusalResult | undefined> {
  for (const requirement of requirements) {
    const refusal = typeof requirement === "function" ? fromAnswer(await requirement()) : await requirement.refusal();
    if (refusal) return refusal;
  }
  return undefined;
}

function fromAnswer(answer: boolean | string): RefusalResult | undefined {
  if (answer === true) return undefined;
  return { error: "refused", message: typeof answer === "string" && answer !== "" ? answer : GENERAL_MESSAGE };
}
