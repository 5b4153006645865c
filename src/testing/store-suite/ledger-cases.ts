// The ledger: which calls are done, with their answers, for as long as P5 says.

import assert from "node:assert/strict";
import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS } from "../../state/store.ts";
import type { HistoryRange, Owner } from "../../state/store.ts";
import { refused } from "./fixture.ts";
import type { Case, Fixture } from "./fixture.ts";

const CALL: Owner = "conversation:call";

async function answerMany(on: Fixture, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) await on.answer(CALL, n, `call-${n}`);
}

export const ledgerCases: readonly Case[] = [
  {
    name: "a call is known with its digest, version and time, and its answer is given back as it was",
    run: async (on) => {
      await on.answer(CALL, 0, "call-1", "{\"ok\":true}");
      await on.commit(CALL, 1, { entry: "no call" });
      await on.clock.advance("1s");
      await on.answer(CALL, 2, "call-2");
      const start = on.clock.now() - 1_000;
      assert.deepEqual((await on.loaded(CALL)).calls, [
        { callId: "call-1", digest: "digest of call-1", version: 1, atMs: start },
        { callId: "call-2", digest: "digest of call-2", version: 3, atMs: start + 1_000 },
      ]);
      assert.equal(await on.store.answer(CALL, "call-1"), "{\"ok\":true}");
      assert.equal(await on.store.answer(CALL, "call-3"), undefined);
    },
  },
  {
    name: "a journal is read with the answers that were recorded in it, when they are asked for, however old they are",
    run: async (on) => {
      await on.answer(CALL, 0, "call-1", "{\"say\":\"grüß\"}");
      await on.commit(CALL, 1, { entry: "no call" });
      await on.clock.advance(LEDGER_MAX_AGE_MS + 1);
      await on.answer(CALL, 2, "call-2");
      const read = async (range: HistoryRange) => (await on.store.history(CALL, range)).map(({ version, callId, answer }) => [version, callId, answer]);
      assert.deepEqual(await read({ answers: true }), [[1, "call-1", "{\"say\":\"grüß\"}"], [2, null, null], [3, "call-2", "answer of call-2"]]);
      assert.deepEqual(await read({ answers: true, afterVersion: 2, limit: 1 }), [[3, "call-2", "answer of call-2"]]);
      assert.deepEqual(await read({ limit: 1 }), [[1, "call-1", undefined]]);
      await on.commit(CALL, 3, { trimBelow: 3 });
      assert.deepEqual(await read({ answers: true }), [[3, "call-2", "answer of call-2"], [4, null, null]]);
    },
  },
  {
    name: "a commit that is refused records no call",
    run: async (on) => {
      await on.answer(CALL, 0, "call-1");
      await refused(on.answer(CALL, 0, "call-2"), "version_conflict");
      assert.equal(await on.store.answer(CALL, "call-2"), undefined);
      assert.equal((await on.loaded(CALL)).calls.length, 1);
    },
  },
  {
    name: "of a call that was recorded twice the newer answer counts",
    run: async (on) => {
      await on.answer(CALL, 0, "call-1", "old");
      await on.answer(CALL, 1, "call-2");
      await on.answer(CALL, 2, "call-1", "new");
      assert.equal(await on.store.answer(CALL, "call-1"), "new");
      assert.deepEqual((await on.loaded(CALL)).calls.map((call) => [call.callId, call.version]), [["call-2", 2], ["call-1", 3]]);
    },
  },
  {
    name: `the last ${LEDGER_MAX_CALLS} calls are listed, oldest first; the answers of older ones are kept all the same`,
    run: async (on) => {
      await answerMany(on, 0, LEDGER_MAX_CALLS + 2);
      const { calls } = await on.loaded(CALL);
      assert.equal(calls.length, LEDGER_MAX_CALLS);
      assert.deepEqual([calls[0]!.callId, calls.at(-1)!.callId], ["call-2", `call-${LEDGER_MAX_CALLS + 1}`]);
      assert.equal(await on.store.answer(CALL, "call-0"), "answer of call-0");
      await on.commit(CALL, LEDGER_MAX_CALLS + 2, { trimBelow: 2 });
      assert.deepEqual([await on.store.answer(CALL, "call-0"), await on.store.answer(CALL, "call-1")], [undefined, "answer of call-1"]);
    },
  },
  {
    name: "every answer of a customer is kept for 24 hours, however many came after it, and no stranger's is found",
    run: async (on) => {
      await on.answer("customer:other", 0, "call-0", "of another customer");
      await on.answer("account:a", 0, "call-0", "of an account");
      const count = 2 * LEDGER_MAX_CALLS;
      for (let n = 0; n < count; n++) await on.answer("customer:c", n, `call-${n}`);
      assert.equal((await on.loaded("customer:c")).calls.length, LEDGER_MAX_CALLS);
      assert.equal(await on.store.answer("customer:c", "call-0"), "answer of call-0");
      await on.answer("customer:c", count, "call-0", "newer");
      assert.equal(await on.store.answer("customer:c", "call-0"), "newer");
      assert.equal(await on.store.answer("customer:other", "call-1"), undefined);
      await on.commit("customer:c", count + 1, { trimBelow: 3 });
      assert.equal(await on.store.answer("customer:c", "call-1"), undefined);
      assert.equal(await on.store.answer("customer:c", "call-2"), "answer of call-2");
      on.clock.jump(LEDGER_MAX_AGE_MS - 1);
      assert.equal(await on.store.answer("customer:c", "call-2"), "answer of call-2");
      on.clock.jump(1);
      assert.equal(await on.store.answer("customer:c", "call-2"), undefined);
    },
  },
  {
    name: "a call is kept for 24 hours and not a millisecond longer",
    run: async (on) => {
      await on.answer(CALL, 0, "call-0");
      on.clock.jump(LEDGER_MAX_AGE_MS - 1);
      await on.answer(CALL, 1, "call-1");
      assert.equal(await on.store.answer(CALL, "call-0"), "answer of call-0");
      on.clock.jump(1);
      assert.equal(await on.store.answer(CALL, "call-0"), undefined);
      assert.deepEqual((await on.loaded(CALL)).calls.map((call) => call.callId), ["call-1"]);
      assert.equal((await on.store.history(CALL)).length, 2);
    },
  },
  {
    name: "trimming drops the answers with their entries",
    run: async (on) => {
      await answerMany(on, 0, 6);
      await on.commit(CALL, 6, { entry: "trims", trimBelow: 5 });
      assert.deepEqual((await on.store.history(CALL)).map((entry) => entry.version), [5, 6, 7]);
      assert.deepEqual((await on.loaded(CALL)).calls.map((call) => call.callId), ["call-4", "call-5"]);
      assert.equal(await on.store.answer(CALL, "call-3"), undefined);
      assert.deepEqual((await on.store.feed("0")).items.map((item) => item.version), [5, 6, 7]);
      await on.commit(CALL, 7, { trimBelow: 2 });
      assert.equal((await on.store.history(CALL)).length, 4);
    },
  },
  {
    name: "trimming with every commit keeps as many as asked for, and can drop everything",
    run: async (on) => {
      for (let n = 0; n < 40; n++) {
        await on.commit(CALL, n, { entry: `e${n}`, answer: { callId: `call-${n}`, digest: "d", text: "t" }, trimBelow: n - 1 });
        const versions: number[] = (await on.store.history(CALL)).map((entry) => entry.version);
        assert.deepEqual(versions, [n - 1, n, n + 1].filter((version) => version > 0));
      }
      await on.commit(CALL, 40, { trimBelow: 1_000 });
      assert.deepEqual(await on.store.history(CALL), []);
      assert.deepEqual((await on.loaded(CALL)).calls, []);
      await on.commit(CALL, 41, { entry: "after" });
      assert.deepEqual((await on.store.history(CALL)).map((entry) => entry.text), ["after"]);
    },
  },
];
