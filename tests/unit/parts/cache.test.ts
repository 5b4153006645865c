import { getEventListeners } from "node:events";

import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { cache, conversationState, ConversimpleAgent, customerState, session, tool, type CacheOptions, type CacheScope } from "../../../src/index.ts";
import { current } from "../../../src/agent/running.ts";
import { testAgent } from "../../../src/testing/index.ts";

/** A loader that a test answers: one entry per load, in order. */
interface Asked {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly conversation: string | undefined;
  give(value: unknown): void;
  fail(error: Error): void;
}

/** An agent with a cache of anything, whose loads wait for the test. */
function shop(options: Partial<CacheOptions<unknown>> = {}) {
  const asked: Asked[] = [];
  const load: CacheOptions<unknown>["load"] = (key, { signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    asked.push({ key, signal, conversation: current()?.conversation.id, give: resolve, fail: reject });
    return promise;
  };
  class Shop extends ConversimpleAgent {
    static override readonly agentId = "shop";
    readonly state = conversationState(z.object({ lines: z.array(z.object({ n: z.number() })).default([{ n: 1 }]) }));
    readonly things = cache({ ttlMs: 60_000, load, ...options });

    get = tool("Get", { key: z.string() }, { parallel: true }, async ({ key }) => ({ value: await this.things.get(key) }));
    fetch = tool("Fetch", { key: z.string() }, { parallel: true }, ({ key }) => this.things.fetch(key));
    peek = tool("Peek", { key: z.string() }, ({ key }) => ({ value: this.things.peek(key) ?? null }));
    set = tool("Set", { key: z.string(), value: z.unknown() }, ({ key, value }) => this.things.set(key, value));
    remove = tool("Remove", { key: z.string() }, ({ key }) => this.things.delete(key));
    stats = tool("Stats", () => this.things.stats);
    many = tool("Many", { key: z.string(), times: z.number() }, async ({ key, times }) => (await Promise.all(Array.from({ length: times }, () => this.things.get(key)))).length);
    setState = tool("Set state", { key: z.string() }, ({ key }) => {
      this.things.set(key, this.state.lines);
      this.state.lines[0]!.n = 99;
      return null;
    });
    spoil = tool("Spoil", { key: z.string() }, async ({ key }) => {
      const value = (await this.things.get(key)) as { list: number[]; at: Date };
      value.list.push(666);
      value.at.setTime(0);
      return null;
    });
    throwAfterSet = tool("Throw after set", { key: z.string() }, ({ key }) => {
      this.things.set(key, "kept");
      throw new TypeError("a fuse blew");
    });
  }
  return { agent: new Shop(), asked };
}

/** Rejections that nobody handles: without a listener they end the process. */
function unhandled(): unknown[] {
  const seen: unknown[] = [];
  const see = (reason: unknown) => void seen.push(reason);
  process.on("unhandledRejection", see);
  onTestFinished(() => void process.off("unhandledRejection", see));
  return seen;
}

/** A call with that agent. */
async function open(options: Partial<CacheOptions<unknown>> = {}) {
  const { agent, asked } = shop(options);
  const call = await testAgent(agent);
  /** Lets calls go as far as they can. */
  const settle = () => call.advance(0);
  return { call, asked, settle };
}

/** The same with loads that are answered at once: `key#1`, `key#2`, ... */
function counting(options: Partial<CacheOptions<unknown>> = {}) {
  let loads = 0;
  const load = (key: string) => `${key}#${++loads}`;
  return open({ ...options, load });
}

test("a value is loaded once, until it is older than its time to live", async () => {
  const { call } = await counting();
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "a#1", cached: false, ageMs: 0 });
  await call.advance("60s");
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "a#1", cached: true, ageMs: 60_000 });
  await call.advance(1);
  expect((await call.tool("fetch", { key: "a" })).result).toEqual({ value: "a#2", cached: false, ageMs: 0 });
});

test("a wall clock that is set makes nothing older or younger", async () => {
  const { call } = await counting();
  await call.tool("get", { key: "a" });
  call.clock.jump(3_600_000);
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ value: "a#1", ageMs: 0 });
  call.clock.jump(-7_200_000);
  await call.advance("61s");
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ value: "a#2" });
});

test.each([[0], [""], [false], [null], [undefined]])("%j is a value like any other", async (value) => {
  let loads = 0;
  const { call } = await open({ load: () => (loads++, value) });
  await call.tool("get", { key: "a" });
  expect((await call.tool("fetch", { key: "a" })).result).toMatchObject({ cached: true });
  expect(loads).toBe(1);
});

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

