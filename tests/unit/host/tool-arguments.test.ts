import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool } from "../../../src/index.ts";
import { HostBench } from "./bench.ts";

class ListAgent extends ConversimpleAgent {
  static override readonly agentId = "list";
  readonly state = conversationState(z.object({ n: z.number().default(0), items: z.array(z.string()).default([]) }));
  add = tool("Add", { by: z.number().default(1) }, ({ by }) => ({ n: (this.state.n += by) }));
  push = tool("Push", { item: z.string() }, ({ item }) => this.state.items.push(item));
}

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

test("unknown tools, odd names and odd ids are errors, never exceptions", async () => {
  const { bench } = await start();
  for (const name of ["nothing", "addOne", "__proto__", "constructor", "toString", "", "x".repeat(10_000)]) expect(await bench.result(name)).toBe("tool_not_found");
  expect(await bench.result(undefined as unknown as string)).toBe("tool_not_found");
  for (const callId of ["", "a\nb", "\ud800", "x".repeat(257), 5 as unknown as string]) expect(await bench.result("add", {}, { callId })).toBe("id_invalid");
  for (const callId of ["../../x", "a}{b", "';DROP TABLE--", "%", "*", "é", "e\u0301", "😀"]) expect(await bench.result("add", {}, { callId })).toMatchObject({ n: expect.any(Number) as number });
  expect(await bench.stored()).toMatchObject({ n: 8 });
  expect(await bench.result("add", {}, { conversationId: "nobody" })).toBe("conversation_not_found");
});
