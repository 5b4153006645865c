// More calls at once than anybody can run: what is over the bounds is told so, and nothing else suffers.

import { afterAll, beforeAll, expect, test } from "vitest";
import { kindOf, Rig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  await rig.serve();
});
afterAll(() => rig?.stop());

const CALLS = 10_000;

test(`of ${CALLS.toLocaleString("en")} calls at once those that fit are done, the others are overloaded; a conversation beside them is served, and then all is as before`, { timeout: 120_000 }, async () => {
  const crowded = await Promise.all(["c0", "c1"].map((id) => rig.open(id)));
  const calm = await rig.open("calm");
  await Promise.all([...crowded, calm].map((id) => rig.call(id, "add", { n: 1 })));
  const over = new AbortController();
  const all = Promise.all(Array.from({ length: CALLS }, (_, n) => rig.call(crowded[n % 2]!, "add", { n: 1 }))).finally(() => over.abort());
  const beside: string[] = [];
  do beside.push(kindOf(await rig.call(calm, "add", { n: 1 })));
  while (!over.signal.aborted);
  const kinds = (await all).map(kindOf);
  const done = kinds.filter((kind) => kind === "result").length;
  // At least those that may wait in each conversation.
  expect(done).toBeGreaterThanOrEqual(2 * 64);
  expect(kinds.filter((kind) => kind === "overloaded")).toHaveLength(CALLS - done);
  expect(done).toBeLessThan(CALLS);
  expect(new Set(beside)).toEqual(new Set(["result"]));
  const after = await Promise.all([...crowded, ...crowded].map((id) => rig.call(id, "add", { n: 1 })));
  expect(after.map(kindOf)).toEqual(["result", "result", "result", "result"]);
  expect(await rig.judge()).toEqual([]);
});
