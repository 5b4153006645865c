// What a unit does outside of its own record has the same name in every delivery, whatever became of the rest.   (P11)

import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, conversationState, customerState, ephemeral, tool } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";

class Desk extends ConversimpleAgent {
  static override readonly agentId = "desk";
  readonly customer = customerState(z.object({ visits: z.number().default(0), orders: z.array(z.string()).default([]) }));
  readonly gate = ephemeral(() => Promise.resolve());
  arrive = tool("Identify the caller and count the visit", { note: z.string() }, async () => {
    await this.customer.identify("C-1");
    await this.gate.value;
    return { visits: await this.customer.update((profile) => ++profile.visits) };
  });
  bill = tool("Bill, then note the order", { item: z.string() }, async ({ item }) => {
    await this.effect("bill", () => this.customer.update((profile) => void profile.orders.push(`bill of ${item}`)));
    await this.gate.value;
    return { orders: await this.customer.update((profile) => profile.orders.push(item)) };
  });
  close = tool("Close the gate", () => void (this.gate.value = new Promise<never>(() => {})));
  noteBeside = tool("Note in a small update", { item: z.string() }, { parallel: true }, async ({ item }) => {
    let noted: Promise<unknown> = Promise.resolve();
    await this.update(() => {
      noted = this.customer.update((profile) => void profile.orders.push(item));
    });
    await noted;
  });
  payBeside = tool("Pay in a small update", { item: z.string() }, { parallel: true }, async ({ item }) => {
    let paid: Promise<unknown> = Promise.resolve();
    await this.update(() => {
      paid = this.effect("pay", () => item);
    });
    return { paid: await paid };
  });
  orders = tool("Orders", async () => (await this.customer.read()).orders);
}

test("an update after identify is applied also when another call identified the conversation meanwhile", async () => {
  await using call = await testAgent(() => new Desk());
  await call.tool("close");
  void call.tool("arrive", { note: "a" }, { callId: "first" });
  await call.advance(1);
  await call.crash();
  await call.restart();
  expect((await call.tool("arrive", { note: "b" }, { callId: "second" })).result).toEqual({ visits: 1 });
  expect((await call.tool("arrive", { note: "a" }, { callId: "first" })).result).toEqual({ visits: 2 });
});

test("an update after an effect is applied also when the effect is not run again", async () => {
  await using call = await testAgent(() => new Desk());
  await call.tool("arrive", { note: "" });
  await call.tool("close");
  void call.tool("bill", { item: "tea" }, { callId: "first" });
  await call.advance(1);
  await call.crash();
  await call.restart();
  expect((await call.tool("bill", { item: "tea" }, { callId: "first" })).result).toEqual({ orders: 2 });
  expect((await call.tool("orders")).result).toEqual(["bill of tea", "tea"]);
});

test("what small updates of two calls do for the customer is done twice", async () => {
  await using call = await testAgent(() => new Desk());
  await call.tool("arrive", { note: "" });
  await call.tool("noteBeside", { item: "tea" });
  await call.tool("noteBeside", { item: "milk" });
  expect((await call.tool("orders")).result).toEqual(["tea", "milk"]);
});

test("an effect of a small update is the call's own", async () => {
  await using call = await testAgent(() => new Desk());
  await call.tool("payBeside", { item: "tea" });
  expect((await call.tool("payBeside", { item: "milk" })).result).toEqual({ paid: "milk" });
});

class Counter extends ConversimpleAgent {
  static override readonly agentId = "counter";
  readonly state = conversationState(z.object({ a: z.number().default(0), b: z.number().default(0), said: z.string().default("") }));
  readonly customer = customerState(z.object({ n: z.number().default(0) }));
  readonly gate = ephemeral(() => Promise.resolve());
  readonly failing: { times: number };
  constructor(failing = { times: 0 }) {
    super();
    this.failing = failing;
  }

