// The guide's CustomerStateAgent: what is known of a customer is there in every call of theirs. With what the guide leaves
// out - who the customer is comes from the login and never from a tool's arguments, two calls at the same time lose
// nothing, and a caller who rings back goes on with the cart.

import { ConversimpleAgent, conversationState, customerState, session, tool, ToolError } from "conversimple";
import { z } from "zod";

/** Who can log in, and as which customer. A real agent asks its database, and compares digests (see examples/session). */
const ACCOUNTS: Readonly<Record<string, { readonly pin: string; readonly id: string }>> = {
  kim: { pin: "1234", id: "C-1" },
  lee: { pin: "9876", id: "C-2" },
};

export class CustomerAgent extends ConversimpleAgent {
  static override readonly agentId = "customer";

  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]), note: z.string().default("") }), {
    // Who rings back within half an hour goes on with the cart.
    resume: { withinMs: 30 * 60_000, carry: ["cart"] },
  });
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(
    z.object({
      orders: z.array(z.object({ items: z.array(z.string()), at: z.date() })).default([]),
      address: z.string().default("").meta({ pii: true }),
      calls: z.number().int().default(0),
    }),
  );

  login = tool(
    "Log the caller in",
    { name: z.string().describe("the caller's name"), pin: z.string().meta({ secret: true }).describe("the caller's PIN") },
    { examples: ["this is Kim, my PIN is one two three four"] },
    async ({ name, pin }) => {
      const account = ACCOUNTS[name.toLowerCase()];
      const user = await this.session.login(name, () => (account?.pin === pin ? { id: account.id } : undefined));
      if (!user) return { success: false, error: "Invalid credentials" };
      await this.customer.identify(user.id);
      return { success: true, cart: this.state.cart };
    },
  );

  logout = tool("Log the caller out", () => {
    this.session.logout();
    return { success: true };
  });

  getCustomerContext = tool("Get customer context", {}, { requires: this.session }, async () => {
    const { orders, address, calls } = await this.customer.read();
    return { orders: orders.map(({ items }) => items), address, calls, lastConversation: this.customer.meta?.lastConversation ?? null };
  });

  addToCart = tool("Add a product to the cart", { productId: z.string() }, ({ productId }) => {
    this.state.cart.push(productId);
    return { success: true, cartSize: this.state.cart.length };
  });

  setAddress = tool("Remember where to deliver", { address: z.string().meta({ pii: true }) }, { requires: this.session }, async ({ address }) => {
    await this.customer.update((profile) => void (profile.address = address));
    return { success: true };
  });

  placeOrder = tool("Order what is in the cart", {}, { requires: this.session }, async () => {
    if (this.state.cart.length === 0) throw new ToolError("Your cart is empty.", { error: "empty_cart" });
    // The recipe may run again when another call of this customer was faster: what it needs is taken out before.
    const order = { items: [...this.state.cart], at: this.now() };
    const count = await this.customer.update(({ orders }) => orders.push(order));
    this.state.cart = [];
    return { success: true, orders: count };
  });

  override async onConversationEnded(): Promise<void> {
    if (this.customer.id) await this.customer.update((profile) => void profile.calls++);
  }
}
