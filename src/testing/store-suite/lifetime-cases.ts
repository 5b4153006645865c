// What goes away: expiry, sweep, forget. (P13, P22)

import assert from "node:assert/strict";
import type { Owner } from "../../state/store.ts";
import { processNamed, refused } from "./fixture.ts";
import type { Case, Fixture } from "./fixture.ts";

const A: Owner = "customer:a";
const CALL: Owner = "conversation:call";

/** A conversation with everything that can be forgotten. */
async function fill(on: Fixture, owner: Owner = CALL): Promise<number> {
  const epoch = await on.acquired(owner, processNamed("p1"));
  await on.answer(owner, 0, "call-1", "secret answer", epoch);
  await on.commit(owner, 1, { epoch, record: "secret record", entry: "secret entry", facts: { customer: "secret customer", endReason: "r" } });
  await on.store.post(owner, { id: "m1", text: "secret message" });
  return epoch;
}

async function assertAbsent(on: Fixture, owner: Owner): Promise<void> {
  assert.equal(await on.store.load(owner), undefined);
  assert.equal(await on.store.answer(owner, "call-1"), undefined);
  assert.deepEqual(await on.store.history(owner), []);
  assert.deepEqual(await on.store.inbox(owner), []);
  assert.deepEqual((await on.store.list()).items.filter((item) => item.owner === owner), []);
  assert.deepEqual((await on.store.feed("0")).items.filter((item) => item.owner === owner), []);
  assert.ok(!(await on.store.pending("p1")).includes(owner));
  await refused(on.store.post(owner, { id: "late", text: "t" }), "conversation_not_found");
}

const expiry: readonly Case[] = [
  {
    name: "an expired owner is absent for every reader before any sweep",
    run: async (on) => {
      const epoch = await fill(on);
      await on.commit(CALL, 2, { epoch, facts: { expiresAtMs: on.clock.now() + 1_000 } });
      await on.clock.advance(999);
      assert.equal((await on.loaded(CALL)).record, "secret record");
      await on.clock.advance(1);
      await assertAbsent(on, CALL);
      await refused(on.commit(CALL, 3, { epoch, record: "late" }), "state_lost");
    },
  },
  {
    name: "an expiry between two milliseconds is taken, and over at the later one",
    run: async (on) => {
      await on.commit(A, 0, { record: "soon", facts: { expiresAtMs: on.clock.now() + 0.25 } });
      await on.store.forget("customer:b", { tombstone: true, untilMs: on.clock.now() + 0.25 });
      assert.equal((await on.loaded(A)).record, "soon");
      assert.equal((await on.loaded("customer:b")).facts.status, "forgotten");
      await on.clock.advance(1);
      assert.equal(await on.store.load(A), undefined);
      assert.equal(await on.store.load("customer:b"), undefined);
    },
  },
  {
    name: "an owner without an expiry never expires, and one whose expiry was taken back does not either",
    run: async (on) => {
      await on.commit(A, 0, { facts: { expiresAtMs: on.clock.now() + 1_000 } });
      await on.commit(A, 1, { facts: { expiresAtMs: null } });
      on.clock.jump(100 * 365 * 86_400_000);
      assert.equal((await on.loaded(A)).version, 2);
      assert.deepEqual(await on.store.sweep(), { removed: 0, more: false });
    },
  },
  {
    name: "an owner that is created after its expiry starts from nothing",
    run: async (on) => {
      const epoch = await fill(on);
      await on.commit(CALL, 2, { epoch, facts: { expiresAtMs: on.clock.now() } });
      const acquired = await on.store.acquire(CALL, processNamed("p2"), { agentId: "shop" });
      assert.ok(acquired.kind === "acquired");
      assert.deepEqual([acquired.loaded.version, acquired.loaded.record, acquired.loaded.calls, acquired.loaded.mail], [0, null, [], 0]);
      await on.commit(A, 0, { record: "old", facts: { expiresAtMs: on.clock.now() } });
      await on.commit(A, 0, { entry: "new" });
      assert.equal((await on.loaded(A)).record, null);
      assert.deepEqual((await on.store.history(A)).map((entry) => entry.text), ["new"]);
    },
  },
  {
    name: "a sweep removes what expired and nothing else, a bounded number at a time",
    run: async (on) => {
      for (let n = 0; n < 5; n++) await on.commit(`customer:old-${n}`, 0, { entry: "e", facts: { expiresAtMs: on.clock.now() + n } });
      await on.commit(A, 0, { record: "stays" });
      await on.commit("customer:later", 0, { facts: { expiresAtMs: on.clock.now() + 1_000 } });
      await on.clock.advance(10);
      assert.deepEqual(await on.store.sweep(2), { removed: 2, more: true });
      assert.deepEqual(await on.store.sweep(), { removed: 3, more: false });
      assert.deepEqual(await on.store.sweep(), { removed: 0, more: false });
      assert.deepEqual((await on.store.list()).items.map((item) => item.owner), ["customer:later", A]);
      assert.deepEqual((await on.store.feed("0")).items.map((item) => item.owner), [A, "customer:later"]);
    },
  },
];

