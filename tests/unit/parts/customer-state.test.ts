import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, session, tool, ToolError, type CustomerState } from "../../../src/index.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { openRecord } from "../../../src/state/record.ts";
import type { Store } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent, type TestCall } from "../../../src/testing/index.ts";

const profile = z.object({ orders: z.array(z.string()).default([]), visits: z.number().int().default(0) });
const PINS: Readonly<Record<string, string>> = { kim: "1234", lee: "9876" };

/** No session: the id comes from the code around the agent. */
class OrderAgent extends ConversimpleAgent {
  static override readonly agentId: string = "orders";
  readonly customer = customerState(profile);
  identify = tool("Identify", { id: z.string() }, ({ id }) => this.customer.identify(id));
  identifyBeside = tool("Identify beside others", { id: z.string() }, { parallel: true }, ({ id }) => this.customer.identify(id));
  identifyAndFail = tool("Identify and fail", { id: z.string() }, async ({ id }) => {
    await this.customer.identify(id);
    throw new ToolError("Not today.");
  });
  identifyBoth = tool("Identify two at once", { first: z.string(), second: z.string() }, async ({ first, second }) => {
    await Promise.all([this.customer.identify(first), this.customer.identify(second)]);
  });
  order = tool("Order", { item: z.string() }, async ({ item }) => this.customer.update((known) => known.orders.push(item)));
  orderTwo = tool("Order twice", { item: z.string() }, async ({ item }) => {
    await this.customer.update((known) => known.orders.push(`${item}-1`));
    await this.customer.update((known) => known.orders.push(`${item}-2`));
  });
  fill = tool("Order a lot", { count: z.number() }, { timeoutMs: 300_000 }, async ({ count }) => {
    for (let n = 0; n < count; n++) await this.customer.update((known) => void known.orders.push(`x${n}`));
  });
  orderOnce = tool("Order once", { item: z.string(), opId: z.string() }, async ({ item, opId }) => this.customer.update((known) => known.orders.push(item), { opId }));
  orderBeside = tool("Order beside others", { item: z.string() }, { parallel: true }, async ({ item }) => this.customer.update((known) => known.orders.push(item)));
  orderAndFail = tool("Order and fail", { item: z.string() }, async ({ item }) => {
    await this.customer.update((known) => known.orders.push(item));
    throw new Error("after the order");
  });
  refuse = tool("Refuse in the recipe", async () => this.customer.update((known) => {
    known.orders.push("never");
    throw new ToolError("No.");
  }));
  late = tool("Use an asynchronous recipe", async () => {
    // @ts-expect-error the recipe is synchronous
    await this.customer.update(async (known) => void known.orders.push("never"));
  });
  invalid = tool("Store what the schema refuses", async () => this.customer.update((known) => void (known.visits = 1.5)));
  read = tool("Read", () => this.customer.read());
  readBeside = tool("Read beside others", {}, { parallel: true }, () => this.customer.read());
  who = tool("Who", () => ({ id: this.customer.id ?? null, meta: this.customer.meta ?? null }));
  override async onConversationEnded(reason: string): Promise<void> {
    if (reason === "fail") throw new Error("the hook failed");
    if (this.customer.id !== undefined) await this.customer.update((known) => void known.visits++);
  }
}

/** With a session: the id comes from whoever logged in. */
class BankAgent extends OrderAgent {
  static override readonly agentId: string = "bank";
  readonly session = session({ user: z.object({ id: z.string() }), idleTimeoutMs: 60_000 });
  login = tool("Log in", { name: z.string(), pin: z.string().meta({ secret: true }) }, async ({ name, pin }) => {
    const user = await this.session.login(name, () => (PINS[name] === pin ? { id: `c-${name}` } : undefined));
    if (!user) return { ok: false };
    return { ok: true };
  });
  loginAndIdentify = tool("Log in and identify", { name: z.string(), pin: z.string().meta({ secret: true }) }, async ({ name, pin }) => {
    const user = await this.session.login(name, () => (PINS[name] === pin ? { id: `c-${name}` } : undefined));
    if (user) await this.customer.identify(user.id);
    return { ok: user !== undefined };
  });
  logout = tool("Log out", () => this.session.logout());
}

