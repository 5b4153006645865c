import { expect, test } from "vitest";

import { systemClock } from "../../../src/base/clock.ts";
import { KeyedHash } from "../../../src/base/keyed-hash.ts";
import { JointRecordsOfStore } from "../../../src/host/joint-records.ts";
import type { Slice } from "../../../src/state/slice.ts";
import { openMemory } from "../../../src/stores/memory.ts";

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
