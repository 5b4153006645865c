// Commits: versions, all or nothing, racing writers, fencing, write ids, facts. (S1..S4)

import assert from "node:assert/strict";
import type { Owner } from "../../state/store.ts";
import { processNamed, refused } from "./fixture.ts";
import type { Case } from "./fixture.ts";

const A: Owner = "customer:a";
const B: Owner = "customer:b";
const CALL: Owner = "conversation:call";

const basics: readonly Case[] = [
  {
    name: "an owner that was never written is not there",
    run: async ({ store }) => {
      assert.equal(await store.load(A), undefined);
      assert.equal(await store.answer(A, "call-1"), undefined);
      assert.deepEqual(await store.history(A), []);
      assert.deepEqual(await store.inbox(A), []);
    },
  },
  {
    name: "what was committed is loaded, and times are the clock's",
    run: async (on) => {
      const start = on.clock.now();
      assert.deepEqual(await on.commit(A, 0, { record: "one", entry: "first" }), { version: 1 });
      await on.clock.advance("5s");
      assert.deepEqual(await on.commit(A, 1, { record: "two" }), { version: 2 });
      assert.deepEqual(await on.store.load(A), {
        owner: A, record: "two", version: 2, epoch: 0, process: null, calls: [], mail: 0,
        facts: { status: "live", agentId: null, customer: null, endReason: null, createdAtMs: start, updatedAtMs: start + 5_000, expiresAtMs: null },
      });
    },
  },
  {
    name: "what a commit leaves out stays as it is",
    run: async (on) => {
      await on.commit(A, 0, { record: "one", facts: { customer: "c", agentId: "shop", endReason: "r" } });
      await on.commit(A, 1, { entry: "only an entry", facts: { agentId: null } });
      const { record, facts } = await on.loaded(A);
      assert.equal(record, "one");
      assert.deepEqual([facts.customer, facts.agentId, facts.endReason, facts.status], ["c", null, "r", "live"]);
    },
  },
  {
    name: "owners do not see each other",
    run: async (on) => {
      await on.commit(A, 0, { record: "a", answer: { callId: "call-1", digest: "d", text: "of a" } });
      await on.commit(B, 0, { record: "b" });
      assert.equal((await on.loaded(A)).record, "a");
      assert.equal((await on.loaded(B)).record, "b");
      assert.equal(await on.store.answer(B, "call-1"), undefined);
      assert.equal((await on.store.history(B)).length, 1);
    },
  },
  {
    name: "what was acknowledged is there for whoever opens the store next",
    opensAgain: true,
    run: async (on) => {
      await on.commit(A, 0, { record: "kept", answer: { callId: "call-1", digest: "d", text: "answer" } });
      const before = await on.store.load(A);
      const other = await on.again();
      assert.deepEqual(await other.load(A), before);
      assert.equal(await other.answer(A, "call-1"), "answer");
      await on.commit(A, 1, { record: "newer" }, other);
      assert.equal((await on.loaded(A)).record, "newer");
    },
  },
  {
    name: "a closed store refuses everything, and closes again without complaint",
    run: async (on) => {
      await on.store.close();
      assert.equal((await refused(on.store.load(A), "state_unavailable")).fields.outcome, "none");
      assert.equal((await refused(on.commit(A, 0), "state_unavailable")).fields.outcome, "none");
      await refused(on.store.list(), "state_unavailable");
      await refused(on.store.sweep(), "state_unavailable");
      await on.store.close();
    },
  },
  {
    name: "a commit that was begun before the close is finished by it",
    opensAgain: true,
    run: async (on) => {
      const other = await on.again();
      const begun = on.commit(A, 0, { record: "in time" }, other);
      await other.close();
      await begun;
      assert.equal((await on.loaded(A)).record, "in time");
    },
  },
];

