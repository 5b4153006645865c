// Mistakes that a newcomer makes, and what must not happen then: nothing is lost, shared or skipped without a word.

import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, openState, tool } from "../../../src/index.ts";
import { AgentHost } from "../../../src/host/agent-host.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { HostBench } from "./bench.ts";

class Clinic extends ConversimpleAgent {
  static override readonly agentId = "clinic";
  readonly state = conversationState(z.object({ names: z.set(z.string()).default(new Set()), orders: z.number().default(0) }));
  readonly notes: string[] = [];

  seen = tool("Seen", { name: z.string() }, { parallel: true }, async ({ name }) => {
    await this.update(() => this.state.names.add(name));
    return { done: true };
  });
  reserveTwice = tool("Reserve twice", async () => [await this.effect("reserve", () => "R-Lee"), await this.effect("reserve", () => "R-Kim")]);
  order = tool("Order", { key: z.string() }, { once: ({ key }) => key }, () => ({ number: ++this.state.orders }));
  orderInside = tool("Order from another tool", { key: z.string() }, ({ key }) => this.order({ key }));
  orderSlowly = tool("Order slowly", { key: z.string() }, { once: ({ key }) => key }, async () => {
    await Promise.resolve();
    return { number: ++this.state.orders };
  });
  orderBoth = tool("Order from another tool, at the same time", () => Promise.all([this.orderSlowly({ key: "a" }), this.orderSlowly({ key: "a" }), this.orderSlowly({ key: "b" })]));
  count = tool("Count", () => this.state.orders);
  nested = tool("Nested", { guest: z.object({ name: z.string(), pets: z.array(z.object({ kind: z.string() })).default([]), extra: z.record(z.string(), z.number()).default({}) }) }, ({ guest }) => guest);
}

async function open() {
  const bench = await HostBench.start(new Clinic());
  await bench.open();
  return bench;
}

test("a recipe that ends with a draft commits once, and its call succeeds", async () => {
  const bench = await open();
  expect(await bench.result("seen", { name: "Kim" })).toEqual({ done: true });
  expect(await bench.stored()).toEqual({ names: new Set(["Kim"]), orders: 0 });
});

test("a second effect of the same name in a call is refused, not silently skipped", async () => {
  const bench = await open();
  expect(await bench.call("reserve_twice")).toMatchObject({ kind: "error", code: "tool_execution_error" });
  expect(bench.errors).toMatchObject([{ code: "option_invalid", message: expect.stringContaining('"reserve" was used twice') }]);
});

test("once holds for two calls of a tool at the same time in one other: the second gets the first one's answer", async () => {
  const bench = await open();
  expect(await bench.result("order_both")).toEqual([{ number: 1 }, { number: 1, repeated: true }, { number: 2 }]);
  expect(await bench.result("order_slowly", { key: "b" })).toEqual({ number: 2, repeated: true });
});

test("once holds whether a tool is called from outside or by another tool", async () => {
  const bench = await open();
  expect(await bench.result("order", { key: "a" })).toEqual({ number: 1 });
  expect(await bench.result("order_inside", { key: "a" })).toEqual({ number: 1, repeated: true });
  expect(await bench.result("order_inside", { key: "b" })).toEqual({ number: 2 });
  expect(await bench.result("order", { key: "b" })).toEqual({ number: 2, repeated: true });
  expect(await bench.result("count")).toBe(2);
});

test.each([
  ["in an object", { name: "Kim", nmae: "Lee" }, "arguments.guest.nmae"],
  ["in a list of objects", { name: "Kim", pets: [{ kind: "cat" }, { kind: "dog", age: 3 }] }, "arguments.guest.pets[1].age"],
])("an unknown argument %s is refused with its path", async (_, guest, path) => {
  const bench = await open();
  expect(await bench.call("nested", { guest })).toMatchObject({ kind: "error", code: "invalid_parameters", message: expect.stringContaining(`${path}: is not a parameter`) });
});

test("a record argument takes any name", async () => {
  const bench = await open();
  expect(await bench.result("nested", { guest: { name: "Kim", extra: { anything: 1 } } })).toEqual({ name: "Kim", pets: [], extra: { anything: 1 } });
});

test("an empty container in a plain field is warned of when the host starts, by agent and field", async () => {
  const lines: unknown[] = [];
  const warn = (fields: unknown) => void lines.push(fields);
  const host = await AgentHost.start({ agents: [new Clinic()], store: openMemory(), logger: { debug() {}, info() {}, warn, error() {} } });
  expect(lines).toEqual([{ agent: "clinic", fields: ["notes"] }]);
  await host.drain(0);
});

test("a parameter that looks like a secret and is not marked is warned of when the host starts", async () => {
  class Door extends ConversimpleAgent {
    static override readonly agentId = "door";
    login = tool("Log in", { user: z.string(), password: z.string(), otpCode: z.string().optional(), spinning: z.boolean() }, () => 1);
    change = tool("Change the PIN", z.object({ newPin: z.string() }), () => 1);
    mark = tool("Mark a place", { pin: z.string().meta({ secret: false }), oldPin: z.string().meta({ secret: true }), password: z.string().meta({ pii: true }) }, () => 1);
  }
  const lines: unknown[] = [];
  const warn = (fields: unknown) => void lines.push(fields);
  const host = await AgentHost.start({ agents: [new Door()], store: openMemory(), logger: { debug() {}, info() {}, warn, error() {} } });
  expect(lines).toEqual([
    { agent: "door", tool: "login", parameters: ["password", "otpCode"] },
    { agent: "door", tool: "change", parameters: ["newPin"] },
  ]);
  await host.drain(0);
});

test("state that is used before any conversation runs is an error, not a value that gets lost", () => {
  class Early extends ConversimpleAgent {
    static override readonly agentId = "early";
    readonly state = conversationState(z.object({ n: z.number().default(0) }));
    constructor(write: boolean) {
      super();
      if (write) this.state.n = 3;
      else void this.state.n;
    }
  }
  for (const write of [true, false]) expect(() => new Early(write)).toThrow(expect.objectContaining({ code: "no_conversation", message: expect.stringContaining("this.state.n was used before any conversation") }) as Error);
});

test("version without an upgrade from the one before is refused when it is declared", () => {
  expect(() => conversationState(z.object({}), { version: 2 })).toThrow("no step from version 1");
});

test("a program outside hears why its change was refused, and the journal says it too", async () => {
  const store = openMemory();
  const host = await AgentHost.start({ agents: [new Clinic()], store });
  await host.open("c1", { agentId: "clinic" });
  const outside = await openState(store, { agents: [new Clinic()] });
  await expect(outside.updateState("c1", { orders: "many" })).rejects.toMatchObject({ code: "state_invalid", message: expect.stringContaining("state.orders") as string });
  const texts = (await store.history("conversation:c1")).map(({ text }) => text);
  expect(texts.at(-1)).toContain("state.orders is not valid");
  await outside.close();
  await host.drain(0);
});
