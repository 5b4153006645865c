// Run by `node --test`: the kit in the runner that comes with Node. runners.test.ts starts it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openStore } from "../../src/stores/index.ts";
import { SimulatedClock, faultyStore, storeConformance, testAgent } from "../../src/testing/index.ts";
import { BankAgent } from "./bank-agent.ts";

// Node 22 runs no `await using`: the same end as a person writes it there.
void test("a call is played, crashes and goes on", async (t) => {
  const call = await testAgent(() => new BankAgent(), { now: "2026-01-01T09:00Z" });
  t.after(() => call.close());
  const turn = await call.tool("deposit", { amount: 5 });
  turn.expectState({ state: { balance: 105 } });
  const hanging = call.tool("hang", { amount: 1 });
  await call.advance("30s");
  assert.equal((await hanging).error?.code, "tool_timeout");
  await call.crash();
  await call.restart();
  assert.deepEqual((await call.redeliver(turn)).result, turn.result);
  call.expectState({ state: { balance: 105, log: [{ what: "resumed", at: new Date("2026-01-01T09:00:30Z") }] } });
});

void test("a wrong expectation fails with an AssertionError", async (t) => {
  const call = await testAgent(new BankAgent());
  t.after(() => call.close());
  assert.throws(() => call.expectState({ state: { balance: 7 } }), assert.AssertionError);
});

const open = async ({ clock = new SimulatedClock() }) => {
  const store = faultyStore(await openStore("memory:", { clock }), { clock });
  return { store, close: () => store.close() };
};
const ENDS_WITH_PROCESS = "what a store in memory has ends with it";
const skips = {
  "what was acknowledged is there for whoever opens the store next": ENDS_WITH_PROCESS,
  "a commit that was begun before the close is finished by it": ENDS_WITH_PROCESS,
  "writers on two connections that reload after a conflict lose no update": ENDS_WITH_PROCESS,
};
storeConformance({ name: "faulty, without faults", open, skips, seeds: [1] }, { describe, test });
