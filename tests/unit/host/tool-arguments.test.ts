import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool } from "../../../src/index.ts";
import { HostBench } from "./bench.ts";

class ListAgent extends ConversimpleAgent {
  static override readonly agentId = "list";
  readonly state = conversationState(z.object({ n: z.number().default(0), items: z.array(z.string()).default([]) }));
  add = tool("Add", { by: z.number().default(1) }, ({ by }) => ({ n: (this.state.n += by) }));
  open = tool("Open", { any: z.record(z.string(), z.unknown()) }, ({ any }) => Object.keys(any));
  optional = tool("Optional", { flags: z.object({ secret: z.boolean() }).default({ secret: true }), node: z.lazy(() => node).optional() }, ({ flags }) => flags.secret);
  object = tool("Object", z.object({ node: z.lazy(() => node), again: z.lazy(() => node).optional() }), () => 1);
  tagged = tool("Tagged", { with: tagged }, ({ with: { tags } }) => (tags.push("mine"), tags));
  taggedObject = tool("Tagged", z.object({ with: tagged }), ({ with: { tags } }) => (tags.push("mine"), tags));
  push = tool("Push", { item: z.string() }, ({ item }) => this.state.items.push(item));
}

const tagged = z.object({ tags: z.array(z.string()) }).default({ tags: [] });
const node: z.ZodType = z.lazy(() => z.object({ pin: z.string().meta({ secret: true }).optional(), next: node.optional() }));

const start = async () => {
  const bench = await HostBench.start(new ListAgent());
  await bench.open();
  return { bench };
};

test.each<[string, unknown]>([
  ["of the wrong type", { item: 5 }],
  ["missing", {}],
  ["unknown", { item: "a", more: 1 }],
  ["not an object", "item"],
  ["a list", ["a"]],
  ["nothing", undefined],
  ["with __proto__", JSON.parse('{"item":"a","__proto__":{"admin":true}}')],
  ["with constructor, deep inside", { item: "a", more: [{ constructor: { prototype: { admin: true } } }] }],
  ["of 300 KiB", { item: "x".repeat(307_200) }],
  ["5,000 levels deep", { item: JSON.parse("[".repeat(5_000) + "]".repeat(5_000)) as unknown }],
  ["with half a surrogate pair in a name", { item: "a", "\ud800": 1 }],
])("arguments %s are refused before the handler runs", async (_, input) => {
  const { bench } = await start();
  expect(await bench.result("push", input)).toBe("invalid_parameters");
  expect(await bench.stored()).toMatchObject({ items: [] });
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});

test.each(["__proto__", "constructor", "prototype"])("%s is refused as a name wherever it stands, also where any name is allowed", async (name) => {
  const { bench } = await start();
  for (const text of [`{"any":{"${name}":1}}`, `{"any":{"deep":[{"${name}":{"admin":true}}]}}`]) expect(await bench.result("open", JSON.parse(text))).toBe("invalid_parameters");
  expect(await bench.result("open", { any: { fine: { deep: [1] } } })).toEqual(["fine"]);
});

test("a default that a handler changes is another one in the next call, also of another conversation (D)", async () => {
  const { bench } = await start();
  await bench.open("c2");
  expect(await bench.result("tagged", {})).toEqual(["mine"]);
  expect(await bench.result("tagged", {}, { conversationId: "c2" })).toEqual(["mine"]);
  expect(await bench.result("tagged_object", {})).toEqual(["mine"]);
  expect(await bench.result("tagged_object", {}, { conversationId: "c2" })).toEqual(["mine"]);
});

test("what is secret behind a definition is masked; a default that says secret is not", async () => {
  const { bench } = await start();
  await bench.call("optional", { node: { next: { pin: "canary" } } });
  await bench.call("optional", { flags: { secret: false } });
  await bench.call("object", { node: { next: { pin: "canary" } } });
  expect((await bench.journal()).slice(1).map((entry) => entry.arguments)).toEqual([{ node: "***" }, { flags: { secret: false } }, { node: "***" }]);
});

test("every reference in a tool's description leads somewhere", async () => {
  const { bench } = await start();
  for (const { name, parameters } of bench.host.tools("c1")) {
    const references = [...JSON.stringify(parameters).matchAll(/"\$ref":"#([^"]*)"/g)].map((match) => match[1]!);
    if (name === "optional" || name === "object") expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      const found = reference.split("/").slice(1).reduce((at: unknown, step) => (at as Record<string, unknown>)[step], parameters);
      expect(found).toMatchObject({ type: "object", properties: { pin: { type: "string" } } });
    }
  }
});

test("unknown tools, odd names and odd ids are errors, never exceptions", async () => {
  const { bench } = await start();
  for (const name of ["nothing", "addOne", "__proto__", "constructor", "toString", "", "x".repeat(10_000)]) expect(await bench.result(name)).toBe("tool_not_found");
  expect(await bench.result(undefined as unknown as string)).toBe("tool_not_found");
  for (const callId of ["", "a\nb", "\ud800", "x".repeat(257), 5 as unknown as string]) expect(await bench.result("add", {}, { callId })).toBe("id_invalid");
  for (const callId of ["../../x", "a}{b", "';DROP TABLE--", "%", "*", "é", "e\u0301", "😀"]) expect(await bench.result("add", {}, { callId })).toMatchObject({ n: expect.any(Number) as number });
  expect(await bench.stored()).toMatchObject({ n: 8 });
  expect(await bench.result("add", {}, { conversationId: "nobody" })).toBe("conversation_not_found");
});
