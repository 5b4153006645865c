// Every fault on every durable store, with real processes and servers: two dispatchers, callers who go on, and a checker
// that decides from the history (A, B, C, D). `npm run test:faults` takes more seeds.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canStart } from "../servers/desk.ts";
import { programsOf } from "../servers/programs.ts";
import { Bench } from "./matrix-bench.ts";
import { FAULTS } from "./matrix-faults.ts";
import { STORE_NAMES } from "./places.ts";
import { seeds } from "./seeds.ts";

/** A cell takes seconds: the long run has ten of each. */
const SEEDS = Array.from({ length: Math.ceil(seeds(1) / 20) }, (_, n) => n + 1);
const SERVICES = { redis: "redis", "redis-cluster": "redis", postgres: "postgres" } as const;
const here = await Promise.all(STORE_NAMES.map(async (store) => store === "sqlite" || canStart(() => programsOf(SERVICES[store]), SERVICES[store])));

// The stores wait side by side.
describe.concurrent.each(STORE_NAMES.filter((_, at) => here[at]))("%s", (store) => {
  let bench: Bench;
  beforeAll(async () => void (bench = await Bench.start(store)), 60_000);
  afterAll(() => bench?.stop());

  const cells = FAULTS.flatMap(({ name, codes, on }) => {
    const strike = on[store];
    return typeof strike === "string" ? [] : SEEDS.map((seed) => ({ name, seed, codes, strike }));
  });

  test.each(cells)("$name, seed $seed: nothing is lost, doubled, mixed up or half done", { timeout: 120_000, concurrent: false }, async ({ name, seed, codes, strike }) => {
    expect(await bench.survive(seed, strike, codes), `${store}: ${name}, seed ${seed}`).toEqual([]);
  });
});
