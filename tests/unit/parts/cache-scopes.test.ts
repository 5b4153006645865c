import { expect, test } from "vitest";
import { z } from "zod";

import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { cache, ConversimpleAgent, customerState, openState, session, tool } from "../../../src/index.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent } from "../../../src/testing/index.ts";
import { counting, open } from "./cache-shop.ts";

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
  static override readonly agentId: string = "orders";
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

/** Keeps what it loaded for a day; a load of "slow" waits. */
class Archive extends Orders {
  static override readonly agentId = "archive";
  readonly opened = Promise.withResolvers<void>();
  readonly papers = cache({
    ttlMs: 24 * 3_600_000,
    scope: "customer",
    load: async (key) => {
      if (key === "slow") await this.opened.promise;
      return `${key} of somebody`;
    },
  });
  paper = tool("Get a paper", { key: z.string() }, ({ key }) => this.papers.get(key));
}

test("what was kept of a customer goes with them, in the process that erases at once", async () => {
  const call = await testAgent(new Archive());
  const other = await call.another();
  await call.tool("login", { id: "kim" });
  await other.tool("login", { id: "lee" });
  for (const key of ["a", "b"]) for (const each of [call, other]) await each.tool("paper", { key });
  expect(call.agent.papers.stats.size).toBe(4);
  await call.forget("kim");
  expect(call.agent.papers.stats.size).toBe(2);
  expect((await other.tool("paper", { key: "a" })).result).toBe("a of somebody");
  expect(call.agent.papers.stats).toMatchObject({ hits: 1, size: 2 });
});

test("in another process it goes within a minute, also when that one serves nobody any more", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  const call = await testAgent(new Archive(), { store, clock });
  await call.tool("login", { id: "kim" });
  await call.tool("paper", { key: "a" });
  await call.hangUp();
  const access = await openState(store, { secret: "the secret of every test", clock });
  expect((await access.forget("kim")).conversations).toBe(1);
  expect(call.agent.papers.stats.size).toBe(1);
  await call.advance("61s");
  expect(call.agent.papers.stats.size).toBe(0);
});

test("a value that is still being loaded for them is not kept", async () => {
  const call = await testAgent(new Archive());
  await call.tool("login", { id: "kim" });
  const loading = call.tool("paper", { key: "slow" });
  await call.forget("kim");
  call.agent.opened.resolve();
  expect((await loading).error).toMatchObject({ code: "conversation_ended" });
  expect(call.agent.papers.stats.size).toBe(0);
});

test("a customer's cache in an agent without customers is refused when the agent is defined", async () => {
  class Nobody extends ConversimpleAgent {
    static override readonly agentId = "nobody";
    readonly orders = cache({ ttlMs: 1, scope: "customer", load: (key) => key });
  }
  const alone = cache({ ttlMs: 1, scope: "customer", load: (key) => key });
  class Alone extends ConversimpleAgent {
    static override readonly agentId = "alone";
    get = tool("Get", () => alone.get("a"));
  }
  const call = await testAgent(new Alone());
  await call.tool("get");
  expect(call.errors).toMatchObject([{ code: "definition_invalid" }]);
  await expect(testAgent(new Nobody())).rejects.toMatchObject({ code: "definition_invalid", message: expect.stringContaining("customerState(schema)") as string });
});

test("everybody gets a copy: what one changes, nobody else sees", async () => {
  const { call } = await open({ load: () => ({ list: [1], at: new Date(5) }) });
  const other = await call.another();
  await call.tool("spoil", { key: "a" });
  await call.tool("spoil", { key: "a" });
  expect((await other.tool("get", { key: "a" })).result).toEqual({ value: { list: [1], at: "1970-01-01T00:00:00.005Z" } });
});

test("a draft that is put into a cache is copied", async () => {
  const { call } = await open();
  const turn = await call.tool("set_state", { key: "a" });
  turn.expectState({ state: { lines: [{ n: 99 }] } });
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: [{ n: 1 }] });
});

test("what is not plain data is refused with its path, not shared and not kept", async () => {
  class Price { cents = 5; }
  let value: unknown = { price: new Price() };
  const { call } = await open({ load: () => value });
  expect((await call.tool("get", { key: "a" })).error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("things.price is a Price") as string });
  value = { price: 5 };
  expect((await call.tool("get", { key: "a" })).result).toEqual({ value: { price: 5 } });
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
