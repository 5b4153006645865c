// What an editor infers of an agent: state, arguments, results, and what it refuses.

import { conversationState, ConversimpleAgent, ephemeral, snapshot, tool } from "conversimple";
import type { Guard, Tool, ToolOptions } from "conversimple";
import { z } from "zod";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- how two types are compared
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only when the two types are the same; `any` is the same as nothing else. */
declare function same<A, B>(...ok: Same<A, B> extends true ? [] : [never]): void;

const schema = z.object({
  cart: z.array(z.object({ productId: z.string(), quantity: z.number() })).default([]),
  at: z.date().optional(),
  size: z.enum(["S", "M"]).default("S"),
});

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly state = conversationState(schema);
  readonly uses = ephemeral(() => 0);
  readonly guard: Guard = { refusal: () => undefined };

  add = tool("Add", { productId: z.string(), quantity: z.number().int().default(1), note: z.string().optional() }, ({ productId, quantity, note }) => {
    same<typeof productId, string>();
    same<typeof quantity, number>();
    same<typeof note, string | undefined>();
    this.state.cart.push({ productId, quantity });
    // @ts-expect-error a quantity is a number
    this.state.cart.push({ productId, quantity: "1" });
    // @ts-expect-error there is no such field
    this.state.basket = [];
    // @ts-expect-error there is no such size
    this.state.size = "XL";
    return { success: true, size: this.state.cart.length };
  });
  whole = tool("Whole", z.object({ text: z.string().transform((text) => text.length) }), ({ text }) => {
    same<typeof text, number>();
    return text;
  });
  none = tool("None", async () => "done" as const);
  empty = tool("Empty", {}, () => undefined);
  once = tool("Once", { key: z.string() }, { once: ({ key }) => key, requires: this.guard, timeoutMs: 5 }, ({ key }) => key);
  guarded = tool("Guarded", {}, { requires: [() => true, async () => "Not now.", this.guard], step: this.guard, parallel: true }, () => 1);

  inside = tool("Inside", async () => {
    const added = await this.add({ productId: "P" });
    same<typeof added, { success: boolean; size: number }>();
    await this.add({ productId: "P", quantity: 2 });
    // @ts-expect-error the product is required
    await this.add({});
    // @ts-expect-error the product is required
    await this.add();
    // @ts-expect-error there is no such argument
    await this.add({ productId: "P", colour: "red" });
    // @ts-expect-error a product id is a text
    await this.add({ productId: 5 });
    same<Awaited<ReturnType<typeof this.none>>, "done">();
    await this.none();
    await this.empty({});
    // What goes in is what the schema reads, not what it gives.
    await this.whole({ text: "abc" });
    // @ts-expect-error a text goes in
    await this.whole({ text: 3 });

    const state = this.getState();
    same<typeof state.cart, { productId: string; quantity: number }[]>();
    const other = await this.getState("c2");
    // @ts-expect-error there may be no such conversation
    void other.cart;
    same<NonNullable<typeof other>["size"], "S" | "M">();
    await this.updateState({ size: "M" });
    await this.updateState("c2", { cart: [] });
    // @ts-expect-error there is no such size
    await this.updateState({ size: "XL" });
    // @ts-expect-error there is no such field
    await this.updateState("c2", { basket: [] });
    this.uses.value += 1;
    // @ts-expect-error a number of uses
    this.uses.value = "1";
    const receipt = await this.effect("charge", async () => ({ id: 1 }));
    same<typeof receipt, { id: number }>();
    const count = await this.update(() => this.state.cart.length);
    same<typeof count, number>();
    // @ts-expect-error a recipe waits for nothing
    await this.update(async () => this.state.cart.length);
    // @ts-expect-error nor does it give something that waits
    await this.update(() => Promise.resolve(1));
    const bound = this.bind((text: string, times: number) => text.repeat(times));
    same<typeof bound, (...inputs: [text: string, times: number]) => string>();
    same<typeof this.currentConversationId, string | undefined>();
    const copy = snapshot(this.state);
    same<typeof copy.size, "S" | "M">();
    return undefined;
  });

  override onToolCalled(call: { readonly callId: string; readonly tool: string; readonly arguments: unknown }): void {
    // @ts-expect-error the arguments are nobody's type here
    void call.arguments.productId;
  }
  // @ts-expect-error there is no such hook
  override onConversationBegun(): void {}
}

// Outside of the class.
declare const agent: ShopAgent;
const stored = await agent.getState("c1");
same<NonNullable<typeof stored>["size"], "S" | "M">();
await agent.updateState("c1", { size: "S" });
// @ts-expect-error there is no such size
await agent.updateState("c1", { size: "XL" });
// @ts-expect-error the field is read-only
agent.state = { cart: [], size: "S" };

// @ts-expect-error there is no such option
tool("T", {}, { timeout: 5 }, () => 1);
// @ts-expect-error milliseconds are a number
tool("T", {}, { timeoutMs: "5s" }, () => 1);
// @ts-expect-error a guard answers true or says why not
tool("T", {}, { requires: () => 5 }, () => 1);
// @ts-expect-error the key is a text
tool("T", { n: z.number() }, { once: ({ n }) => n }, () => 1);
// @ts-expect-error a description comes first
tool({ n: z.number() }, () => 1);
// @ts-expect-error a parameter is a schema
tool("T", { n: "number" }, () => 1);
// @ts-expect-error there is no such option
conversationState(schema, { maxByte: 1 });
// @ts-expect-error a version is a number
conversationState(schema, { version: "2" });
conversationState(schema, { version: 2, upgrade: { 1: (old) => ({ ...old, size: "S" }) } });

class Stateless extends ConversimpleAgent {
  static override readonly agentId = "stateless";
  // @ts-expect-error it has no state
  peek = tool("Peek", () => this.getState());
}
void Stateless;

// Results and arguments are never `any`.
same<ShopAgent["empty"], Tool<Readonly<Record<never, never>>, undefined>>();
declare const options: ToolOptions<{ key: string }>;
same<Parameters<NonNullable<typeof options.once>>, [input: { key: string }]>();
