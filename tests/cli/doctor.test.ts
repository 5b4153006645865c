import { expect, test } from "vitest";

import { encode } from "../../src/base/codec.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { showDiagnosis } from "../../src/cli/state/diagnosis-text.ts";
import { diagnose } from "../../src/cli/state/diagnosis.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { sealRecord, sealText } from "../../src/state/record.ts";
import type { Owner, Store } from "../../src/state/store.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { openStore } from "../../src/stores/open.ts";
import { Workplace } from "./program.ts";

/** In every value, and in every key that is one. */
const CANARY = "4111-1111";

const bytes = (value: unknown) => Buffer.byteLength(encode(value));

/** Stores one version of an owner's record. */
async function put(store: Store, owner: Owner, parts: Readonly<Record<string, unknown>>, { damaged = false, ended = false } = {}): Promise<void> {
  const epoch = owner.startsWith("conversation:") ? await acquired(store, owner) : 0;
  const text = sealRecord(owner, 1, Object.entries(parts).map(([name, data]) => [name, `{"version":1,"data":${encode(data)}}`] as const));
  const record = damaged ? text.replace("data", "dada") : text;
  await store.commit(owner, { writeId: owner, expectedVersion: 0, epoch, record, entry: sealText({ note: CANARY }), ...(ended ? { facts: { status: "ended" as const } } : {}) });
}

async function acquired(store: Store, owner: Owner): Promise<number> {
  const process = { id: "gone", pid: 1, host: "elsewhere", startedAtMs: 0 };
  await store.renew(process, 1);
  const taken = await store.acquire(owner, process, { agentId: "shop" });
  if (taken.kind !== "acquired") throw new Error("The conversation is held.");
  return taken.loaded.epoch;
}

const cart = (lines: number) => Array.from({ length: lines }, () => ({ productId: CANARY, at: new Date(5) }));

async function filled(store: Store): Promise<void> {
  await put(store, "conversation:small", { state: { cart: cart(1), note: CANARY }, $once: { [CANARY]: 1 } });
  await put(store, "conversation:large", { state: { cart: cart(1_300) } }, { ended: true });
  await put(store, "conversation:odd", { state: new Map([[CANARY, 1]]), plain: CANARY });
  await put(store, "conversation:bad", { state: { cart: [] } }, { damaged: true });
  await put(store, "conversation:worse", { state: { cart: [] } }, { damaged: true });
  await put(store, "customer:k3y", { customer: { orders: [CANARY] } });
}

test("fields are summed up over all records, the largest first", async () => {
  const store = openMemory();
  await filled(store);
  const { fields } = await diagnose(store, 10, 0, () => {});
  const [small, large] = [bytes(cart(1)), bytes(cart(1_300))];
  expect(fields[0]).toEqual({ field: "state.cart", of: "conversation", records: 2, totalBytes: small + large, averageBytes: Math.round((small + large) / 2), largestBytes: large, largestIn: "large" });
  expect(fields.map(({ field, of, records }) => [field, of, records])).toEqual([
    ["state.cart", "conversation", 2],
    ["state", "conversation", 1],
    ["customer.orders", "customer", 1],
    ["$once", "conversation", 1],
    ["plain", "conversation", 1],
    ["state.note", "conversation", 1],
  ]);
});

test("it counts records, journals and what is near the limit, and names the largest", async () => {
  const store = openMemory();
  await filled(store);
  const found = await diagnose(store, 2, 0, () => {});
  expect(found).toMatchObject({ store: "memory:", conversations: { live: 4, ended: 1, forgotten: 0 }, customers: 1, journalEntries: 6, journalBytes: 6 * 1_024 });
  // One that cannot be read counts in whole KiB: what is personal in it, nobody knows.
  expect(found.largestRecords).toMatchObject([{ id: "large" }, { bytes: 1_024 }]);
  expect(found.nearLimit).toEqual({ count: 1, largest: [{ of: "conversation", id: "large", part: "state", bytes: bytes({ cart: cart(1_300) }), limit: 65_536 }] });
  expect(found.fields).toHaveLength(2);
});

test("a part is near its limit above 80 % of it, and not before", async () => {
  const store = openMemory();
  const filler = (size: number) => "x".repeat(size - 2);
  await put(store, "conversation:over", { state: filler(52_429) });
  await put(store, "conversation:under", { state: filler(52_428) });
  expect((await diagnose(store, 10, 0, () => {})).nearLimit).toMatchObject({ count: 1, largest: [{ id: "over", bytes: 52_429 }] });
});

