// Reading: lists with filters and pages, history, the feed.

import assert from "node:assert/strict";
import type { ListFilter, Owner } from "../../state/store.ts";
import { processNamed, refused } from "./fixture.ts";
import type { Case, Fixture } from "./fixture.ts";

const A: Owner = "customer:a";
const CALL: Owner = "conversation:call";

async function ownersOf(on: Fixture, filter: ListFilter): Promise<Owner[]> {
  return (await on.store.list(filter)).items.map((item) => item.owner);
}

/** Three conversations of two agents and one customer record. */
async function fill(on: Fixture): Promise<void> {
  for (const [id, agentId, customer] of [["c1", "shop", "x"], ["c2", "clinic", null], ["c3", "shop", "x"]] as const) {
    await on.commit(`conversation:${id}`, 0, { record: `record ${id} é`, facts: { agentId, customer } });
    await on.clock.advance("1s");
  }
  await on.commit("conversation:c1", 1, { facts: { status: "ended", endReason: "hung up" } });
  await on.commit(A, 0, { record: "r" });
}

const lists: readonly Case[] = [
  {
    name: "a list is newest first and shows what a record is, not what is in it",
    run: async (on) => {
      await fill(on);
      const { items, nextCursor } = await on.store.list({ kind: "conversation" });
      assert.equal(nextCursor, null);
      assert.deepEqual(items.map((item) => item.owner), ["conversation:c3", "conversation:c2", "conversation:c1"]);
      const { facts } = await on.loaded("conversation:c1");
      assert.deepEqual(items[2], { owner: "conversation:c1", version: 2, epoch: 0, process: null, facts, recordBytes: 12 });
    },
  },
  {
    name: "every filter finds its own, and together they find what all of them find",
    run: async (on) => {
      await fill(on);
      assert.deepEqual(await ownersOf(on, { kind: "customer" }), [A]);
      assert.deepEqual(await ownersOf(on, { status: "ended" }), ["conversation:c1"]);
      assert.deepEqual(await ownersOf(on, { agentId: "shop" }), ["conversation:c3", "conversation:c1"]);
      assert.deepEqual(await ownersOf(on, { customer: "x", status: "live" }), ["conversation:c3"]);
      assert.deepEqual(await ownersOf(on, { kind: "conversation", status: "live", agentId: "clinic" }), ["conversation:c2"]);
      assert.deepEqual(await ownersOf(on, { customer: "%" }), []);
      assert.deepEqual(await ownersOf(on, { agentId: "' OR 1=1 --" }), []);
    },
  },
  {
    name: "an orphan is what no process with a lease owns",
    run: async (on) => {
      const [alive, mute] = [processNamed("alive"), processNamed("mute")];
      await on.store.renew(alive, 10_000);
      await on.acquired("conversation:served", alive);
      await on.acquired("conversation:mute", mute);
      await on.acquired("conversation:released", alive);
      await on.store.release("conversation:released", "alive", 1);
      assert.deepEqual(await ownersOf(on, { orphaned: true }), ["conversation:released", "conversation:mute"]);
      await on.clock.advance(10_000);
      assert.equal((await ownersOf(on, { orphaned: true, status: "live" })).length, 3);
    },
  },
  {
    name: "pages follow each other without gap or repetition while owners come and go",
    run: async (on) => {
      for (let n = 0; n < 7; n++) await on.commit(`customer:${n}`, 0);
      const first = await on.store.list({ limit: 3 });
      await on.commit("customer:new", 0);
      await on.store.forget("customer:3");
      const second = await on.store.list({ limit: 3, cursor: first.nextCursor! });
      assert.deepEqual([...first.items, ...second.items].map((item) => item.owner), [6, 5, 4, 2, 1, 0].map((n) => `customer:${n}`));
      assert.equal(second.nextCursor, null);
    },
  },
  {
    name: "pages follow each other under every filter, each item once",
    run: async (on) => {
      await fill(on);
      for (const filter of [{}, { kind: "conversation" }, { customer: "x" }, { agentId: "shop" }, { status: "live" }, { kind: "conversation", status: "live" }, { orphaned: true }] as const) {
        const whole = await ownersOf(on, filter);
        const paged: Owner[] = [];
        for (let cursor: string | null = ""; cursor !== null; ) {
          const page = await on.store.list({ ...filter, limit: 1, ...(cursor === "" ? {} : { cursor }) });
          paged.push(...page.items.map((item) => item.owner));
          cursor = page.nextCursor;
        }
        assert.deepEqual(paged, whole);
      }
    },
  },
  {
    name: "an owner whose customer or status changed is listed under what it is now",
    run: async (on) => {
      await fill(on);
      await on.commit("conversation:c2", 1, { facts: { customer: "y" } });
      await on.commit("conversation:c3", 1, { facts: { customer: "y", status: "ended" } });
      assert.deepEqual(await ownersOf(on, { customer: "x" }), ["conversation:c1"]);
      assert.deepEqual(await ownersOf(on, { customer: "y" }), ["conversation:c3", "conversation:c2"]);
      await on.commit("conversation:c2", 2, { facts: { customer: null } });
      await on.commit("conversation:c3", 2, { facts: { status: "live" } });
      assert.deepEqual(await ownersOf(on, { customer: "y" }), ["conversation:c3"]);
      assert.deepEqual(await ownersOf(on, { kind: "conversation", status: "live" }), ["conversation:c3", "conversation:c2"]);
    },
  },
  {
    name: "a limit or cursor that makes no sense is refused, a limit that is too large is cut",
    run: async (on) => {
      for (const limit of [0, -1, 1.5, Number.NaN]) await refused(on.store.list({ limit }), "option_invalid");
      for (const cursor of ["", "x", "-1", "1; DROP TABLE owners", "9".repeat(400)]) {
        await refused(on.store.list({ cursor }), "option_invalid");
        await refused(on.store.feed(cursor), "option_invalid");
      }
      await refused(on.store.history(A, { limit: 0 }), "option_invalid");
      await on.commit(A, 0);
      assert.equal((await on.store.list({ limit: 1_000_000 })).items.length, 1);
    },
  },
];