test("a value of one conversation is served in no other, and goes with it", async () => {
  const { call } = await counting({ scope: "conversation" });
  const other = await call.another();
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "a#1" });
  expect((await other.tool("peek", { key: "a" })).result).toEqual({ value: null });
  expect((await other.tool("get", { key: "a" })).result).toEqual({ value: "a#2" });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "a#1" });
  expect((await call.tool("remove", { key: "a" })).result).toBe(true);
  expect((await other.tool("get", { key: "a" })).result).toEqual({ value: "a#2" });
  expect((await other.tool("stats")).result).toMatchObject({ size: 1 });
});

test("loads of two conversations under way at once do not meet", async () => {
  const { call, asked, settle } = await open({ scope: "conversation" });
  const other = await call.another();
  const [one, two] = [call.tool("get", { key: "a" }), other.tool("get", { key: "a" })];
  await settle();
  asked[1]!.give("two");
  asked[0]!.give("one");
  expect([(await one).result, (await two).result]).toEqual([{ value: "one" }, { value: "two" }]);
});

class Orders extends ConversimpleAgent {
  static override readonly agentId = "orders";
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(z.object({}));
  readonly loads: string[] = [];
  readonly orders = cache({ ttlMs: 60_000, scope: "customer", load: (key) => `${key}#${this.loads.push(key)}` });

  login = tool("Login", { id: z.string() }, async ({ id }) => {
    await this.session.login(id, () => ({ id }));
    await this.customer.identify(id);
  });
  loginOnly = tool("Login only", { id: z.string() }, async ({ id }) => void (await this.session.login(id, () => ({ id }))));
  logout = tool("Logout", () => this.session.logout());
  get = tool("Get", { key: z.string() }, async ({ key }) => (await this.orders.get(key)));
  peek = tool("Peek", { key: z.string() }, ({ key }) => this.orders.peek(key) ?? null);
}

test("a value of one customer is served in all calls of that customer, and in no other's", async () => {
  const call = await testAgent(new Orders());
  expect((await call.tool("get", { key: "a" })).error).toMatchObject({ code: "not_identified" });

  const [again, stranger] = [await call.another(), await call.another()];
  await call.tool("login", { id: "kim" });
  await again.tool("login", { id: "kim" });
  await stranger.tool("login", { id: "lee" });
  expect((await call.tool("get", { key: "a" })).result).toBe("a#1");
  expect((await again.tool("get", { key: "a" })).result).toBe("a#1");
  expect((await stranger.tool("peek", { key: "a" })).result).toBe(null);
  expect((await stranger.tool("get", { key: "a" })).result).toBe("a#2");
  expect((await call.tool("get", { key: "a" })).result).toBe("a#1");
});

test("after a logout, or to another account, a customer's values are not served in the same call", async () => {
  const call = await testAgent(new Orders());
  await call.tool("login", { id: "kim" });
  await call.tool("get", { key: "a" });
  await call.tool("logout");
  for (const use of ["get", "peek"]) expect((await call.tool(use, { key: "a" })).error).toMatchObject({ code: "not_authenticated" });
  await call.tool("login_only", { id: "lee" });
  for (const use of ["get", "peek"]) expect((await call.tool(use, { key: "a" })).error).toMatchObject({ code: "not_authenticated" });
  expect(call.agent.loads).toEqual(["a"]);
});

test("a customer's cache in an agent without customers is refused when the agent is defined", async () => {
  class Nobody extends ConversimpleAgent {
    static override readonly agentId = "nobody";
    readonly orders = cache({ ttlMs: 1, scope: "customer", load: (key) => key });
  }
  await expect(testAgent(new Nobody())).rejects.toMatchObject({ code: "definition_invalid", message: expect.stringContaining("customerState(schema)") as string });
});

test("everybody gets a copy: what one changes, nobody else sees", async () => {
  const { call } = await open({ load: () => ({ list: [1], at: new Date(5) }) });
  const other = await call.another();
  await call.tool("spoil", { key: "a" });
  await call.tool("spoil", { key: "a" });
  expect((await other.tool("get", { key: "a" })).result).toEqual({ value: { list: [1], at: "1970-01-01T00:00:00.005Z" } });
});

test("what a loader still holds does not change what is kept", async () => {
  const mine = { list: [1] };
  const { call } = await open({ load: () => mine });
  await call.tool("get", { key: "a" });
  mine.list.push(2);
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: { list: [1] } });
});

test("a draft that is put into a cache is copied", async () => {
  const { call } = await open();
  const turn = await call.tool("set_state", { key: "a" });
  turn.expectState({ state: { lines: [{ n: 99 }] } });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: [{ n: 1 }] });
});

test("dates, maps, sets and bytes are kept as they are", async () => {
  const value = { at: new Date(5), map: new Map([["k", 1n]]), set: new Set([-0]), bytes: new Uint8Array([1, 2]), no: undefined };
  const things = cache({ ttlMs: 1_000, load: () => value });
  expect(await things.get("a")).toEqual(value);
  expect(await things.get("a")).toStrictEqual(value);
  expect(await things.get("a")).not.toBe(await things.get("a"));
});