const calls: TestCall<ConversimpleAgent>[] = [];
afterEach(async () => {
  for (const call of calls.splice(0)) await call.close();
});
async function start<A extends ConversimpleAgent>(agent: () => A, options: Parameters<typeof testAgent>[1] & object = {}): Promise<TestCall<A>> {
  const call = await testAgent(agent, { now: "2026-01-01T09:00:00Z", ...options } as Parameters<typeof testAgent<A>>[1]);
  calls.push(call);
  return call;
}
const identified = async (id = "kim") => {
  const call = await start(() => new OrderAgent());
  await call.tool("identify", { id });
  return call;
};
/** The code of a failed call, else its result. */
async function outcome(call: TestCall<ConversimpleAgent>, name: string, input: unknown = {}, callId?: string): Promise<unknown> {
  const turn = await call.tool(name, input, callId === undefined ? {} : { callId });
  return turn.error?.code ?? turn.result;
}
async function recordOfCustomer(store: Store) {
  const [listed] = (await store.list({ kind: "customer" })).items;
  const loaded = (await store.load(listed!.owner))!;
  return { loaded, parts: openRecord(loaded.owner, loaded.version, loaded.record!) };
}

describe("who the customer is", () => {
  test("nothing of a customer can be used before it is said who it is", async () => {
    const call = await start(() => new OrderAgent());
    expect(await outcome(call, "read")).toBe("not_identified");
    expect(await outcome(call, "order", { item: "P1" })).toBe("not_identified");
    expect(await outcome(call, "who")).toEqual({ id: null, meta: null });
  });

  test("identified once: the same id again is fine, another one is refused and changes nothing", async () => {
    const call = await identified("kim");
    expect(await outcome(call, "identify", { id: "kim" })).toBeNull();
    expect(await outcome(call, "identify", { id: "lee" })).toBe("already_identified");
    expect(await outcome(call, "who")).toMatchObject({ id: "kim" });
    expect(await outcome(call, "identify", { id: "" })).toBe("id_invalid");
  });

  test("two ids at once in one tool: one of them is refused, and nobody is identified", async () => {
    const call = await start(() => new OrderAgent());
    expect(await outcome(call, "identify_both", { first: "kim", second: "lee" })).toBe("already_identified");
    expect(await outcome(call, "who")).toMatchObject({ id: null });
  });

  test("a tool that fails after it identified somebody has identified nobody, and the next one may", async () => {
    const call = await start(() => new OrderAgent());
    await call.tool("identify_and_fail", { id: "kim" });
    call.expectState({ customer: { id: null } });
    expect(await outcome(call, "identify", { id: "kim" })).toBeNull();
    expect(await outcome(call, "who")).toEqual({ id: "kim", meta: { firstSeen: "2026-01-01T09:00:00.000Z" } });
  });

  test("a parallel tool cannot identify, and leaves nothing behind", async () => {
    const store = openMemory();
    const call = await start(() => new OrderAgent(), { store });
    expect(await outcome(call, "identify_beside", { id: "kim" })).toBe("read_only");
    expect((await store.list({ kind: "customer" })).items).toEqual([]);
  });

  test("the store names nobody, and lists a customer's conversations", async () => {
    const store = openMemory();
    const call = await start(() => new OrderAgent(), { store });
    await call.tool("identify", { id: "kim@example.com" });
    const [customer] = (await store.list({ kind: "customer" })).items;
    expect(customer!.owner).not.toContain("kim");
    expect((await store.list({ customer: customer!.owner })).items.map(({ owner }) => owner)).toEqual([`conversation:${call.id}`]);
  });
});