const journals: readonly Case[] = [
  {
    name: "history has an entry for every commit, oldest first, in pages",
    run: async (on) => {
      const start = on.clock.now();
      await on.answer(CALL, 0, "call-1");
      await on.commit(CALL, 1, { record: "no entry" });
      await on.commit(CALL, 2, { entry: "third" });
      assert.deepEqual(await on.store.history(CALL), [
        { version: 1, atMs: start, text: "entry of call-1", callId: "call-1" },
        { version: 2, atMs: start, text: null, callId: null },
        { version: 3, atMs: start, text: "third", callId: null },
      ]);
      assert.deepEqual((await on.store.history(CALL, { limit: 2 })).map((entry) => entry.version), [1, 2]);
      assert.deepEqual((await on.store.history(CALL, { afterVersion: 1, limit: 1 })).map((entry) => entry.version), [2]);
      assert.deepEqual(await on.store.history(CALL, { afterVersion: 3 }), []);
    },
  },
  {
    name: "the feed has the commits of all owners in their order, from a cursor on",
    run: async (on) => {
      await on.commit(A, 0, { entry: "a1" });
      const start = await on.store.feed(null);
      assert.deepEqual(start.items, []);
      await on.answer(CALL, 0, "call-1");
      await on.commit(A, 1, { entry: "a2" });
      await on.commit(CALL, 1, { entry: "c2" });
      const first = await on.store.feed(start.cursor, 2);
      assert.deepEqual(first.items.map((item) => [item.owner, item.version, item.text, item.callId]), [[CALL, 1, "entry of call-1", "call-1"], [A, 2, "a2", null]]);
      assert.equal(first.cursor, first.items[1]!.cursor);
      const second = await on.store.feed(first.cursor);
      assert.deepEqual(second.items.map((item) => item.text), ["c2"]);
      assert.deepEqual(await on.store.feed(second.cursor), { items: [], cursor: second.cursor });
    },
  },
  {
    name: "a feed that is read while many write misses nothing and repeats nothing",
    run: async (on) => {
      const { cursor: start } = await on.store.feed(null);
      const writers = Array.from({ length: 8 }, async (_, w) => {
        for (let n = 0; n < 20; n++) await on.commit(`customer:${w}`, n, { entry: `${w}-${n}` });
      });
      let isDone = false;
      const all = Promise.all(writers).then(() => (isDone = true));
      const seen: (string | null)[] = [];
      for (let cursor = start, last = false; !last; ) {
        last = isDone;
        const page = await on.store.feed(cursor, 7);
        seen.push(...page.items.map((item) => item.text));
        cursor = page.cursor;
        last &&= page.items.length === 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await all;
      assert.equal(seen.length, 160);
      assert.equal(new Set(seen).size, 160);
    },
  },
];

export const readingCases: readonly Case[] = [...lists, ...journals];
