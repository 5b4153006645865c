// How many seeds the tests run, and what they say of one that fails.

import { failureText, shrunk } from "./failure.ts";
import { runSeed } from "./world.ts";

/** Two files run so many each. */
export const SEEDS_PER_SHARD = 1_000;
/** A bound for a machine that does much else; a seed takes some 20 ms. */
export const SHARD_TIMEOUT_MS = 300_000;

/** Runs a shard; the first seed that fails ends it, with all that is known of it. */
export async function firstFailure(from: number): Promise<string | undefined> {
  for (let seed = from; seed < from + SEEDS_PER_SHARD; seed++) {
    const verdict = await runSeed({ seed });
    if (verdict.breaches.length > 0) return failureText(verdict, await shrunk(seed));
  }
  return undefined;
}
