// One call, several people, and what one of them must not get of another: the phone changes hands.          (P5, P12, P18)

import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, session, tool } from "../../../src/index.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { entryText } from "../../../src/state/journal.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent } from "../../../src/testing/index.ts";

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId: string = "shop";
  readonly state = conversationState(
    z.object({ cart: z.array(z.string()).default([]), gift: z.boolean().default(false) }).refine(({ cart, gift }) => !gift || cart.length < 2, "A gift is one thing."),
    { resume: { withinMs: 600_000, carry: ["cart"] } },
  );
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(z.object({ n: z.number().default(0) }));
  login = tool("Log in", { name: z.string() }, async ({ name }) => {
    await this.session.login(name, () => ({ id: name }));
    await this.customer.identify(`customer of ${name}`);
    return this.state.cart;
  });
  loginAndFail = tool("Log in, then fail", { name: z.string() }, async ({ name }) => {
    await this.session.login(name, () => ({ id: name }));
    await this.customer.identify(`customer of ${name}`);
    throw new Error("the line broke");
  });
  switch = tool("Log in without a customer", { name: z.string() }, async ({ name }) => {
    this.session.logout();
    await this.session.login(name, () => ({ id: name }));
  });
  put = tool("Put into the cart", { item: z.string() }, ({ item }) => void this.state.cart.push(item));
  gift = tool("It is a gift", () => void (this.state.gift = true));
  order = tool("Order", { reference: z.string() }, { requires: this.session, once: ({ reference }) => reference }, () => ({ orderedBy: this.session.user!.id }));
  fresh = tool("Order with a fresh login", {}, { requires: this.session.within(60_000), once: () => "fresh" }, () => ({ orderedBy: this.session.user!.id }));
  inside = tool("Order by another tool", { reference: z.string() }, ({ reference }) => this.order({ reference }));
}

test.for(["order", "inside", "fresh"])("who logged in later does not get an answer that an earlier caller's key got: %s", async (name) => {
  await using call = await testAgent(() => new ShopAgent());
  const input = name === "fresh" ? {} : { reference: "R1" };
  await call.tool("login", { name: "kim" });
  expect((await call.tool(name, input)).result).toEqual({ orderedBy: "kim" });
  await call.tool("switch", { name: "lee" });
  expect((await call.tool(name, input)).result).toEqual({ orderedBy: "lee" });
  await call.tool("switch", { name: "kim" });
  expect((await call.tool(name, input)).result).toEqual({ orderedBy: "kim", repeated: true });
});

test("a tool that runs once is refused inside of a parallel one before it does anything", async () => {
  let runs = 0;
  class Counting extends ConversimpleAgent {
    static override readonly agentId = "counting";
    pay = tool("Pay", {}, { once: () => "pay" }, () => ++runs);
    beside = tool("Pay beside others", {}, { parallel: true }, () => this.pay());
  }
  await using other = await testAgent(() => new Counting());
  expect((await other.tool("beside")).error?.code).toBe("read_only");
  expect(runs).toBe(0);
});

test("what does not fit into the new call is not carried, and keeps nobody from logging in", async () => {
  await using first = await testAgent(() => new ShopAgent());
  await first.tool("login", { name: "kim" });
  await first.tool("put", { item: "tea" });
  await first.tool("put", { item: "milk" });
  await first.hangUp();
  const second = await first.another();
  await second.tool("gift");
  expect((await second.tool("login", { name: "kim" })).result).toEqual([]);
  const third = await second.another();
  await second.hangUp();
  expect((await third.tool("login", { name: "kim" })).error).toBeUndefined();
});

test("who rings back too late gets nothing, also when somebody looked at the old conversation meanwhile", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  await using first = await testAgent(() => new ShopAgent(), { store, clock });
  await first.tool("login", { name: "kim" });
  await first.tool("put", { item: "tea" });
  await first.hangUp();
  await first.advance("9m");
  // As `state show --reveal` and `state rewrap` do.
  const ended = (await store.load(conversationOwner(first.id)))!;
  await store.commit(ended.owner, { writeId: "look", expectedVersion: ended.version, epoch: ended.epoch, entry: entryText({ unit: "outside", name: "reveal", outcome: "ok", ms: [0, 0, 0] }) });
  await first.advance("2m");
  const late = await first.another();
  expect((await late.tool("login", { name: "kim" })).result).toEqual([]);
});

test("a call that breaks while the customer is being identified takes nothing away from the next one", async () => {
  await using first = await testAgent(() => new ShopAgent());
  await first.tool("login", { name: "kim" });
  await first.tool("put", { item: "tea" });
  await first.hangUp();
  const broken = await first.another();
  expect((await broken.tool("loginAndFail", { name: "kim" })).error).toBeDefined();
  await broken.hangUp();
  const next = await first.another();
  expect((await next.tool("login", { name: "kim" })).result).toEqual(["tea"]);
  // It has it now, also when its end is never reported.
  const later = await first.another();
  expect((await later.tool("login", { name: "kim" })).result).toEqual([]);
});

test("what a parallel tool that one caller asked for changes later is refused once another one is logged in, or nobody", async () => {
  const gate = Promise.withResolvers<void>();
  class Slow extends ConversimpleAgent {
    static override readonly agentId = "slow";
    readonly gate = gate;
    readonly state = conversationState(z.object({ found: z.string().default(""), seen: z.number().default(0) }));
    readonly session = session({ user: z.object({ id: z.string() }) });
    login = tool("Log in", { name: z.string() }, ({ name }) => this.session.login(name, () => ({ id: name })));
    logout = tool("Log out", () => this.session.logout());
    find = tool("Find slowly", {}, { parallel: true, requires: this.session }, async () => {
      const { id } = this.session.user!;
      await this.gate.promise;
      await this.update(() => void (this.state.found = `what ${id} may see`));
      return { id };
    });
    anybody = tool("Look slowly", {}, { parallel: true }, async () => {
      await this.gate.promise;
      await this.update(() => void this.state.seen++);
      return "seen";
    });
  }
  await using call = await testAgent(() => new Slow());
  await call.tool("login", { name: "kim" });
  const [byKim, byAnybody] = [call.tool("find"), call.tool("anybody")];
  await call.advance(1);
  await call.tool("logout");
  await call.tool("login", { name: "lee" });
  const byLee = call.tool("find");
  await call.advance(1);
  // The same person again is the same person.
  await call.tool("login", { name: "lee" });
  gate.resolve();
  expect((await byKim).result).toMatchObject({ error: "not_authenticated" });
  expect((await byAnybody).result).toBe("seen");
  expect((await byLee).result).toEqual({ id: "lee" });
  expect(call.state).toMatchObject({ state: { found: "what lee may see", seen: 1 } });
});
