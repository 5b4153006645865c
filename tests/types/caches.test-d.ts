// What an editor infers of a cache: keys and values from its loader, and what it refuses.

import { cache, ConversimpleAgent, tool } from "conversimple";
import type { Cache, Cached } from "conversimple";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- how two types are compared
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same; `any` is the same as nothing else. */
declare function same<A, B>(...ok: Same<A, B> extends true ? [] : [never]): void;

interface Product {
  readonly id: string;
  price: number;
}

declare const catalogue: { getProduct(id: string, signal: AbortSignal): Promise<Product | undefined> };

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly products = cache({
    ttlMs: 300_000,
    load: (productId: string, { signal }) => {
      same<typeof signal, AbortSignal>();
      return catalogue.getProduct(productId, signal);
    },
  });
  readonly rates = cache({ ttlMs: 1, staleMs: 1, max: 10, scope: "customer", loadTimeoutMs: 5, load: async (currency: "EUR" | "USD") => currency.length });
  readonly plain = cache({ ttlMs: 1, load: (key) => key.length });

  get = tool("Get", async () => {
    same<typeof this.products, Cache<Product | undefined>>();
    const product = await this.products.get("P1");
    same<typeof product, Product | undefined>();
    // @ts-expect-error there may be no such product
    void product.price;
    const fetched = await this.products.fetch("P1");
    same<typeof fetched, Cached<Product | undefined>>();
    same<typeof fetched.cached, boolean>();
    same<typeof fetched.ageMs, number>();
    const rate = this.rates.peek("EUR");
    same<typeof rate, number | undefined>();
    // @ts-expect-error there is no such currency
    void this.rates.get("GBP");
    // @ts-expect-error a key is a text
    void this.products.get(5);
    this.products.set("P1", { id: "P1", price: 5 });
    // @ts-expect-error a product has a price
    this.products.set("P1", { id: "P1" });
    same<Awaited<ReturnType<typeof this.plain.get>>, number>();
    same<typeof this.products.stats.hits, number>();
    // @ts-expect-error nobody else counts
    this.products.stats.hits = 0;
    return { ...product, cached: fetched.cached };
  });
}
void ShopAgent;

// @ts-expect-error how long a value is fresh must be said
cache({ load: () => 1 });
// @ts-expect-error a cache knows how to load
cache({ ttlMs: 1 });
// @ts-expect-error there is no such scope
cache({ ttlMs: 1, scope: "agent", load: () => 1 });
// @ts-expect-error there is no such option
cache({ ttl: 1, ttlMs: 1, load: () => 1 });
// @ts-expect-error a key is a text
cache({ ttlMs: 1, load: (id: number) => id });
