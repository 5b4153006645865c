import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool } from "../../../src/index.ts";
import { HostBench, world } from "../host/bench.ts";

const sharedDefault = { deep: { list: [] as number[] } };

class ShapeAgent extends ConversimpleAgent {
  static override readonly agentId = "shape";
  readonly state = conversationState(
    z.object({
      shared: z.object({ deep: z.object({ list: z.array(z.number()) }) }).default(sharedDefault),
      byName: z.map(z.string(), z.object({ n: z.number() })).default(() => new Map()),
      lines: z.array(z.object({ id: z.string(), note: z.string().trim().optional() })).default([]),
      options: z.looseObject({}).default({}),
      maybe: z.undefined().or(z.null()).optional(),
      pad: z.string().default(""),
    }),
    { maxBytes: 2_000 },
  );
  run = tool("Run", { what: z.string() }, ({ what }) => void this.deeds[what]!());
  readonly deeds: Record<string, () => unknown> = {
    shared: () => this.state.shared.deep.list.push(1),
    extra: () => Object.assign(this.state, { extra: 1 }),
    extraInList: () => this.state.lines.push({ id: "a", extra: 1 } as { id: string }),
    extraInMap: () => this.state.byName.set("a", { n: 1, extra: 1 } as { n: number }),
    extraObject: () => Object.assign(this.state, { extra: { deep: 1 } }),
    trimmed: () => this.state.lines.push({ id: "a", note: "  spaced " }),
    loose: () => Object.assign(this.state.options, { any: new Map([["k", 1n]]) }),
    removed: () => delete (this.state as { pad?: string }).pad,
    null: () => (this.state.maybe = null),
    large: () => (this.state.pad = "x".repeat(2_000)),
  };
}

const start = async () => {
  const bench = await HostBench.start(new ShapeAgent());
  await bench.open();
  return bench;
};

test("a default that is a shared object is shared by nobody", async () => {
  const bench = await start();
  await bench.open("c2");
  await bench.call("run", { what: "shared" });
  await bench.call("run", { what: "shared" });
  expect(await bench.stored()).toMatchObject({ shared: { deep: { list: [1, 1] } } });
  expect(await bench.stored("c2")).toMatchObject({ shared: { deep: { list: [] } } });
  expect(sharedDefault).toEqual({ deep: { list: [] } });
});

test.each([
  ["extra", "state.extra"],
  ["extraInList", "state.lines[0].extra"],
  ["extraInMap", "state.byName[0][1].extra"],
  ["extraObject", "state.extra"],
])("what the schema would drop without a word (%s) is refused with its path", async (what, path) => {
  const bench = await start();
  expect(await bench.call("run", { what })).toMatchObject({ code: "state_invalid", message: expect.stringContaining(path) as string });
  expect(await bench.stored()).toEqual(await start().then((fresh) => fresh.stored()));
});

test("what the schema makes of a value is what is stored", async () => {
  const bench = await start();
  await bench.call("run", { what: "trimmed" });
  await bench.call("run", { what: "loose" });
  await bench.call("run", { what: "null" });
  await bench.call("run", { what: "removed" });
  expect(await bench.stored()).toMatchObject({ lines: [{ id: "a", note: "spaced" }], options: { any: new Map([["k", 1n]]) }, maybe: null, pad: "" });
});

test("a state beyond its limit is refused, naming the largest fields; the old state stays", async () => {
  const bench = await start();
  await bench.call("run", { what: "shared" });
  const before = await bench.stored();
  expect(await bench.call("run", { what: "large" })).toMatchObject({ code: "state_too_large", message: expect.stringContaining("pad (2002)") as string });
  expect(await bench.stored()).toEqual(before);
  await bench.call("run", { what: "shared" });
  expect(await bench.stored()).not.toEqual(before);
});

test("a field that is new in the code has its default in an old conversation", async () => {
  class Before extends ConversimpleAgent {
    static override readonly agentId = "grown";
    readonly state = conversationState(z.object({ a: z.number().default(1) }));
  }
  class After extends ConversimpleAgent {
    static override readonly agentId = "grown";
    readonly state = conversationState(z.object({ a: z.number().default(1), b: z.array(z.string()).default(["new"]) }));
    add = tool("Add", () => this.state.b.push("x"));
  }
  const here = world();
  const one = await HostBench.start(new Before(), { world: here });
  await one.open();
  await one.host.drain(0);
  const two = await HostBench.start(new After(), { world: here });
  await two.open();
  expect(await two.result("add")).toBe(2);
  expect(await two.stored()).toEqual({ a: 1, b: ["new", "x"] });
});

test("an agent without a conversation state serves, too", async () => {
  class Stateless extends ConversimpleAgent {
    static override readonly agentId = "stateless";
    hello = tool("Hello", () => "hi");
  }
  const agent = new Stateless();
  const bench = await HostBench.start(agent);
  await bench.open();
  expect(await bench.result("hello")).toBe("hi");
});
