// Chance that nobody has to be able to guess or to repeat: jitter of pauses. Tests give a seeded one instead.

import { randomInt } from "node:crypto";

const STEPS = 2 ** 32;

/** A number from 0 to below 1. */
export function systemRandom(): number {
  return randomInt(STEPS) / STEPS;
}
