import { expect, test } from "vitest";

import { systemClock } from "../../../src/base/clock.ts";
import { StoreUnavailableError } from "../../../src/base/errors.ts";
import { KeyedHash } from "../../../src/base/keyed-hash.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { JointRecordsOfStore } from "../../../src/host/joint-records.ts";
import { sealRecord } from "../../../src/state/record.ts";
import type { Slice } from "../../../src/state/slice.ts";
import type { Owner } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { interceptedStore } from "../../../src/testing/intercepted-store.ts";

const orders: Slice = { name: "customer", schemaVersion: 1, maxBytes: 65_536, initial: () => ({ orders: [] }), restore: (stored) => stored, check: (value) => value };
type Orders = { orders: string[] };

function records(store = openMemory()) {
  return { store, joint: new JointRecordsOfStore({ store, clock: systemClock, hash: new KeyedHash("a secret for this test") }) };
}

test("an owner key names nobody, and is the same in every process with the secret", () => {
  const one = records().joint.ownerOf("customer", "kim@example.com");
  expect(one).toBe(records().joint.ownerOf("customer", "kim@example.com"));
  expect(one).toMatch(/^customer:[A-Za-z0-9_-]{43}$/);
  expect(records().joint.ownerOf("account", "kim@example.com").slice(8)).not.toBe(one.slice(9));
});

test("two processes that update one owner at the same time lose nothing", async () => {
  const { store, joint: first } = records();
  const { joint: second } = records(store);
  const owner = first.ownerOf("customer", "c1");
  const writers = [first, second].flatMap((joint, process) =>
    Array.from({ length: 50 }, (_, index) => joint.update(owner, [orders], { name: "order", operationId: `${process}-${index}` }, (value) => void (value(orders) as Orders).orders.push(`${process}-${index}`))),
  );
  await Promise.all(writers);
  const { value, version } = await first.read(owner, [orders]);
  expect(new Set((value(orders) as Orders).orders).size).toBe(100);
  expect(version).toBe(100);
});

test("an operation that was carried out gives its first result again", async () => {
  const { joint } = records();
  const owner = joint.ownerOf("customer", "c1");
  const add = () => joint.update(owner, [orders], { name: "order", operationId: "op-1" }, (value) => (value(orders) as Orders).orders.push("P1"));
  expect(await add()).toBe(1);
  expect(await add()).toBe(1);
  expect((await joint.read(owner, [orders])).value(orders)).toEqual({ orders: ["P1"] });
});

test("a recipe that throws writes nothing, an asynchronous one neither", async () => {
  const { joint, store } = records();
  const owner = joint.ownerOf("customer", "c1");
  await expect(joint.update(owner, [orders], { name: "order", operationId: "a" }, () => { throw new Error("no"); })).rejects.toThrow("no");
  await expect(joint.update(owner, [orders], { name: "order", operationId: "b" }, async (value) => void (value(orders) as Orders).orders.push("x"))).rejects.toMatchObject({ code: "option_invalid" });
  expect(await store.load(owner)).toBeUndefined();
});

test("a forgotten owner takes no update and gives no value", async () => {
  const { joint, store } = records();
  const owner = joint.ownerOf("customer", "c1");
  await joint.update(owner, [orders], { name: "order", operationId: "a" }, () => {});
  await store.forget(owner, { tombstone: true });
  await expect(joint.read(owner, [orders])).rejects.toMatchObject({ code: "customer_forgotten" });
  await expect(joint.update(owner, [orders], { name: "order", operationId: "b" }, () => {})).rejects.toMatchObject({ code: "customer_forgotten" });
});

/** Requests to a store, by method. */
function counted(inner = openMemory()) {
  const requests: string[] = [];
  const store = interceptedStore(inner, (request, run) => {
    requests.push(request.method);
    return run();
  });
  return { store, requests };
}
const push = (joint: JointRecordsOfStore, owner: Owner, item: string, slice = orders) =>
  joint.update(owner, [slice], { name: "order", operationId: item }, (value) => (value(slice) as Orders).orders.push(item));
const itemsOf = async (joint: JointRecordsOfStore, owner: Owner) => ((await joint.read(owner, [orders])).value(orders) as Orders).orders;