test("what is not plain data is refused with its path, not shared and not kept", async () => {
  class Price { cents = 5; }
  let value: unknown = { price: new Price() };
  const { call } = await open({ load: () => value });
  expect((await call.tool("get", { key: "a" })).error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("things.price is a Price") as string });
  value = { price: 5 };
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: { price: 5 } });
});

test("at most max values are kept; the one used least recently goes", async () => {
  const { call } = await counting({ max: 2 });
  for (const key of ["a", "b", "a", "c"]) await call.tool("get", { key });
  expect((await call.tool("stats")).result).toEqual({ hits: 1, misses: 3, failures: 0, size: 2 });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "a#1" });
  expect((await call.tool("get", { key: "b" })).result).toEqual({ value: "b#4" });
});

test("1,000 values are kept unless told otherwise", async () => {
  const things = cache({ ttlMs: 60_000, load: (key) => key });
  for (let index = 0; index < 1_500; index++) await things.get(`${index}`);
  expect(things.stats).toEqual({ hits: 0, misses: 1_500, failures: 0, size: 1_000 });
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

test("a tool that throws keeps what it set: a cache is no state", async () => {
  const { call } = await open();
  await call.tool("throw_after_set", { key: "a" });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: "kept" });
});

test("a peek is no use: it loads nothing, counts nothing and keeps nothing longer", async () => {
  const { call, asked } = await open({ max: 2 });
  for (const key of ["a", "b"]) await call.tool("set", { key, value: key });
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: "a" });
  await call.tool("set", { key: "c", value: "c" });
  expect((await call.tool("peek", { key: "a" })).result).toEqual({ value: null });
  await call.advance("61s");
  expect((await call.tool("peek", { key: "b" })).result).toEqual({ value: null });
  expect((await call.tool("stats")).result).toEqual({ hits: 0, misses: 0, failures: 0, size: 0 });
  expect(asked).toEqual([]);
});

test("outside of any conversation a process's cache works, on the same time; the others have no owner there", async () => {
  let loads = 0;
  class Shared extends ConversimpleAgent {
    static override readonly agentId = "shared";
    readonly all = cache({ ttlMs: 60_000, load: (key) => `${key}#${++loads}` });
    readonly own = cache({ ttlMs: 60_000, scope: "conversation", load: (key) => key });
    readonly customer = customerState(z.object({}));
    readonly their = cache({ ttlMs: 60_000, scope: "customer", load: (key) => key });
    fetch = tool("Fetch", { key: z.string() }, ({ key }) => this.all.fetch(key));
  }
  const agent = new Shared();
  agent.all.set("warm", "before any call");
  const call = await testAgent(agent);
  expect((await call.tool("fetch", { key: "warm" })).result).toMatchObject({ value: "before any call", cached: true });
  await call.advance("61s");
  expect(agent.all.peek("warm")).toBeUndefined();
  expect(await agent.all.get("b")).toBe("b#1");
  expect((await call.tool("fetch", { key: "b" })).result).toMatchObject({ cached: true });
  for (const narrow of [agent.own, agent.their]) {
    await expect(narrow.get("a")).rejects.toMatchObject({ code: "no_conversation" });
    for (const use of [() => narrow.peek("a"), () => narrow.set("a", "x"), () => narrow.delete("a")]) expect(use).toThrow(expect.objectContaining({ code: "no_conversation" }) as Error);
  }
});

test.each([
  ["ttlMs", {}],
  ["ttlMs", { ttlMs: 0 }],
  ["ttlMs", { ttlMs: 1.5 }],
  ["ttlMs", { ttlMs: Infinity }],
  ["ttlMs", { ttlMs: "5m" }],
  ["max", { ttlMs: 1, max: 0 }],
  ["max", { ttlMs: 1, max: Number.NaN }],
  ["staleMs", { ttlMs: 1, staleMs: -1 }],
  ["scope", { ttlMs: 1, scope: "agent" as CacheScope }],
  ["loadTimeoutMs", { ttlMs: 1, loadTimeoutMs: 0 }],
  ["loadTimeoutMs", { ttlMs: 1, loadTimeoutMs: 3_600_001 }],
  ["load", { ttlMs: 1, load: undefined }],
])("a bad %s is refused when the cache is declared: %j", (option, options) => {
  expect(() => cache({ load: () => 1, ...options } as CacheOptions<number>)).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringMatching(new RegExp(`^cache: ${option} must be`)) as string }) as Error);
});

test.each([[5], [undefined], ["x".repeat(2_049)]])("a key that is none is refused", async (key) => {
  const things = cache({ ttlMs: 1, load: () => 1 });
  await expect(things.get(key as string)).rejects.toMatchObject({ code: "option_invalid" });
});