describe("a customer behind a login (P19)", () => {
  const bank = () => start(() => new BankAgent());

  test("nobody is identified before the login, whatever id a tool is given", async () => {
    const call = await bank();
    expect(await outcome(call, "identify", { id: "c-kim" })).toBe("not_authenticated");
    expect(await outcome(call, "login", { name: "kim", pin: "0000" })).toEqual({ ok: false });
    expect(await outcome(call, "identify", { id: "c-kim" })).toBe("not_authenticated");
    await call.tool("login_and_identify", { name: "kim", pin: "1234" });
    expect(await outcome(call, "who")).toMatchObject({ id: "c-kim" });
    // Attack 13: another customer's id in arguments.
    expect(await outcome(call, "identify", { id: "c-lee" })).toBe("already_identified");
  });

  test("after a logout the customer is gone, and comes back with the same account only", async () => {
    const call = await bank();
    await call.tool("login_and_identify", { name: "kim", pin: "1234" });
    await call.tool("order", { item: "P1" });
    await call.tool("logout");
    expect(await outcome(call, "who")).toEqual({ id: null, meta: null });
    expect(await outcome(call, "read")).toBe("not_authenticated");
    expect(await outcome(call, "order", { item: "P2" })).toBe("not_authenticated");
    await call.tool("login", { name: "lee", pin: "9876" });
    expect(await outcome(call, "who")).toEqual({ id: null, meta: null });
    expect(await outcome(call, "read")).toBe("not_authenticated");
    expect(await outcome(call, "login_and_identify", { name: "lee", pin: "9876" })).toBe("already_identified");
    await call.tool("logout");
    await call.tool("login", { name: "kim", pin: "1234" });
    expect(await outcome(call, "read")).toMatchObject({ orders: ["P1"] });
  });

  test("the same customer under another account: whoever identified it last sees it", async () => {
    const call = await bank();
    await call.tool("login", { name: "kim", pin: "1234" });
    await call.tool("identify", { id: "family" });
    await call.tool("logout");
    await call.tool("login", { name: "lee", pin: "9876" });
    expect(await outcome(call, "read")).toBe("not_authenticated");
    expect(await outcome(call, "identify", { id: "family" })).toBeNull();
    expect(await outcome(call, "read")).toMatchObject({ orders: [] });
  });

  test("when the session has run out no tool sees the customer, and the hook at the end still may write", async () => {
    const store = openMemory();
    const call = await start(() => new BankAgent(), { store });
    await call.tool("login_and_identify", { name: "kim", pin: "1234" });
    await call.advance("2m");
    expect(await outcome(call, "who")).toEqual({ id: null, meta: null });
    expect(await outcome(call, "order", { item: "P1" })).toBe("not_authenticated");
    expect(await outcome(call, "identify", { id: "c-kim" })).toBe("not_authenticated");
    await call.hangUp();
    const { parts } = await recordOfCustomer(store);
    expect(parts.get("customer")!.data).toEqual({ orders: [], visits: 1 });
  });

  test("the accounts that a customer logged in with are in the record, as hashes", async () => {
    const store = openMemory();
    const call = await start(() => new BankAgent(), { store });
    await call.tool("login_and_identify", { name: "kim", pin: "1234" });
    const { parts } = await recordOfCustomer(store);
    expect(parts.get("$meta")!.data).toMatchObject({ accounts: [expect.stringMatching(/^account:[\w-]{43}$/)] });
  });
});