test("of those who were erased nothing is known any more: the store is asked", async () => {
  const { store, requests } = counted();
  const { joint } = records(store);
  const [kim, lee] = [joint.ownerOf("customer", "kim"), joint.ownerOf("customer", "lee")];
  for (const owner of [kim, lee]) for (const item of ["P1", "P2"]) await push(joint, owner, item);
  joint.forget(new Set([kim]));
  requests.length = 0;
  await push(joint, kim, "P3");
  await push(joint, lee, "P3");
  expect(requests).toEqual(["load", "commit", "commit"]);
});

test("updates that follow each other are one round trip each", async () => {
  const { store, requests } = counted();
  const { joint } = records(store);
  const owner = joint.ownerOf("customer", "c1");
  await push(joint, owner, "P1");
  await push(joint, owner, "P2");
  requests.length = 0;
  for (let n = 0; n < 5; n++) await push(joint, owner, `more-${n}`);
  expect(requests).toEqual(["commit", "commit", "commit", "commit", "commit"]);
});

test("what a recipe refuses on something that is out of date is not believed", async () => {
  const { store, joint: first } = records();
  const { joint: second } = records(store);
  const owner = first.ownerOf("customer", "c1");
  await push(first, owner, "P1");
  await push(first, owner, "P2");
  await push(second, owner, "voucher");
  const spend = (joint: JointRecordsOfStore) =>
    joint.update(owner, [orders], { name: "spend", operationId: "spend" }, (value) => {
      const known = value(orders) as Orders;
      if (!known.orders.includes("voucher")) throw new Error("no voucher");
      known.orders.splice(known.orders.indexOf("voucher"), 1);
    });
  await spend(first);
  expect(await itemsOf(second, owner)).toEqual(["P1", "P2"]);
});

test("an operation that is older than what is listed is not carried out again, and the oldest entries stay for 24 h", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  const joint = new JointRecordsOfStore({ store, clock, hash: new KeyedHash("a secret for this test") });
  const owner = joint.ownerOf("customer", "c1");
  const big: Slice = { ...orders, maxBytes: 1_000_000 };
  const set = (n: number) => joint.update(owner, [big], { name: "set", operationId: `op-${n}` }, (value) => (value(big) as Orders).orders.splice(0, 1, `${n} ${"x".repeat(8_000)}`).length);
  expect(await set(0)).toBe(0);
  // Far more bytes than a journal keeps.
  for (let n = 1; n < 1_000; n++) await set(n);
  expect(await set(0)).toBe(0);
  expect(await set(1)).toBe(1);
  expect((await store.load(owner))!.version).toBe(1_000);
  for (let hour = 0; hour < 30; hour++) {
    clock.jump(3_600_000);
    for (let n = 0; n < 50; n++) await set(10_000 + hour * 50 + n);
  }
  const [oldest] = await store.history(owner, { limit: 1 });
  expect(oldest!.version).toBeGreaterThan(1);
  expect(oldest!.atMs).toBeLessThanOrEqual(clock.now() - 24 * 3_600_000);
  expect(await joint.update(owner, [big], { name: "set", operationId: "op-10300" }, () => "again")).toBe(1);
});

test("an update whose answer was lost is applied once, also when somebody else came in between", async () => {
  const { store: inner, joint: other } = records();
  const owner = other.ownerOf("customer", "c1");
  let lose = 1;
  const store = interceptedStore(inner, async (request, run) => {
    const answer = await run();
    if (request.method === "commit" && lose-- > 0) {
      await push(other, owner, "between");
      throw new StoreUnavailableError("the answer was lost", { outcome: "unknown" });
    }
    return answer;
  });
  const { joint } = records(store);
  expect(await push(joint, owner, "P1")).toBe(1);
  expect(await itemsOf(other, owner)).toEqual(["P1", "between"]);
});

test("a customer's record that is gone, or older than it was, is said once; an account's may go", async () => {
  const { store, joint } = records();
  const owner = joint.ownerOf("customer", "c1");
  for (const item of ["P1", "P2", "P3"]) await push(joint, owner, item);
  await store.forget(owner);
  await expect(push(joint, owner, "P4")).rejects.toMatchObject({ code: "state_lost" });
  expect(await push(joint, owner, "P4")).toBe(1);
  const account = joint.ownerOf("account", "a1");
  for (const item of ["1", "2", "3"]) await push(joint, account, item);
  await store.forget(account);
  expect(await push(joint, account, "4")).toBe(1);
});

