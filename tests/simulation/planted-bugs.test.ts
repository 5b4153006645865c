// The simulation is shown stores that break a promise of the port each. One that it does not find is a hole in it.

import { expect, test } from "vitest";
import type { Store } from "../../src/state/store.ts";
import { forgetful, withoutApplied, withoutConsuming, withoutCounters, withoutEpochs, withoutLedger, withoutOperations, withoutTombstones, withoutVersions, withoutWriteIds } from "./planted-stores.ts";
import { runSeed } from "./world.ts";

/** Enough for each of them several times over. */
const SEEDS = 1_000;

async function firstBreach(plant: (store: Store) => Store): Promise<string> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { breaches } = await runSeed({ seed, plant });
    if (breaches.length > 0) return breaches.join("\n");
  }
  return `none in ${SEEDS} seeds`;
}

test.each([
  ["a commit is acknowledged and not kept", forgetful, /[ABCEI]: /],
  ["who was fenced may still write", withoutEpochs, /C: .* committed with epoch/],
  ["the last writer wins", withoutVersions, /C: .* made version/],
  ["a write that is sent again is another write", withoutWriteIds, /C: .* was refused version .* of a write that is stored/],
  ["which calls were done is not kept", withoutLedger, /[AB]: |state_lost/],
  ["which operations on a customer were done is not kept", withoutOperations, /B: .* applied twice/],
  ["attempts to log in are not counted", withoutCounters, /F: .* wrong secrets were compared/],
  // The ledger keeps it from being applied twice; that its owner consumes it again and again keeps it from its end.
  ["a message that was applied stays in the inbox", withoutConsuming, /I: .* was never ended/],
  ["a message that was applied comes back with the next owner, and nobody knows that it was applied", withoutApplied, /B: .* heard/],
  ["who is forgotten leaves no mark", withoutTombstones, /I: |state_lost/],
] as const)("found: %s", async (_what, plant, breach) => expect(await firstBreach(plant)).toMatch(breach), 120_000);