describe("updates (P11)", () => {
  test("an update is read by whoever reads next, in this call and in another one", async () => {
    const call = await identified();
    expect(await outcome(call, "order", { item: "P1" })).toBe(1);
    const other = await call.another();
    await other.tool("identify", { id: "kim" });
    expect(await outcome(other, "order", { item: "P2" })).toBe(2);
    expect(await outcome(call, "read")).toEqual({ orders: ["P1", "P2"], visits: 0 });
    const stranger = await call.another();
    await stranger.tool("identify", { id: "lee" });
    expect(await outcome(stranger, "read")).toEqual({ orders: [], visits: 0 });
  });

  test("a call that runs again after its process died applies each of its updates once", async () => {
    const call = await identified();
    // Both updates are durable, the tool's own commit never comes to the store.
    call.faults.next("commit", "ok", "ok");
    const held = call.faults.hold("commit");
    const dying = call.tool("order_two", { item: "P" }, { callId: "call-x" });
    await held.reached;
    await call.crash();
    expect((await dying).outcome).toBe("gone");
    await call.restart();
    expect(await outcome(call, "order_two", { item: "P" }, "call-x")).toBeNull();
    expect(await outcome(call, "read")).toMatchObject({ orders: ["P-1", "P-2"] });
  });

  test("an update is durable when it resolves, whatever becomes of its tool; delivered again it is applied once", async () => {
    const call = await identified();
    expect(await outcome(call, "order_and_fail", { item: "P1" }, "call-x")).toBe("tool_execution_error");
    expect(await outcome(call, "order_and_fail", { item: "P1" }, "call-x")).toBe("tool_execution_error");
    expect(await outcome(call, "read")).toMatchObject({ orders: ["P1"] });
  });

  test("an own operation id is honoured once for the customer, from whichever call, also after 2,000 other updates", async () => {
    const call = await identified();
    expect(await outcome(call, "order_once", { item: "P1", opId: "web-77" })).toBe(1);
    expect(await outcome(call, "order_and_fail", { item: "P2" }, "early")).toBe("tool_execution_error");
    await call.tool("fill", { count: 2_000 });
    const other = await call.another();
    await other.tool("identify", { id: "kim" });
    expect(await outcome(other, "order_once", { item: "P1", opId: "web-77" })).toBe(1);
    expect(await outcome(call, "order_and_fail", { item: "P2" }, "early")).toBe("tool_execution_error");
    const { orders } = (await outcome(call, "read")) as { orders: string[] };
    expect([orders.length, orders.filter((item) => item === "P1" || item === "P2")]).toEqual([2_002, ["P1", "P2"]]);
    const stranger = await call.another();
    await stranger.tool("identify", { id: "lee" });
    expect(await outcome(stranger, "order_once", { item: "P1", opId: "web-77" })).toBe(1);
    await call.advance("24h");
    expect(await outcome(other, "order_once", { item: "P1", opId: "web-77" })).toBe("conversation_ended");
    const later = await call.another();
    await later.tool("identify", { id: "kim" });
    expect(await outcome(later, "order_once", { item: "P1", opId: "web-77" })).toBe(2_003);
  });

  test("a recipe that throws stores nothing; what the schema refuses is not stored either", async () => {
    const call = await identified();
    expect(await outcome(call, "refuse")).toEqual({ error: "tool_error", message: "No." });
    expect(await outcome(call, "invalid")).toBe("state_invalid");
    expect(await outcome(call, "late")).toBe("tool_execution_error");
    expect(call.errors.at(-1)).toMatchObject({ code: "option_invalid" });
    expect(await outcome(call, "read")).toEqual({ orders: [], visits: 0 });
  });

  test("parallel tools read and update, and none of their updates is lost", async () => {
    const call = await identified();
    await Promise.all(Array.from({ length: 20 }, (_, n) => call.tool("order_beside", { item: `P${n}` })));
    const { orders } = (await outcome(call, "read_beside")) as { orders: string[] };
    expect(new Set(orders).size).toBe(20);
  });

  test("a record that this release cannot read makes the customer throw, and nothing else; it is kept as it is", async () => {
    const store = openMemory();
    class Newer extends ConversimpleAgent {
      static override readonly agentId = "newer";
      readonly customer = customerState(profile, { version: 2, upgrade: { 1: (old) => old } });
      order = tool("Order", async () => {
        await this.customer.identify("kim");
        return this.customer.update((known) => known.orders.push("P1"));
      });
    }
    const newer = await start(() => new Newer(), { store });
    await newer.tool("order");
    const call = await start(() => new OrderAgent(), { store, conversationId: "older" });
    await call.tool("identify", { id: "kim" });
    const before = (await recordOfCustomer(store)).parts.get("customer");
    expect(await outcome(call, "read")).toBe("state_quarantined");
    expect(await outcome(call, "order", { item: "P2" })).toBe("state_quarantined");
    expect(await outcome(call, "who")).toMatchObject({ id: "kim" });
    expect((await recordOfCustomer(store)).parts.get("customer")).toEqual(before);
  });

  test("the record goes away when the customer has not been here for its retention time", async () => {
    class Forgetful extends ConversimpleAgent {
      static override readonly agentId = "forgetful";
      readonly customer = customerState(profile, { retentionMs: 60_000 });
      order = tool("Order", async () => {
        await this.customer.identify("kim");
        return this.customer.update((known) => known.orders.push("P1"));
      });
    }
    const call = await start(() => new Forgetful());
    await call.tool("order");
    await call.advance("59s");
    expect((await call.tool("order")).result).toBe(2);
    await call.advance("61s");
    expect((await call.tool("order")).result).toBe(1);
  });
});

