// The guide's three best practices: keep state minimal, clean it up, handle its errors.

import { ConversimpleAgent, conversationState, tool } from "conversimple";
import { z } from "zod";

/** Stands for the shop's catalogue: far more than one call needs to remember. */
export const CATALOGUE: readonly { readonly id: string; readonly name: string; readonly description: string }[] = Array.from({ length: 500 }, (_, index) => ({
  id: `P${index + 1}`,
  name: `Product ${index + 1}`,
  description: "Ships within two days, has a guarantee of two years, and can be returned within thirty days. ".repeat(2),
}));

/** Stands for the service that keeps what must outlive the call. */
export class Archive {
  readonly saved: { readonly conversationId: string; readonly productIds: readonly string[]; readonly reason: string }[] = [];

  async save(conversationId: string, productIds: readonly string[], reason: string): Promise<void> {
    await Promise.resolve();
    this.saved.push({ conversationId, productIds, reason });
  }
}

export class CarefulAgent extends ConversimpleAgent {
  static override readonly agentId = "best-practices";
  readonly archive: Archive;

  constructor(archive: Archive = new Archive()) {
    super();
    this.archive = archive;
  }

  /** 1. References, not documents. */
  readonly state = conversationState(
    z.object({
      selectedProductIds: z.array(z.string()).max(50).default([]),
      recentOrderId: z.string().nullable().default(null),
      /** What the guide's bad example does. It fits until it is used. */
      entireProductCatalog: z.array(z.object({ id: z.string(), name: z.string(), description: z.string() })).default([]),
    }),
  );

  /** 2. What is worth keeping is saved; the rest goes away by itself. */
  override async onConversationEnded(reason: string): Promise<void> {
    const { selectedProductIds } = this.state;
    // Recorded: an end that is tried again does not save twice.
    if (selectedProductIds.length > 0) await this.effect("archive", () => this.archive.save(this.conversation.id, [...selectedProductIds], reason));
  }

  selectProduct = tool("Put a product into the cart", { productId: z.string() }, ({ productId }) => {
    if (!CATALOGUE.some(({ id }) => id === productId)) return { error: "not_found", message: `We don't have ${productId}.` };
    this.state.selectedProductIds.push(productId);
    return { success: true, cartSize: this.state.selectedProductIds.length };
  });

  /** 3. No try, no catch, no empty cart: the state is there, or the call fails and says why. */
  getCart = tool("Get the cart", () => ({ cart: this.state.selectedProductIds }));

  rememberCatalogue = tool("The guide's bad example", () => {
    this.state.entireProductCatalog = [...CATALOGUE];
    return { success: true };
  });
}
