// A store that fails on command or by chance: what reaches the store, what the caller can tell, what is recorded.

import { beforeEach, expect, test } from "vitest";
import { openStore, type Change, type Store } from "../../src/stores/index.ts";
import { SimulatedClock, faultyStore, testAgent, type FaultyStore, type FaultyStoreOptions } from "../../src/testing/index.ts";
import { BankAgent } from "./bank-agent.ts";

const OWNER = "customer:c1";
let clock: SimulatedClock;
let inner: Store;

beforeEach(async () => {
  clock = new SimulatedClock();
  inner = await openStore("memory:", { clock });
});

const faulty = (options: FaultyStoreOptions = {}): FaultyStore => faultyStore(inner, { clock, ...options });
const change = (expectedVersion: number): Change => ({ writeId: `w${expectedVersion}`, expectedVersion, epoch: 0, record: `r${expectedVersion}` });
const version = async () => (await inner.load(OWNER))?.version ?? 0;

test("without a script nothing is different", async () => {
  const store = faulty();
  expect(await store.commit(OWNER, change(0))).toEqual({ version: 1 });
  expect(await store.load(OWNER)).toEqual(await inner.load(OWNER));
  await expect(store.commit(OWNER, change(7))).rejects.toMatchObject({ code: "version_conflict" });
  expect(store.faults.records).toEqual([]);
});

test("a refused commit is known not to have happened; an unsent and an unanswered one look alike", async () => {
  const store = faulty();
  store.faults.next("commit", "refused", "unsent", "ok", "unanswered");
  await expect(store.commit(OWNER, change(0))).rejects.toMatchObject({ code: "state_unavailable", fields: { outcome: "none" } });
  await expect(store.commit(OWNER, change(0))).rejects.toMatchObject({ code: "state_unavailable", fields: { outcome: "unknown" } });
  expect(await version()).toBe(0);
  await store.commit(OWNER, change(0));
  await expect(store.commit(OWNER, change(1))).rejects.toMatchObject({ code: "state_unavailable", fields: { outcome: "unknown" } });
  expect(await version()).toBe(2);
  expect(store.faults.print()).toBe(`1 commit ${OWNER}: refused\n2 commit ${OWNER}: unsent\n4 commit ${OWNER}: unanswered`);
});

test("a late commit is given up at once, and reaches the store all the same", async () => {
  const store = faulty();
  store.faults.next("commit", { late: "2s" });
  await expect(store.commit(OWNER, change(0))).rejects.toMatchObject({ code: "state_unavailable", fields: { outcome: "unknown" } });
  await clock.advance("1999ms");
  expect(await version()).toBe(0);
  await clock.advance("1ms");
  expect(await version()).toBe(1);
  expect(store.faults.print()).toBe(`1 commit ${OWNER}: late 2s`);
});

test("when it is calm nothing is drawn any more; what is scripted still comes about", async () => {
  const store = faulty({ refused: 1 });
  await expect(store.commit(OWNER, change(0))).rejects.toMatchObject({ code: "state_unavailable" });
  store.faults.calm();
  await store.commit(OWNER, change(0));
  store.faults.next("commit", "refused");
  await expect(store.commit(OWNER, change(1))).rejects.toMatchObject({ code: "state_unavailable" });
});

test("a script is for its method alone", async () => {
  const store = faulty();
  store.faults.next("load", "refused");
  await store.commit(OWNER, change(0));
  await expect(store.load(OWNER)).rejects.toMatchObject({ code: "state_unavailable" });
  expect(await store.load(OWNER)).toBeDefined();
});

test("a delay lets the clock go on, and others run meanwhile", async () => {
  const store = faulty();
  const begun = clock.now();
  store.faults.next("commit", { delay: "2s" });
  let firedAt = 0;
  clock.after(500, () => (firedAt = clock.now()));
  await store.commit(OWNER, change(0));
  expect(clock.now() - begun).toBe(2_000);
  expect(firedAt - begun).toBe(500);
});

test("a held request reaches the store when it is released", async () => {
  const store = faulty();
  const held = store.faults.hold("commit");
  const committed = store.commit(OWNER, change(0));
  await held.reached;
  expect(await version()).toBe(0);
  held.release();
  expect(await committed).toEqual({ version: 1 });
});

test("a store that is down refuses everything, for a time or until it is up", async () => {
  const store = faulty();
  store.faults.down("30s");
  await expect(store.load(OWNER)).rejects.toMatchObject({ code: "state_unavailable" });
  await clock.advance("30s");
  expect(await store.load(OWNER)).toBeUndefined();
  store.faults.down();
  await clock.advance("1d");
  await expect(store.commit(OWNER, change(0))).rejects.toMatchObject({ fields: { outcome: "none" } });
  store.faults.up();
  await store.commit(OWNER, change(0));
});

test("the same seed and the same requests give the same faults, another seed gives others", async () => {
  const rates = { refused: 0.1, unsent: 0.1, unanswered: 0.1, delayed: 0.2 };
  const run = async (seed: number) => {
    const store = faultyStore(await openStore("memory:", { clock }), { clock, seed, ...rates });
    for (let version = 0; version < 60; version++) await store.commit(OWNER, change(version)).catch(() => {});
    return store.faults.print();
  };
  const first = await run(7);
  expect(first.split("\n").length).toBeGreaterThan(10);
  expect(await run(7)).toBe(first);
  expect(await run(8)).not.toBe(first);
});

test("whatever the seed, an agent on a faulty store applies each acknowledged call once", async () => {
  let played = 0;
  for (let seed = 1; seed <= 25; seed++) {
    const faults = { seed, refused: 0.1, unsent: 0.1, unanswered: 0.2, delayed: 0.2 };
    // A conversation whose first commit is refused is not opened; the platform would announce it again.
    await using call = await testAgent(new BankAgent(), { faults }).catch(() => undefined);
    if (!call) continue;
    played++;
    for (let step = 1; step <= 12; step++) {
      let turn = await call.tool("deposit", { amount: 1 });
      for (let attempt = 0; turn.outcome !== "result" && attempt < 20; attempt++) turn = await call.redeliver(turn);
      expect(turn.result, `seed ${seed}\n${call.faults.print()}`).toMatchObject({ balance: 100 + step });
    }
    call.expectState({ state: { balance: 112 } });
  }
  expect(played).toBeGreaterThan(15);
});
