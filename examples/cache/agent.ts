// The guide's CachedAgent: details of products, kept for five minutes.
//
// The guide keeps a dict that grows for ever, asks twice when two callers ask at once, and asks again and again for a
// product that does not exist, since `if cached:` takes nothing for "not there". A cache part does none of that.

import { cache, ConversimpleAgent, tool } from "conversimple";
import { z } from "zod";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: number;
}

/** Stands for a database that takes a while. A real one gives the signal to its driver. */
export class ProductDatabase {
  readonly products = new Map<string, Product>([
    ["P123", { id: "P123", name: "Kettle", price: 29 }],
    ["P456", { id: "P456", name: "Toaster", price: 35 }],
  ]);
  /** The ids that were asked for, in order. */
  readonly queries: string[] = [];
  isDown = false;

  async getProduct(id: string, signal: AbortSignal): Promise<Product | null> {
    this.queries.push(id);
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    if (this.isDown) throw new Error("the database does not answer");
    return this.products.get(id) ?? null;
  }
}

export class CachedAgent extends ConversimpleAgent {
  static override readonly agentId = "cache";
  readonly database: ProductDatabase;

  constructor(database: ProductDatabase = new ProductDatabase()) {
    super();
    this.database = database;
  }

  /** Shared by all callers: what a product costs is nobody's secret. */
  readonly products = cache({
    ttlMs: 5 * 60_000,
    staleMs: 60_000,
    load: (productId: string, { signal }) => this.database.getProduct(productId, signal),
  });

  /** One caller's own: what was made up for this call is not said in another. */
  readonly offers = cache({ ttlMs: 10 * 60_000, scope: "conversation", load: (productId: string) => ({ productId, percentOff: 5, code: `OFFER-${productId}-${++offers}` }) });

  getProduct = tool("Get product details", { productId: z.string().describe("the product's number, such as P123") }, { examples: ["what does P123 cost?"] }, async ({ productId }) => {
    const { value: product, cached } = await this.products.fetch(productId);
    if (!product) return { error: "not_found", message: `We don't have ${productId}.` };
    return cached ? { ...product, cached: true } : product;
  });

  comparePrices = tool("Compare the prices of products", { productIds: z.array(z.string()).min(2).max(10) }, { parallel: true }, async ({ productIds }) => {
    const products = await Promise.all(productIds.map((id) => this.products.get(id)));
    const known = products.filter((product) => product !== null).sort((a, b) => a.price - b.price);
    return { cheapest: known[0]?.id ?? null, prices: known.map(({ id, price }) => ({ id, price })) };
  });

  setPrice = tool("Change the price of a product", { productId: z.string(), price: z.number().positive() }, ({ productId, price }) => {
    const product = this.database.products.get(productId);
    if (!product) return { error: "not_found", message: `We don't have ${productId}.` };
    this.database.products.set(productId, { ...product, price });
    // The next one who asks must not hear the old price, also when it is being loaded at this moment.
    this.products.delete(productId);
    return { success: true };
  });

  getOffer = tool("Make the caller an offer", { productId: z.string() }, ({ productId }) => this.offers.get(productId));
}

let offers = 0;
