// The agent that the benchmarks call: a cart of 26 lines, each with a Date, about 2 KB as text.

import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";

const LINES = 26;

export class BenchAgent extends ConversimpleAgent {
  static override readonly agentId = "bench";

  readonly state = conversationState(
    z.object({
      cart: z.array(z.object({ productId: z.string(), quantity: z.number().int(), addedAt: z.date() })).default([]),
      count: z.number().int().default(0),
    }),
  );

  override onConversationStarted(): void {
    for (let line = 0; line < LINES; line++) this.state.cart.push({ productId: `product-${line}`, quantity: line, addedAt: this.now() });
  }

  setQuantity = tool("Set the quantity of a line", { line: z.number().int().min(0).max(LINES - 1), quantity: z.number().int() }, ({ line, quantity }) => {
    const item = this.state.cart[line]!;
    item.quantity = quantity;
    item.addedAt = this.now();
    return { success: true, count: ++this.state.count };
  });
}