test("two parts of one name read the record each by its own schema, and neither loses what the other stored", async () => {
  const { joint } = records();
  const owner = joint.ownerOf("customer", "c1");
  const other: Slice = { ...orders, restore: (stored) => ({ orders: [...(stored as Orders).orders] }) };
  const visits: Slice = { ...orders, name: "visits" };
  await push(joint, owner, "P1");
  await push(joint, owner, "P2", other);
  await push(joint, owner, "V1", visits);
  await push(joint, owner, "P3");
  const { value } = await joint.read(owner, [orders, visits]);
  expect([value(orders), value(visits)]).toEqual([{ orders: ["P1", "P2", "P3"] }, { orders: ["V1"] }]);
});

test("what is known of an owner is not used after a minute, nor after its record has expired", async () => {
  const clock = new SimulatedClock();
  const { store, requests } = counted(openMemory({ clock }));
  const joint = new JointRecordsOfStore({ store, clock, hash: new KeyedHash("a secret for this test") });
  const owner = joint.ownerOf("customer", "c1");
  const touch = (operationId: string) => joint.update(owner, [orders], { name: "order", operationId, expiresAtMs: clock.now() + 30_000 }, (value) => (value(orders) as Orders).orders.push(operationId));
  await touch("1");
  await touch("2");
  requests.length = 0;
  clock.jump(31_000);
  expect(await touch("3")).toBe(1);
  expect(requests).toEqual(["load", "commit"]);
});

test("what a conversation left is given only after its end, in time, and to the same customer and agent", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  const joint = new JointRecordsOfStore({ store, clock, hash: new KeyedHash("a secret for this test") });
  const customer = joint.ownerOf("customer", "c1");
  await store.acquire("conversation:c", { id: "p", pid: 1, host: "h", startedAtMs: 0 }, { agentId: "shop" });
  const record = sealRecord("conversation:c", 1, [["customer", '{"version":1,"data":{"orders":["P1"]}}']]);
  await store.commit("conversation:c", { writeId: "1", expectedVersion: 0, epoch: 1, record, facts: { customer } });
  const of = { conversationId: "c", agentId: "shop", customer, withinMs: 1_000 };
  expect(await joint.left(of, orders)).toBeUndefined();
  await store.commit("conversation:c", { writeId: "2", expectedVersion: 1, epoch: 1, facts: { status: "ended" } });
  expect(await joint.left(of, orders)).toEqual({ orders: ["P1"] });
  expect(await joint.left({ ...of, customer: joint.ownerOf("customer", "c2") }, orders)).toBeUndefined();
  expect(await joint.left({ ...of, agentId: "other" }, orders)).toBeUndefined();
  expect(await joint.left({ ...of, conversationId: "d" }, orders)).toBeUndefined();
  clock.jump(1_001);
  expect(await joint.left(of, orders)).toBeUndefined();
});

test("those who wait behind an update that the store does not answer fail with it, not one after another", async () => {
  const clock = new SimulatedClock();
  const inner = openMemory({ clock });
  let isAway = true;
  const store = { ...inner, address: inner.address, load: (owner: Owner) => inner.load(owner), commit: (...input: Parameters<typeof inner.commit>) => (isAway ? Promise.reject(new StoreUnavailableError("gone", { outcome: "unknown" })) : inner.commit(...input)) } as typeof inner;
  const joint = new JointRecordsOfStore({ store, clock, hash: new KeyedHash("a secret for this test") });
  const owner = joint.ownerOf("customer", "c1");
  const order = (name: string) => joint.update(owner, [orders], { name: "order", operationId: name }, (value) => (value(orders) as Orders).orders.push(name));
  const outcomes: unknown[] = [];
  for (const name of ["a", "b", "c", "d", "e", "f"]) order(name).catch((thrown: unknown) => outcomes.push((thrown as StoreUnavailableError).code));
  await clock.advance("11s");
  expect(outcomes).toEqual(Array.from({ length: 6 }, () => "state_unavailable"));
  isAway = false;
  expect(await order("g")).toBe(1);
});
