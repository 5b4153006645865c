// The conformance suite: what every store behind the port must do, as tests for the caller's runner.
//
//   F1. Each case has a fresh store; none depends on another.
//   F2. A case that a store cannot pass is skipped with a reason, by name; a name that is not a case fails.

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/simulated-clock.ts";
import { commitCases } from "./commit-cases.ts";
import { Fixture } from "./fixture.ts";
import type { Case, OpenStore } from "./fixture.ts";
import { hostileCases } from "./hostile-cases.ts";
import { inboxCases } from "./inbox-cases.ts";
import { leaseCases } from "./lease-cases.ts";
import { ledgerCases } from "./ledger-cases.ts";
import { lifetimeCases } from "./lifetime-cases.ts";
import { modelCases } from "./model-cases.ts";
import { readingCases } from "./reading-cases.ts";

/** The two functions of Vitest, Jest, Mocha or node:test that the suite needs. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (name: string, body: () => Promise<void>) => unknown;
}

/** What the suite can be told. */
export interface ConformanceOptions {
  /** The store's name, for the title. */
  readonly name: string;
  readonly open: OpenStore;
  /** Names of cases that the store does not pass, with the reason. */
  readonly skips?: Readonly<Record<string, string>>;
  /** Seeds of the model-based test; every seed is a run of its own. `[1, 2, 3]` unless given. */
  readonly seeds?: readonly number[];
}

const DEFAULT_SEEDS = [1, 2, 3] as const;

/** Declares the suite's tests with the caller's runner. */
export function storeConformance(options: ConformanceOptions, { describe, test }: SuiteRunner): void {
  const { name, skips = {}, seeds = DEFAULT_SEEDS } = options;
  const groups: Readonly<Record<string, readonly Case[]>> = {
    commits: commitCases,
    ledger: ledgerCases,
    lifetime: lifetimeCases,
    reading: readingCases,
    inbox: inboxCases,
    leases: leaseCases,
    "hostile input": hostileCases,
    model: modelCases(seeds),
  };
  describe(`the store ${name}`, () => {
    test("every skipped case exists and has a reason", async () => checkSkips(skips, Object.values(groups).flat()));
    for (const [group, cases] of Object.entries(groups)) {
      describe(group, () => {
        for (const each of cases) if (!skips[each.name]) test(each.name, () => runCase(each, options.open));
      });
    }
  });
}

function checkSkips(skips: Readonly<Record<string, string>>, cases: readonly Case[]): void {
  for (const [name, reason] of Object.entries(skips)) {
    assert.ok(cases.some((each) => each.name === name), `"${name}" is not a case of the suite`);
    assert.ok(reason.length > 0, `"${name}" is skipped without a reason`);
  }
}

async function runCase(each: Case, open: OpenStore): Promise<void> {
  const clock = new SimulatedClock();
  const under = await open({ clock });
  const fixture = new Fixture(under, clock);
  try {
    assert.ok(!each.opensAgain || under.again, "This store cannot be opened twice: skip the case, with a reason.");
    await each.run(fixture);
  } finally {
    await fixture.end();
  }
}
