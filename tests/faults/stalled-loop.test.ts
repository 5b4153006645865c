import { afterEach, beforeEach, expect, test } from "vitest";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  // What is 60 s of silence and 30 s of heartbeat in earnest is a second here, so that a stall of three misses both.
  rig = await Rig.start({ silenceMs: 1_000 });
});
afterEach(() => rig.stop());

const SHORT = { leaseMs: 600, times: { heartbeatMs: 300 } };

test("an event loop that stalls past heartbeat and lease, alone: it reconnects and answers, the change is there once", { timeout: 60_000 }, async () => {
  const alone = await rig.serve(SHORT);
  await rig.open("c1");
  expect(await rig.call("c1", "block_once", { ms: 3_000 })).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":1,"total":3000}' });
  await alone.says("the connection was lost");
  expect(await rig.call("c1", "add", { n: 1 })).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":2,"total":3001}' });
  expect(await rig.judge()).toEqual([]);
});

test("a conversation that is taken over during the stall is not answered or changed by the one that stalled", { timeout: 60_000 }, async () => {
  const pair = [await rig.serve(SHORT), await rig.serve(SHORT)];
  await rig.open("c1");
  await rig.call("c1", "add", { n: 1 });
  const stalled = (await rig.owner("c1"))!;
  // Only the first process that runs it stalls.
  expect(await rig.call("c1", "block_once", { ms: 3_000 }, "stall")).toMatchObject({ kind: "result", json: '{"conversation":"c1","count":2,"total":3001}' });
  await stalled.says('"code":"fenced"');
  expect(await rig.ownerId("c1")).toBe(pair.find((other) => other !== stalled)!.identity);
  expect(await rig.judge()).toEqual([]);
  expect((await rig.seen("c1"))?.changes.map(({ callId }) => callId).filter((callId) => callId === "stall")).toHaveLength(1);
});
