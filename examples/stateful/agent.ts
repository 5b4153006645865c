// The guide's StatefulAgent: a cart, a customer id, preferences and a history per conversation.
//
// There is nothing to initialise, look up or clean up: the state is there when a tool runs, it is stored when the
// tool returns, and it is untouched when the tool throws.

import { ConversimpleAgent, conversationState, tool, ToolError } from "conversimple";
import { z } from "zod";

/** Prices in cents; a real agent asks its shop. */
const PRICES: Readonly<Record<string, number>> = { P1: 1_250, P2: 400, P3: 9_900 };

export class StatefulAgent extends ConversimpleAgent {
  static override readonly agentId = "stateful";

  readonly state = conversationState(
    z.object({
      customerId: z.string().nullable().default(null),
      cart: z.array(z.object({ productId: z.string(), quantity: z.number().int().min(1), addedAt: z.date() })).default([]),
      preferences: z.record(z.string(), z.string()).default({}),
      history: z.array(z.string()).max(50).default([]),
      createdAt: z.date().nullable().default(null),
    }),
  );

  override onConversationStarted(): void {
    this.state.createdAt = this.now();
  }

  addToCart = tool(
    "Add a product to the cart",
    { productId: z.string().describe("the product's number, such as P1"), quantity: z.number().int().min(1).max(99).default(1).describe("how many") },
    { examples: ["add two of P1 to my cart", "I'd like a P3"] },
    ({ productId, quantity }) => {
      if (!(productId in PRICES)) throw new ToolError(`We don't have ${productId}.`, { error: "unknown_product" });
      this.state.cart.push({ productId, quantity, addedAt: this.now() });
      this.state.history.push(`added ${quantity} of ${productId}`);
      return { success: true, cartSize: this.state.cart.length };
    },
  );

  removeFromCart = tool("Remove a product from the cart", { productId: z.string().describe("the product's number") }, ({ productId }) => {
    const before = this.state.cart.length;
    this.state.cart = this.state.cart.filter((line) => line.productId !== productId);
    if (this.state.cart.length === before) throw new ToolError(`There is no ${productId} in your cart.`, { error: "not_in_cart" });
    this.state.history.push(`removed ${productId}`);
    return { success: true, cartSize: this.state.cart.length };
  });

  getCartTotal = tool("Get the total of the cart", { }, { examples: ["what does it come to?"] }, () => {
    const cents = this.state.cart.reduce((sum, line) => sum + PRICES[line.productId]! * line.quantity, 0);
    return { total: cents / 100, items: this.state.cart.length };
  });

  setPreference = tool("Remember a preference of the caller", { name: z.string().describe("what it is about"), value: z.string().describe("what the caller prefers") }, ({ name, value }) => {
    this.state.preferences[name] = value;
    return { success: true };
  });

  rememberCustomer = tool("Remember the customer's number", { customerId: z.string().describe("the customer's number") }, async ({ customerId }) => {
    await this.updateState({ customerId });
    return { success: true };
  });

  getSummary = tool("Say what is known about this call", () => {
    const { cart, customerId, preferences, history, createdAt } = this.getState();
    return { cartSize: cart.length, customerId, preferences, history, createdAt };
  });
}