  close = tool("Close the gate", () => void (this.gate.value = new Promise<never>(() => {})));
  arrive = tool("Identify the caller", async () => {
    await this.customer.identify("C-1");
    return await this.customer.read();
  });
  effectAgain = tool("Try an effect again", async () => {
    const run = () => this.effect("count", async () => {
      await this.customer.update((profile) => void profile.n++);
      if (this.failing.times-- > 0) throw new Error("not yet");
    });
    await run().catch(run);
    return await this.customer.read();
  });
  again = tool("Count, and try again", {}, { timeoutMs: 60_000 }, async () => {
    const count = () => this.customer.update((profile) => ++profile.n);
    return { n: await count().catch(count) };
  });
  againByName = tool("Count under a name, and try again", {}, { timeoutMs: 60_000 }, async () => {
    const count = () => this.customer.update((profile) => ++profile.n, { opId: "one" });
    return { n: await count().catch(count) };
  });
  another = tool("Count, else do something else", {}, { parallel: true, timeoutMs: 60_000 }, async () => {
    await this.update(() => void this.state.a++).catch(() => {});
    await this.update(() => void this.state.b++);
    return { a: this.state.a, b: this.state.b };
  });
  refusedFirst = tool("Be refused, then count", {}, { parallel: true }, async () => {
    await this.update(() => (this.state.said = 1 as unknown as string)).catch(() => {});
    await this.update(() => void this.state.b++);
    await this.gate.value;
    return { b: this.state.b };
  });
  inEffect = tool("Count in an effect, then count", {}, { parallel: true }, async () => {
    await this.effect("count", () => this.update(() => void this.state.a++));
    await this.gate.value;
    await this.update(() => void this.state.b++);
    return { a: this.state.a, b: this.state.b };
  });
  tell = tool("Tell another conversation", { to: z.string() }, async ({ to }) => {
    await this.updateState(to, { said: "first" });
    await this.gate.value;
  });
  say = tool("Say", { said: z.string() }, ({ said }) => void (this.state.said = said));
}

test("an effect that is tried again in one call does inside what it did not do yet", async () => {
  await using call = await testAgent(new Counter({ times: 1 }));
  await call.tool("arrive");
  expect((await call.tool("effect_again")).result).toEqual({ n: 1 });
});

/** As often as an update of a customer is sent in the 10 s for which its outcome is looked for, but for the first time. */
const FOR_LONG = Array.from({ length: 23 }, () => "refused" as const);

test.each([
  ["an unknown outcome", ["unanswered", ...FOR_LONG]],
  ["a refusal of the store", ["refused"]],
] as const)("after %s an update of the customer is not tried again in the same call; its redelivery has it done once", async (_, faults) => {
  await using call = await testAgent(new Counter());
  await call.tool("arrive");
  call.faults.next("commit", ...faults);
  const turn = await call.tool("again", {}, { callId: "c" });
  expect(call.faults.records).toHaveLength(faults.length);
  expect(turn.error).toMatchObject({ code: "state_unavailable" });
  expect(turn.error?.cause).toMatchObject({ message: expect.stringContaining("opId") as string });
  expect((await call.redeliver(turn)).result).toEqual({ n: 1 });
  expect((await call.tool("arrive")).result).toEqual({ n: 1 });
});

test("under a name of its own it may be tried again, and is done once", async () => {
  await using call = await testAgent(new Counter());
  await call.tool("arrive");
  call.faults.next("commit", "unanswered", ...FOR_LONG);
  const before = call.clock.monotonic();
  expect((await call.tool("again_by_name")).result).toEqual({ n: 1 });
  expect(call.clock.monotonic() - before).toBeGreaterThan(9_500);
  expect((await call.tool("arrive")).result).toEqual({ n: 1 });
});

test.each(["refused", "unanswered"] as const)("a small update behind one that failed (%s) is not taken for it: both are applied once, by the redelivery", async (fault) => {
  await using call = await testAgent(new Counter());
  call.faults.next("commit", fault, ...(fault === "unanswered" ? Array.from({ length: 16 }, () => "refused" as const) : []));
  const turn = await call.tool("another", {}, { callId: "c" });
  expect(turn.error).toMatchObject({ code: "state_unavailable" });
  expect((await call.redeliver(turn)).result).toEqual({ a: 1, b: 1 });
});

test.each([
  ["refused_first", { b: 1 }],
  ["in_effect", { a: 1, b: 1 }],
])("%s: a small update has its place, whatever became of the one before, and in an effect of its own", async (name, result) => {
  await using call = await testAgent(() => new Counter());
  await call.tool("close");
  void call.tool(name, {}, { callId: "c" });
  await call.advance(1);
  await call.crash();
  await call.restart();
  expect((await call.tool(name, {}, { callId: "c" })).result).toEqual(result);
});

test("what a call tells another conversation is told once over its deliveries", async () => {
  await using call = await testAgent(() => new Counter(), { mailEveryMs: 250 });
  const other = await call.another({ conversationId: "other" });
  await call.tool("close");
  void call.tool("tell", { to: "other" }, { callId: "c" });
  await call.advance("1s");
  expect(other.state).toMatchObject({ state: { said: "first" } });
  await other.tool("say", { said: "second" });
  await call.crash();
  await call.restart();
  expect((await call.tool("tell", { to: "other" }, { callId: "c" })).result).toBeNull();
  await call.advance("1s");
  expect(other.state).toMatchObject({ state: { said: "second" } });
  // Another call tells it anew.
  await call.tool("tell", { to: "other" });
  await call.advance("1s");
  expect(other.state).toMatchObject({ state: { said: "first" } });
});