describe("what is known without being asked", () => {
  test("first seen, last conversation and last interaction are those before this call", async () => {
    const call = await identified();
    expect(await outcome(call, "who")).toEqual({ id: "kim", meta: { firstSeen: "2026-01-01T09:00:00.000Z" } });
    await call.advance("5m");
    await call.hangUp();
    await call.advance("55m");
    const next = await call.another();
    await next.tool("identify", { id: "kim" });
    expect(await outcome(next, "who")).toEqual({ id: "kim", meta: { firstSeen: "2026-01-01T09:00:00.000Z", lastConversation: call.id, lastInteraction: "2026-01-01T09:05:00.000Z" } });
  });

  test("the end of a conversation is noted also when the hook at its end throws", async () => {
    const call = await identified();
    await call.advance("5m");
    await call.hangUp("fail");
    const next = await call.another();
    await next.tool("identify", { id: "kim" });
    expect(await outcome(next, "who")).toMatchObject({ meta: { lastConversation: call.id, lastInteraction: "2026-01-01T09:05:00.000Z" } });
  });
});

describe("ringing back (P12)", () => {
  class CartAgent extends ConversimpleAgent {
    static override readonly agentId: string = "cart";
    readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]), note: z.string().default(""), size: z.string().optional() }), {
      resume: { withinMs: 30 * 60_000, carry: ["cart", "size"] },
    });
    readonly customer: CustomerState<z.infer<typeof profile>> = customerState(profile);
    identify = tool("Identify", { id: z.string() }, ({ id }) => this.customer.identify(id));
    identifyAndFail = tool("Identify and fail", { id: z.string() }, async ({ id }) => {
      await this.customer.identify(id);
      throw new Error("too late");
    });
    add = tool("Add", { item: z.string() }, ({ item }) => void this.state.cart.push(item));
    describe = tool("Describe", { note: z.string(), size: z.string() }, ({ note, size }) => void Object.assign(this.state, { note, size }));
  }
  class OtherAgent extends CartAgent {
    static override readonly agentId: string = "other";
  }
  const left = async (options: Parameters<typeof testAgent>[1] & object = {}) => {
    const call = await start(() => new CartAgent(), options);
    await call.tool("identify", { id: "kim" });
    await call.tool("add", { item: "P1" });
    await call.tool("describe", { note: "a note", size: "M" });
    return call;
  };

  test("the named fields of the last conversation are there again when the customer is identified, and no others", async () => {
    const call = await left();
    await call.hangUp();
    await call.advance("29m");
    const next = await call.another();
    expect(next.state).toMatchObject({ state: { cart: [] } });
    await next.tool("identify", { id: "kim" });
    expect((next.state as { state: unknown }).state).toEqual({ cart: ["P1"], size: "M", note: "" });
  });

  test("what was left is handed over once: a line that broke afterwards brings no older cart back", async () => {
    const first = await left();
    await first.hangUp();
    const second = await first.another();
    await second.tool("identify", { id: "kim" });
    expect(second.state).toMatchObject({ state: { cart: ["P1"] } });
    // Its end is never reported.
    const third = await first.another();
    await third.tool("identify", { id: "kim" });
    expect(third.state).toMatchObject({ state: { cart: [] } });
  });

  test("what was left is there also when the unit fails in which they said who they are, and is tried again", async () => {
    const first = await left();
    await first.hangUp();
    const next = await first.another();
    await next.tool("identify_and_fail", { id: "kim" });
    await next.tool("identify", { id: "kim" });
    expect(next.state).toMatchObject({ state: { cart: ["P1"] } });
  });

  test("what the caller has begun already is kept", async () => {
    const call = await left();
    await call.hangUp();
    const next = await call.another();
    await next.tool("add", { item: "P9" });
    await next.tool("identify", { id: "kim" });
    expect(next.state).toMatchObject({ state: { cart: ["P9"], size: "M" } });
  });

  test.each<[string, (call: TestCall<CartAgent>) => Promise<unknown>, string]>([
    ["after the time", async (call) => (await call.hangUp(), call.advance("31m")), "kim"],
    ["for another customer", (call) => call.hangUp(), "lee"],
    ["while the other call goes on", async () => {}, "kim"],
  ])("nothing is carried %s", async (_, before, id) => {
    const call = await left();
    await before(call);
    const next = await call.another();
    await next.tool("identify", { id });
    expect(next.state).toMatchObject({ state: { cart: [], note: "" } });
  });

  test("nothing is carried from another agent's conversation, or from one whose record is gone", async () => {
    const clock = new SimulatedClock("2026-01-01T09:00:00Z");
    const store = openMemory({ clock });
    const call = await left({ store, clock, now: undefined, retentionMs: 60_000 } as never);
    await call.hangUp();
    const other = await start(() => new OtherAgent(), { store, clock, now: undefined, conversationId: "o" } as never);
    await other.tool("identify", { id: "kim" });
    expect(other.state).toMatchObject({ state: { cart: [] } });
    await call.advance("2m");
    const next = await call.another();
    await next.tool("identify", { id: "kim" });
    expect(next.state).toMatchObject({ state: { cart: [] } });
  });

  test("a unit that fails after the identification carries nothing, and the next one does", async () => {
    class Failing extends CartAgent {
      fails = tool("Identify and fail", async () => {
        await this.customer.identify("kim");
        throw new ToolError("No.");
      });
    }
    const call = await start(() => new Failing());
    await call.tool("identify", { id: "kim" });
    await call.tool("add", { item: "P1" });
    await call.hangUp();
    const next = await call.another();
    await next.tool("fails");
    expect(next.state).toMatchObject({ state: { cart: [] } });
    await next.tool("identify", { id: "kim" });
    expect(next.state).toMatchObject({ state: { cart: ["P1"] } });
  });

  test("a retention that is shorter than the time is warned of when the agent starts", async () => {
    const lines: string[] = [];
    const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    await start(() => new CartAgent(), { retentionMs: 60_000, logger: { debug: () => {}, info: () => {}, warn: note, error: note } });
    expect(lines).toEqual([expect.stringContaining('raise retentionMs {"agent":"cart","part":"state","needsRetentionMs":1800000,"retentionMs":60000}')]);
  });
});

