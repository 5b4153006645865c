// The recipe of a customer's update may run again: it changes nothing but the profile.                     (P11)

import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, tool, workflow } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";

class Shop extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly state = conversationState(z.object({ cart: z.array(z.string()).default(["tea"]), tags: z.map(z.string(), z.number()).default(new Map()) }));
  readonly customer = customerState(z.object({ orders: z.array(z.string()).default([]) }));
  readonly ordering = workflow({ data: {}, initial: "open", steps: { open: { to: ["done"] }, done: { final: true } } });
  arrive = tool("Arrive", () => this.customer.identify("C-1"));
  order = tool("Order, and empty the cart", { how: z.string() }, ({ how }) => {
    const { cart } = this.state;
    return this.customer.update((profile) => {
      profile.orders.push(...cart);
      this.#empty[how]!(cart);
    });
  });
  orderRightly = tool("Order, then empty the cart", async () => {
    const ordered = await this.customer.update((profile) => profile.orders.push(...this.state.cart));
    this.state.cart = [];
    return { ordered };
  });
  #empty: Readonly<Record<string, (cart: string[]) => void>> = {
    assign: () => (this.state.cart = []),
    "a draft from before": (cart) => cart.pop(),
    map: () => this.state.tags.set("ordered", 1),
    workflow: () => this.ordering.go("done"),
    delete: () => Reflect.deleteProperty(this.state, "cart"),
    throw: () => {
      throw new Error("sold out");
    },
  };
}

test.each(["assign", "a draft from before", "map", "workflow", "delete"])("a recipe that changes the conversation (%s) is refused before anything is stored, not only when it meets a conflict", async (how) => {
  await using call = await testAgent(new Shop());
  await call.tool("arrive");
  const turn = await call.tool("order", { how });
  expect(turn.error).toMatchObject({ code: "read_only", message: expect.stringContaining("may run again") as string });
  expect(call.state).toMatchObject({ state: { cart: ["tea"] }, ordering: { step: "open" } });
  expect((await call.tool("order_rightly")).result).toEqual({ ordered: 1 });
});

test("after the recipe, also one that threw, the conversation can be changed again", async () => {
  await using call = await testAgent(new Shop());
  await call.tool("arrive");
  expect((await call.tool("order", { how: "throw" })).error).toMatchObject({ code: "tool_execution_error" });
  expect((await call.tool("order_rightly")).result).toEqual({ ordered: 1 });
  expect(call.state).toMatchObject({ state: { cart: [] } });
});