const conflicts: readonly Case[] = [
  {
    name: "a losing writer changes none of its records",
    run: async (on) => {
      await on.commit(A, 0, { record: "one" });
      await on.store.post(CALL, { id: "m", text: "t" }).catch(() => undefined);
      await on.commit(A, 1, { record: "two" });
      const before = [await on.store.load(A), await on.store.history(A), await on.store.feed("0")];
      const error = await refused(
        on.commit(A, 1, { record: "lost", entry: "lost", answer: { callId: "lost", digest: "d", text: "t" }, facts: { customer: "lost", expiresAtMs: 1 }, trimBelow: 9 }),
        "version_conflict",
      );
      assert.deepEqual([error.fields.expected, error.fields.found], [1, 2]);
      assert.deepEqual([await on.store.load(A), await on.store.history(A), await on.store.feed("0")], before);
      assert.equal(await on.store.answer(A, "lost"), undefined);
    },
  },
  {
    name: "creating what is there already is a conflict, and so is a version from the future",
    run: async (on) => {
      await on.commit(A, 0, { record: "one" });
      await refused(on.commit(A, 0, { record: "again" }), "version_conflict");
      await refused(on.commit(A, 7, { record: "future" }), "version_conflict");
      assert.equal((await on.loaded(A)).version, 1);
    },
  },
  {
    name: "a commit to an owner that is gone says that the state is lost",
    run: async (on) => {
      await refused(on.commit(A, 3, { record: "x" }), "state_lost");
      await refused(on.commit(CALL, 0, { record: "x", epoch: 2 }), "state_lost");
      assert.equal(await on.store.load(A), undefined);
      assert.equal(await on.store.load(CALL), undefined);
    },
  },
  {
    name: "of writers that race at one version exactly one wins",
    run: async (on) => {
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => on.commit(A, 0, { record: `writer ${n}` })));
      assert.equal(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
      assert.equal((await on.store.history(A)).length, 1);
    },
  },
  {
    name: "writers on two connections that reload after a conflict lose no update",
    opensAgain: true,
    run: async (on) => {
      const stores = [on.store, await on.again()];
      await Promise.all(stores.flatMap((store, s) => [0, 1].map((w) => addTo(on, store, 15, `${s}${w}`))));
      assert.equal((await on.loaded(A)).record, "60");
      assert.equal((await on.loaded(A)).version, 60);
      assert.equal((await on.store.history(A)).length, 60);
    },
  },
  {
    name: "a conflict fails alone among commits that are made at the same time",
    run: async (on) => {
      await on.commit(A, 0, { record: "one" });
      const outcomes = await Promise.allSettled([
        on.commit(B, 0, { record: "b" }), on.commit(A, 0, { record: "late" }), on.commit(A, 1, { record: "two" }), on.commit("customer:c", 0, { record: "c" }),
      ]);
      assert.deepEqual(outcomes.map((outcome) => outcome.status), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      assert.deepEqual([(await on.loaded(A)).record, (await on.loaded(B)).record], ["two", "b"]);
    },
  },
];

const fencing: readonly Case[] = [
  {
    name: "a commit with another epoch is fenced, also when its version is wrong too",
    run: async (on) => {
      const epoch = await on.acquired(CALL, processNamed("p1"));
      await on.commit(CALL, 0, { epoch, record: "mine" });
      await on.acquired(CALL, processNamed("p2"));
      const error = await refused(on.commit(CALL, 1, { epoch, record: "stale" }), "fenced");
      assert.deepEqual([error.fields.epoch, error.fields.found], [epoch, epoch + 1]);
      await refused(on.commit(CALL, 0, { epoch, record: "stale" }), "fenced");
      await refused(on.commit(CALL, 1, { epoch: epoch + 5, record: "future" }), "fenced");
      await refused(on.commit(CALL, 1, { epoch: 0, record: "none" }), "fenced");
      assert.equal((await on.loaded(CALL)).record, "mine");
    },
  },
  {
    name: "a write id that was the last one is a success without effect",
    run: async (on) => {
      const change = { writeId: "w", expectedVersion: 0, epoch: 0, record: "one", entry: "e" };
      assert.deepEqual(await on.store.commit(A, change), { version: 1 });
      assert.deepEqual(await on.store.commit(A, change), { version: 1 });
      assert.deepEqual(await on.store.commit(A, { ...change, record: "other" }), { version: 1 });
      assert.equal((await on.loaded(A)).record, "one");
      assert.equal((await on.store.history(A)).length, 1);
    },
  },
  {
    name: "a repeated write id is a success even for a process that was fenced since",
    run: async (on) => {
      const epoch = await on.acquired(CALL, processNamed("p1"));
      const change = { writeId: "w", expectedVersion: 0, epoch, record: "one" };
      await on.store.commit(CALL, change);
      await on.acquired(CALL, processNamed("p2"));
      assert.deepEqual(await on.store.commit(CALL, change), { version: 1 });
    },
  },
  {
    name: "a write id counts for its owner alone, and no longer than it is the last one",
    run: async (on) => {
      await on.store.commit(A, { writeId: "w", expectedVersion: 0, epoch: 0, record: "a" });
      await on.store.commit(B, { writeId: "w", expectedVersion: 0, epoch: 0, record: "b" });
      assert.equal((await on.loaded(B)).record, "b");
      await on.commit(A, 1);
      await refused(on.store.commit(A, { writeId: "w", expectedVersion: 0, epoch: 0, record: "a" }), "version_conflict");
    },
  },
];

/** Adds one to the number in A's record, `times` times, reloading after each conflict. */
async function addTo(on: Parameters<Case["run"]>[0], store: Parameters<Case["run"]>[0]["store"], times: number, name: string): Promise<void> {
  for (let done = 0; done < times; ) {
    const loaded = await store.load(A);
    const record = String(Number(loaded?.record ?? 0) + 1);
    try {
      await on.commit(A, loaded?.version ?? 0, { record, entry: `${name}-${done}` }, store);
      done += 1;
    } catch (thrown) {
      assert.equal((thrown as { code?: unknown }).code, "version_conflict");
    }
  }
}

export const commitCases: readonly Case[] = [...basics, ...conflicts, ...fencing];
