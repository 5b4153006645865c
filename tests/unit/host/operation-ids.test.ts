// What a unit does outside of its own record has the same name in every delivery, whatever became of the rest.   (P11)

import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, customerState, ephemeral, tool } from "../../../src/index.ts";
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
