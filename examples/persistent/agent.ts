// The guide's PersistentAgent: the same cart, kept in SQLite.
//
// The guide writes tables, INSERTs and JSON by hand, and saves when the call ends. Here every tool call is durable
// before its answer is spoken, dates stay dates, and the record knows when it was made and changed.

import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";

export class PersistentAgent extends ConversimpleAgent {
  static override readonly agentId = "persistent";

  readonly state = conversationState(
    z.object({
      customerId: z.string().nullable().default(null),
      cart: z.array(z.object({ productId: z.string(), quantity: z.number().int().min(1), addedAt: z.date() })).default([]),
      resumes: z.number().int().default(0),
    }),
  );

  override onConversationResumed(): void {
    this.state.resumes++;
  }

  addToCart = tool(
    "Add a product to the cart",
    { productId: z.string().describe("the product's number"), quantity: z.number().int().min(1).default(1).describe("how many") },
    ({ productId, quantity }) => {
      this.state.cart.push({ productId, quantity, addedAt: this.now() });
      return { success: true, cartSize: this.state.cart.length };
    },
  );

  getCart = tool("Say what is in the cart", () => ({ cart: this.state.cart, createdAt: this.conversation.createdAt, updatedAt: this.conversation.updatedAt }));
}
