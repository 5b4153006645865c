import { afterEach, beforeEach, expect, test } from "vitest";
import type { CallAnswer } from "../../src/platform/index.ts";
import { openSqlite } from "../../src/stores/sqlite/store.ts";
import { Proxy } from "./proxy.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
let proxy: Proxy;
beforeEach(async () => {
  rig = await Rig.start();
  proxy = await Proxy.listen(rig.url);
});
afterEach(async () => {
  await rig.stop();
  await proxy.stop();
});

const unavailable = { kind: "error", error: { type: "state_unavailable" } };

/** Delivers a call that was delivered before once more, as a platform that lost the answer would, and gives what is said. */
async function redeliver(callId: string): Promise<string> {
  const request = proxy.lastTold("tool_call_request", `"${callId}"`);
  // While an answer is on its way, the same question gets no second one.
  await proxy.confirmed(callId);
  const from = proxy.said.length;
  proxy.inject(`"${callId}"`, request);
  const answer = await proxy.hears((text) => text.includes('"tool_call_') && text.includes(`"${callId}"`), from);
  return answer.slice(answer.indexOf('{"call_id"'), -1);
}

test("on a full disk callers hear state_unavailable and nothing is acknowledged; kept answers are read; it recovers by itself", { timeout: 30_000 }, async () => {
  await rig.serve({ platformUrl: proxy.url, maxPageCount: 120 });
  await rig.open("c1");
  await rig.open("filler");
  await rig.call("c1", "add", { n: 1 }, "before");
  await rig.open("crumbs");
  // What is left where no large change fits is filled with small ones.
  for (const [filler, bytes] of [["filler", 40_000], ["crumbs", 4_000]] as const) {
    let answer: CallAnswer;
    do answer = await rig.call(filler, "fill", { bytes });
    while (answer.kind === "result");
    expect(answer).toMatchObject(unavailable);
  }
  const before = (await rig.seen("c1"))!;
  expect(await rig.call("c1", "fill", { bytes: 40_000 })).toMatchObject(unavailable);
  expect(await rig.seen("c1")).toEqual(before);
  expect(await redeliver("before")).toBe('{"call_id":"before","result":{"conversation":"c1","count":1,"total":1}}');
  expect(await rig.judge()).toEqual([]);

  // Somebody makes space.
  const other = await openSqlite(rig.path);
  await other.forget("conversation:filler");
  await other.close();
  expect(await rig.call("c1", "fill", { bytes: 40_000 })).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":2,"total":1}' });
  expect((await rig.seen("c1"))?.state.note).toHaveLength(40_000);
  expect(rig.integrity()).toBe("ok");
});

test("a store worker that dies is started again: its calls are answered with what really happened, once each", { timeout: 30_000 }, async () => {
  for (const step of ["after-operation", "before-commit", "after-commit", "before-reply"] as const) {
    const running = await rig.serve({ faults: [{ step, group: 8, action: { kind: "exit" } }] });
    const ids = [await rig.open(`${step}-1`), await rig.open(`${step}-2`)];
    for (let n = 0; n < 6; n++) {
      const answers = await Promise.all(ids.map((id) => rig.call(id, "add", { n })));
      expect(answers.map((answer) => (answer as { json: string }).json)).toEqual(ids.map((id) => JSON.stringify({ conversation: id, count: n + 1, total: (n * (n + 1)) / 2 })));
    }
    await running.kill();
  }
  expect(await rig.judge()).toEqual([]);
});

test("a store that is slower than its timeout keeps everybody waiting, and nobody loses anything", { timeout: 30_000 }, async () => {
  await rig.serve({ storeTimeoutMs: 300, faults: [{ step: "before-commit", group: 8, action: { kind: "sleep", ms: 2_000 } }] });
  const ids = await Promise.all(["c1", "c2", "c3"].map((id) => rig.open(id)));
  const answers = await Promise.all(ids.flatMap((id) => Array.from({ length: 6 }, (_, n) => rig.call(id, "add", { n }))));
  expect(answers.filter((answer) => answer.kind !== "result")).toEqual([]);
  expect(await rig.judge()).toEqual([]);
});

test("an outcome that stays unknown for too long is state_unavailable; a redelivery gives the true answer, and the change is there once", { timeout: 30_000 }, async () => {
  await rig.serve({ platformUrl: proxy.url, storeTimeoutMs: 200, resolveTimeoutMs: 400, faults: [{ step: "before-commit", group: 8, action: { kind: "sleep", ms: 2_000 } }] });
  await rig.open("c1");
  let answer: CallAnswer;
  let calls = 0;
  do answer = await rig.call("c1", "add", { n: 1 }, `slow-${++calls}`);
  while (answer.kind === "result");
  expect(answer).toMatchObject(unavailable);
  const truth = { conversation: "c1", count: calls, total: calls };
  // The worker still sleeps: the first redeliveries may hear the same. None of them runs the tool again.
  await expect.poll(() => redeliver(`slow-${calls}`), { timeout: 20_000 }).toBe(`{"call_id":"slow-${calls}","result":${JSON.stringify(truth)}}`);
  expect(await rig.call("c1", "add", { n: 1 })).toMatchObject({ kind: "result", json: JSON.stringify({ conversation: "c1", count: calls + 1, total: calls + 1 }) });
  expect(await rig.judge()).toEqual([]);
  expect((await rig.seen("c1"))?.changes).toHaveLength(calls + 1);
});
