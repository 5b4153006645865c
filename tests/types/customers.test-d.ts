// What an editor infers of a customer, and what it refuses.

import { conversationState, ConversimpleAgent, customerState, openState, tool, type CustomerExport, type CustomerMeta, type CustomerState, type ErasureReceipt } from "conversimple";
import { z } from "zod";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- how two types are compared
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same; `any` is the same as nothing else. */
declare function same<A, B>(...ok: Same<A, B> extends true ? [] : [never]): void;

const profile = z.object({ orders: z.array(z.string()).default([]), since: z.date().optional() });

export class Customers extends ConversimpleAgent {
  static override readonly agentId = "customers";
  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]), size: z.string().optional() }), { resume: { withinMs: 1_000, carry: ["cart", "size"] } });
  readonly customer = customerState(profile, { version: 2, upgrade: { 1: (old) => old }, retentionMs: 1, maxBytes: 5 });
  // It can be passed on under its own type.
  readonly known: CustomerState<z.infer<typeof profile> & object> = this.customer;

  inside = tool("Inside", async () => {
    same<typeof this.customer.id, string | undefined>();
    same<typeof this.customer.meta, CustomerMeta | undefined>();
    const { orders, since } = await this.customer.read();
    same<typeof orders, string[]>();
    same<typeof since, Date | undefined>();
    await this.customer.identify("c1");
    // @ts-expect-error an id is a text
    await this.customer.identify(5);
    const count = await this.customer.update((known) => {
      same<typeof known.orders, string[]>();
      // @ts-expect-error an order is a text
      known.orders.push(5);
      // @ts-expect-error there is no such field
      known.basket = [];
      return known.orders.push("P1");
    });
    same<typeof count, number>();
    await this.customer.update((known) => void known.orders.pop(), { opId: "op" });
    const one = await this.customer.update(({ orders: [first] }) => first);
    same<typeof one, string | undefined>();
    await this.customer.update(() => {
      throw new Error("a recipe may refuse");
    });
    // @ts-expect-error the recipe is synchronous
    await this.customer.update(async (known) => known.orders.push("P1"));
    // @ts-expect-error also where it only gives a promise
    await this.customer.update((known) => Promise.resolve(known.orders.length));
    // @ts-expect-error also sometimes
    await this.customer.update((known) => (known.orders.length > 1 ? Promise.resolve(1) : 2));
    // @ts-expect-error there is no such option
    await this.customer.update(() => 1, { operation: "op" });
    return undefined;
  });
}

export async function outside(): Promise<void> {
  const access = await openState("memory:");
  same<Awaited<ReturnType<typeof access.export>>, CustomerExport>();
  same<Awaited<ReturnType<typeof access.forget>>, ErasureReceipt>();
}

// @ts-expect-error there is no such field
conversationState(profile, { resume: { withinMs: 1, carry: ["cart"] } });
// @ts-expect-error a time is missing
conversationState(profile, { resume: { carry: ["orders"] } });
// @ts-expect-error a customer has no resume
customerState(profile, { resume: { withinMs: 1, carry: ["orders"] } });
