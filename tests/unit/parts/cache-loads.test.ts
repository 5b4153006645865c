import { getEventListeners } from "node:events";

import { expect, test } from "vitest";

import { cache, ConversimpleAgent, tool } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";
import { open, unhandled } from "./cache-shop.ts";

test("100 gets at once are one load, over conversations too", async () => {
  const { call, asked, settle } = await open();
  const other = await call.another();
  const turns = [call.tool("many", { key: "a", times: 50 }), other.tool("many", { key: "a", times: 50 })];
  await settle();
  expect(asked).toHaveLength(1);
  asked[0]!.give("it");
  expect((await Promise.all(turns)).map(({ result }) => result)).toEqual([50, 50]);
  expect((await call.tool("stats")).result).toEqual({ hits: 0, misses: 100, failures: 0, size: 1 });
});

test("a loader runs in nobody's conversation", async () => {
  const { call, asked, settle } = await open({ staleMs: 60_000 });
  const turn = call.tool("get", { key: "a" });
  await settle();
  asked[0]!.give("old");
  await turn;
  await call.advance("61s");
  await call.tool("get", { key: "a" });
  expect(asked.map(({ conversation }) => conversation)).toEqual([undefined, undefined]);
});

test("a caller that gives up takes nobody with it", async () => {
  const { call, asked, settle } = await open();
  const other = await call.another();
  const short = call.tool("get", { key: "a" }, { timeoutMs: 1_000 });
  const long = other.tool("get", { key: "a" }, { timeoutMs: 20_000 });
  await settle();
  await call.advance("2s");
  expect((await short).error).toMatchObject({ code: "tool_timeout" });
  expect(asked[0]!.signal.aborted).toBe(false);
  asked[0]!.give("it");
  expect((await long).result).toEqual({ value: "it" });
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ value: "it", cached: true });
  expect(asked).toHaveLength(1);
});

test("when nobody waits any more the load is aborted, and what it gives later is not kept", async () => {
  const { call, asked, settle } = await open();
  const turns = [call.tool("get", { key: "a" }, { timeoutMs: 1_000 }), call.tool("get", { key: "a" }, { timeoutMs: 2_000 })];
  await settle();
  await call.advance("1500ms");
  expect(asked[0]!.signal.aborted).toBe(false);
  await call.advance("1s");
  expect(asked[0]!.signal).toMatchObject({ aborted: true, reason: { code: "cancelled" } });
  await Promise.all(turns);
  const again = call.tool("get", { key: "a" });
  await settle();
  expect(asked).toHaveLength(2);
  asked[0]!.give("late");
  asked[1]!.give("new");
  expect((await again).result).toEqual({ value: "new" });
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: "new" });
});

test("a load that fails after everybody left is nobody's error", async () => {
  const seen = unhandled();
  const { call, asked, settle } = await open();
  const turn = call.tool("get", { key: "a" }, { timeoutMs: 1_000 });
  await settle();
  await call.advance("2s");
  await turn;
  asked[0]!.fail(new Error("too late"));
  await settle();
  expect([call.errors, seen]).toEqual([[], []]);
  expect((await call.tool("stats")).result).toMatchObject({ failures: 0 });
});

test("a loader that throws fails everybody who waits, and the next get loads again", async () => {
  const { call, asked, settle } = await open();
  const turns = [call.tool("get", { key: "a" }), call.tool("get", { key: "a" })];
  await settle();
  asked[0]!.fail(new Error("no such product"));
  for (const turn of await Promise.all(turns)) expect(turn.error).toMatchObject({ code: "tool_execution_error" });
  expect(call.errors).toMatchObject([{ message: "no such product" }, { message: "no such product" }]);
  const again = call.tool("get", { key: "a" });
  await settle();
  asked[1]!.give("there");
  expect((await again).result).toEqual({ value: "there" });
  expect((await call.tool("stats")).result).toMatchObject({ failures: 1, size: 1 });
});

test("a loader that throws before it waits for anything fails the get, not the process", async () => {
  const { call } = await open({ load: () => { throw new Error("at once"); } });
  expect((await call.tool("get", { key: "a" })).error).toMatchObject({ code: "tool_execution_error" });
  expect(call.errors).toMatchObject([{ message: "at once" }]);
});