describe("what cannot be is refused when the agent is defined", () => {
  test.each<[string, () => unknown, string]>([
    ["a schema without defaults", () => customerState(z.object({ name: z.string() })), "a customer begins with the schema's defaults"],
    ["a secret", () => customerState(z.object({ pin: z.string().default("").meta({ secret: true }) })), "customer.pin is marked secret"],
    ["a retention of nothing", () => customerState(profile, { retentionMs: 0 }), "retentionMs"],
    ["a version without its upgrade", () => customerState(profile, { version: 2 }), "no step from version 1"],
    // @ts-expect-error there is no such field
    ["a field that is not there", () => conversationState(profile, { resume: { withinMs: 1, carry: ["cart"] } }), 'names "cart"'],
    ["no field", () => conversationState(profile, { resume: { withinMs: 1, carry: [] } }), "names no field"],
    ["no time", () => conversationState(profile, { resume: { withinMs: 0, carry: ["orders"] } }), "withinMs"],
  ])("%s", (_, define, why) => {
    expect(define).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringContaining(why) as string }));
  });

  test("two customers in one agent, and a resume without a customer", async () => {
    class Two extends ConversimpleAgent {
      static override readonly agentId = "two";
      readonly one = customerState(profile);
      readonly other = customerState(profile);
    }
    class Nobody extends ConversimpleAgent {
      static override readonly agentId = "nobody";
      readonly state = conversationState(profile, { resume: { withinMs: 1, carry: ["orders"] } });
    }
    await expect(testAgent(new Two())).rejects.toMatchObject({ code: "definition_invalid", message: expect.stringContaining("one customer") as string });
    await expect(testAgent(new Nobody())).rejects.toMatchObject({ code: "definition_invalid", message: expect.stringContaining("customerState(schema)") as string });
  });
});