test("a record that cannot be read is counted by its reason, and stays as it is", async () => {
  const store = openMemory();
  await filled(store);
  const before = await store.load("conversation:bad");
  const { unreadable } = await diagnose(store, 10, 0, () => {});
  expect(unreadable).toEqual({ count: 2, reasons: [{ reason: "its checksum is wrong", records: 2, example: expect.stringMatching(/^(bad|worse)$/) as string }] });
  expect(await store.load("conversation:bad")).toEqual(before);
});

test("a live conversation that nobody serves is silent after an hour, an ended one never", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  await put(store, "conversation:first", { state: {} });
  await clock.advance("30m");
  await filled(store);
  await clock.advance("30m");
  const silent = async () => (await diagnose(store, 10, clock.now(), () => {})).silent;
  expect(await silent()).toEqual({ count: 1, oldest: "first", oldestAtMs: clock.now() - 3_600_000 });
  await clock.advance("30m");
  expect(await silent()).toMatchObject({ count: 5, oldest: "first" });

  // A process that is alive has them: it ends them itself.
  await store.renew({ id: "gone", pid: 1, host: "elsewhere", startedAtMs: 0 }, 60_000);
  expect(await silent()).toEqual({ count: 0, oldest: null, oldestAtMs: null });
});

test("more than one page is read, and said", async () => {
  const store = openMemory();
  for (let index = 0; index < 1_100; index++) await put(store, `conversation:c${index}`, { state: { n: index } });
  const progress: number[] = [];
  const found = await diagnose(store, 10, 0, (records) => progress.push(records));
  expect(found).toMatchObject({ conversations: { live: 1_100 }, fields: [{ field: "state.n", records: 1_100 }] });
  expect(progress).toEqual([1_000, 1_100, 1_100]);
});

test("no value and no key that is one is shown", async () => {
  const store = openMemory();
  await filled(store);
  const found = await diagnose(store, 10, 0, () => {});
  let text = JSON.stringify(found);
  showDiagnosis(found, new Terminal({ write: (line) => (text += line, true) }), 0);
  expect(text).toContain("state.cart");
  expect(text).not.toContain(CANARY);
});

test("the command shows a table and, asked for, JSON", async () => {
  const place = new Workplace();
  const store = await openStore(`sqlite:${place.path}/state.db`, { clock: new SimulatedClock("2026-01-01T00:00Z") });
  await filled(store);
  await store.close();
  const { code, out, err } = await place.run(["state", "doctor", "--store", "sqlite:state.db"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const lines = out.split("\n").map((line) => line.trim().replaceAll(/ +/g, " "));
  expect(lines).toContain("conversations 5 (4 live, 1 ended)");
  expect(lines).toContain("customers 1");
  expect(lines.find((line) => line.startsWith("journal"))).toMatch(/^journal \d+ B in 6 entries, <?\d+ % of both$/);
  expect(lines.find((line) => line.startsWith("state.cart"))).toMatch(/^state\.cart conversation 2 \d+ KiB \d+ KiB \d+ KiB large █+ \d+ %$/);
  expect(lines.find((line) => line.startsWith("large state"))).toMatch(/█ \d+ % of 64 KiB$/);
  expect(out).toMatch(/1 above 80 % of the limit/);
  expect(out).toMatch(/4 live, but silent[^]*conversimple state list --status live/);
  expect(out).toMatch(/2 cannot be read\n *2 +its checksum is wrong +(bad|worse)\n[^]*conversimple state quarantine list/);

  const json = JSON.parse((await place.run(["state", "doctor", "--json", "--top", "1", "--store", "sqlite:state.db"])).out) as { fields: unknown[] };
  expect(json).toMatchObject({ unreadable: { count: 2 }, fields: [{ field: "state.cart", averageBytes: expect.any(Number) as number }] });
});

test("an empty store is said to be empty, and one that is not there is not made", async () => {
  const place = new Workplace();
  await (await openStore(`sqlite:${place.path}/empty.db`)).close();
  expect((await place.run(["state", "doctor", "--store", "sqlite:empty.db"])).out).toContain("Nothing is stored yet.");
  expect(await place.run(["state", "doctor"])).toMatchObject({ code: 1, out: "", err: expect.stringContaining("There is no store") as string });
});
