// What was thrown behind an outcome that only says that a call failed.
//
// Owns the way from the one to the other, for whoever sits in the same process and tests an agent. An adapter never asks:
// what a tool threw does not leave the process.                                                       (attack 18)

import type { Outcome } from "./host.ts";

const CAUSES = new WeakMap<Outcome, unknown>();

/** Remembers what was thrown. */
export function withCause(outcome: Outcome, thrown: unknown): Outcome {
  CAUSES.set(outcome, thrown);
  return outcome;
}

/** What was thrown; undefined for an outcome behind which nothing was. */
export function causeOfOutcome(outcome: Outcome): unknown {
  return CAUSES.get(outcome);
}