const forgetting: readonly Case[] = [
  {
    name: "forget removes record, journal, answers and inbox, and says how much it was",
    run: async (on) => {
      await fill(on);
      await fill(on, "conversation:other");
      assert.deepEqual(await on.store.forget(CALL), { records: 1, entries: 2, messages: 1 });
      await assertAbsent(on, CALL);
      assert.deepEqual(await on.store.forget(CALL), { records: 0, entries: 0, messages: 0 });
      assert.equal((await on.loaded("conversation:other")).record, "secret record");
      assert.equal(await on.store.answer("conversation:other", "call-1"), "secret answer");
    },
  },
  {
    name: "a tombstone has no content, and its version and epoch went up",
    run: async (on) => {
      const epoch = await fill(on);
      const { facts } = await on.loaded(CALL);
      await on.clock.advance("1s");
      assert.deepEqual(await on.store.forget(CALL, { tombstone: true }), { records: 1, entries: 2, messages: 1 });
      const stone = await on.loaded(CALL);
      assert.ok(stone.version > 2 && stone.epoch > epoch);
      assert.deepEqual({ ...stone, version: 0, epoch: 0 }, {
        owner: CALL, record: null, version: 0, epoch: 0, process: null, calls: [], mail: 0,
        facts: { status: "forgotten", agentId: null, customer: null, endReason: null, expiresAtMs: null, createdAtMs: facts.createdAtMs, updatedAtMs: on.clock.now() },
      });
      assert.equal(await on.store.answer(CALL, "call-1"), undefined);
      assert.deepEqual([await on.store.history(CALL), (await on.store.feed("0")).items], [[], []]);
    },
  },
  {
    name: "nothing is committed, posted or taken over where a tombstone is",
    run: async (on) => {
      const epoch = await fill(on);
      await on.store.forget(CALL, { tombstone: true });
      const stone = await on.loaded(CALL);
      await refused(on.commit(CALL, 2, { epoch, record: "late" }), "fenced");
      await refused(on.commit(CALL, stone.version, { epoch: stone.epoch, record: "knows all" }), "fenced");
      await refused(on.store.post(CALL, { id: "m", text: "t" }), "conversation_ended");
      const acquired = await on.store.acquire(CALL, processNamed("p2"));
      assert.ok(acquired.kind === "acquired" && acquired.loaded.facts.status === "forgotten" && !acquired.tookOver);
      assert.deepEqual(await on.loaded(CALL), stone);
    },
  },
  {
    name: "a tombstone also stops the commit that would have created the owner",
    run: async (on) => {
      assert.deepEqual(await on.store.forget(A, { tombstone: true }), { records: 0, entries: 0, messages: 0 });
      await refused(on.commit(A, 0, { record: "first visit, too late" }), "fenced");
      assert.equal((await on.loaded(A)).record, null);
    },
  },
  {
    name: "forgetting a tombstone again finds nothing; without a tombstone it removes the mark",
    run: async (on) => {
      await fill(on);
      await on.store.forget(CALL, { tombstone: true });
      const stone = await on.loaded(CALL);
      assert.deepEqual(await on.store.forget(CALL, { tombstone: true }), { records: 0, entries: 0, messages: 0 });
      assert.deepEqual(await on.loaded(CALL), stone);
      assert.deepEqual(await on.store.forget(CALL), { records: 0, entries: 0, messages: 0 });
      await assertAbsent(on, CALL);
    },
  },
  {
    name: "a tombstone with an end refuses commits until then; after it the owner begins anew, and a late commit is still refused",
    run: async (on) => {
      const epoch = await fill(on);
      await on.commit(A, 0, { record: "old" });
      const untilMs = on.clock.now() + 1_000;
      for (const owner of [CALL, A]) await on.store.forget(owner, { tombstone: true, untilMs });
      assert.equal((await on.loaded(A)).facts.expiresAtMs, untilMs);
      on.clock.jump(999);
      await on.store.forget(A, { tombstone: true, untilMs: untilMs + 1_000 });
      assert.equal((await on.loaded(A)).facts.expiresAtMs, untilMs);
      await refused(on.commit(A, 0, { record: "too early" }), "fenced");
      on.clock.jump(1);
      assert.equal(await on.store.load(A), undefined);
      await refused(on.commit(A, 1, { record: "late" }), "state_lost");
      await refused(on.commit(CALL, 2, { epoch, record: "late" }), "state_lost");
      assert.deepEqual(await on.commit(A, 0, { record: "new" }), { version: 1 });
      assert.deepEqual(await on.store.sweep(), { removed: 1, more: false });
      assert.equal((await on.loaded(A)).record, "new");
    },
  },
  {
    name: "a tombstone that is laid where one has ended is a new one",
    run: async (on) => {
      await on.store.forget(A, { tombstone: true, untilMs: on.clock.now() + 1_000 });
      on.clock.jump(1_000);
      await on.store.forget(A, { tombstone: true, untilMs: on.clock.now() + 1_000 });
      await refused(on.commit(A, 0, { record: "late" }), "fenced");
    },
  },
  {
    name: "what expired but was not swept is forgotten too",
    run: async (on) => {
      const epoch = await fill(on);
      await on.commit(CALL, 2, { epoch, facts: { expiresAtMs: on.clock.now() } });
      assert.deepEqual(await on.store.forget(CALL), { records: 1, entries: 3, messages: 1 });
      assert.deepEqual(await on.store.sweep(), { removed: 0, more: false });
    },
  },
  {
    name: "after a forget a cursor of the feed still finds what is committed next",
    run: async (on) => {
      await on.commit(A, 0, { entry: "before" });
      const { cursor } = await on.store.feed(null);
      await on.store.forget(A);
      await on.commit("customer:b", 0, { entry: "after" });
      assert.deepEqual((await on.store.feed(cursor)).items.map((item) => item.text), ["after"]);
    },
  },
];

export const lifetimeCases: readonly Case[] = [...expiry, ...forgetting];