test("a loader that never returns ends at its limit, and its key is not stuck", async () => {
  const { call, asked, settle } = await open({ loadTimeoutMs: 5_000 });
  const turn = call.tool("get", { key: "a" });
  await settle();
  await call.advance("5s");
  expect((await turn).error).toMatchObject({ code: "tool_timeout", message: expect.stringContaining('cache "things"') as string });
  expect(asked[0]!.signal.aborted).toBe(true);
  const again = call.tool("get", { key: "a" });
  await settle();
  asked[1]!.give("there");
  expect((await again).result).toEqual({ value: "there" });
  asked[0]!.fail(new Error("at last"));
  await settle();
  expect((await call.tool("stats")).result).toMatchObject({ failures: 1 });
});

test("what waited leaves nothing on its call", async () => {
  class Tidy extends ConversimpleAgent {
    static override readonly agentId = "tidy";
    readonly things = cache({ ttlMs: 1, load: (key) => Promise.resolve(key) });
    get = tool("Get", async () => {
      await Promise.all([this.things.get("a"), this.things.get("b")]);
      return getEventListeners(this.call.signal, "abort").length;
    });
  }
  expect((await (await testAgent(new Tidy())).tool("get")).result).toBe(0);
});

test("a get of a call that is over already begins no load", async () => {
  let loads = 0;
  class Late extends ConversimpleAgent {
    static override readonly agentId = "late";
    readonly things = cache({ ttlMs: 1, load: () => ++loads });
    get = tool("Get", async () => {
      const { signal } = this.call;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return this.things.get("a");
    });
  }
  const call = await testAgent(new Late());
  const turn = call.tool("get", {}, { timeoutMs: 10 });
  await call.advance(10);
  await turn;
  await call.advance(0);
  expect(loads).toBe(0);
});

test("an old value is served at once while one refresh runs", async () => {
  const { call, asked, settle } = await open({ staleMs: 30_000 });
  const first = call.tool("get", { key: "a" });
  await settle();
  asked[0]!.give("old");
  await first;
  await call.advance("70s");
  for (let turn = 0; turn < 3; turn++) expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "old", cached: true, ageMs: 70_000 });
  expect(asked).toHaveLength(2);
  asked[1]!.give("new");
  await settle();
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "new", cached: true, ageMs: 0 });
});

test("a refresh that fails keeps the old value and is nobody's error; it is counted, and tried again", async () => {
  const seen = unhandled();
  const { call, asked, settle } = await open({ staleMs: 30_000 });
  const first = call.tool("get", { key: "a" });
  await settle();
  asked[0]!.give("old");
  await first;
  await call.advance("70s");
  await call.tool("get", { key: "a" });
  asked[1]!.fail(new Error("down"));
  await settle();
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "old" });
  expect(asked).toHaveLength(3);
  expect([call.errors, seen]).toEqual([[], []]);
  expect((await call.tool("stats")).result).toMatchObject({ failures: 1 });

  // Too old by now: who asks has to wait for the refresh that runs.
  await call.advance("21s");
  const turn = call.tool("fetch", { key: "a" });
  await settle();
  expect(asked).toHaveLength(3);
  asked[2]!.give("new");
  expect((await turn).result).toMatchObject({ value: "new", cached: false });
});

test("a refresh does not end when a call that came to wait for it does", async () => {
  const { call, asked, settle } = await open({ staleMs: 1_000 });
  const first = call.tool("get", { key: "a" });
  await settle();
  asked[0]!.give("old");
  await first;
  await call.advance("60500ms");
  await call.tool("get", { key: "a" });
  await call.advance("1s");
  const turn = call.tool("get", { key: "a" }, { timeoutMs: 1_000 });
  await call.advance("2s");
  expect((await turn).error).toMatchObject({ code: "tool_timeout" });
  expect(asked[1]!.signal.aborted).toBe(false);
  asked[1]!.give("new");
  await settle();
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: "new" });
});

test("what a loader still holds does not change what is kept", async () => {
  const mine = { list: [1] };
  const { call } = await open({ load: () => mine });
  await call.tool("get", { key: "a" });
  mine.list.push(2);
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: { list: [1] } });
});

test("what was set or deleted during a load is not overwritten by it", async () => {
  const { call, asked, settle } = await open();
  const before = call.tool("get", { key: "a" });
  await settle();
  await call.tool("set", { key: "a", value: "set" });
  asked[0]!.give("loaded");
  expect((await before).result).toEqual({ value: "loaded" });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "set" });

  await call.tool("remove", { key: "a" });
  const outdated = call.tool("get", { key: "a" });
  await settle();
  await call.tool("remove", { key: "a" });
  const after = call.tool("get", { key: "a" });
  await settle();
  asked[1]!.give("outdated");
  asked[2]!.give("now");
  expect([(await outdated).result, (await after).result]).toEqual([{ value: "outdated" }, { value: "now" }]);
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: "now" });
});
