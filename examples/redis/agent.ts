// The guide's RedisAgent: calls that any process can go on with, gone from Redis 24 hours after their end, and a customer's
// history that all calls see.
//
// The guide writes whole documents under a key (`SETEX`), so that of two calls of one customer the later one wins, and
// whoever names an id gets its history. Here a change is one script on the server with the version that it expects, the
// history belongs to who logged in, and the time to live starts when the call ends: a live one never expires.

import { ConversimpleAgent, conversationState, customerState, session, tool } from "conversimple";
import { z } from "zod";

/** Who can log in, and as which customer. A real agent asks its database, and compares digests (see examples/session). */
const ACCOUNTS: Readonly<Record<string, { readonly pin: string; readonly id: string }>> = {
  kim: { pin: "1234", id: "C-1" },
  lee: { pin: "9876", id: "C-2" },
};

export class RedisAgent extends ConversimpleAgent {
  static override readonly agentId = "redis";

  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(
    z.object({
      orders: z.array(z.object({ items: z.array(z.string()), at: z.date() })).default([]),
      preferences: z.record(z.string(), z.string()).default({}),
    }),
  );

  login = tool("Log the caller in", { name: z.string(), pin: z.string().meta({ secret: true }) }, async ({ name, pin }) => {
    const account = ACCOUNTS[name.toLowerCase()];
    const user = await this.session.login(name, () => (account?.pin === pin ? { id: account.id } : undefined));
    if (!user) return { success: false, error: "Invalid credentials" };
    await this.customer.identify(user.id);
    return { success: true };
  });

  /** The guide takes a `customer_id`; here it is the one who logged in. */
  getCustomerHistory = tool("Get customer history", {}, { requires: this.session }, async () => {
    const { orders, preferences } = await this.customer.read();
    return { orders: orders.map(({ items }) => items), preferences };
  });

  addToCart = tool("Add a product to the cart", { productId: z.string() }, ({ productId }) => {
    this.state.cart.push(productId);
    return { success: true, cartSize: this.state.cart.length };
  });

  setPreference = tool("Remember a preference", { name: z.string(), value: z.string() }, { requires: this.session }, async ({ name, value }) => {
    await this.customer.update((profile) => void (profile.preferences[name] = value));
    return { success: true };
  });

  placeOrder = tool("Order what is in the cart", {}, { requires: this.session }, async () => {
    const order = { items: [...this.state.cart], at: this.now() };
    const count = await this.customer.update(({ orders }) => orders.push(order));
    this.state.cart = [];
    return { success: true, orders: count };
  });
}
