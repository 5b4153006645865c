// Calls the CachedAgent over a real platform and checks what it asks its database for; then lets minutes pass on a
// simulated clock. Exits non-zero when something is wrong.

import assert from "node:assert/strict";
import { Dispatcher } from "conversimple";
import { LocalPlatform } from "conversimple/platform";
import { testAgent } from "conversimple/testing";
import { CachedAgent, ProductDatabase } from "./agent.ts";

process.env.CONVERSIMPLE_LOG_LEVEL ??= "warn";
const kettle = { id: "P123", name: "Kettle", price: 29 };

// Two callers, over the platform.
const database = new ProductDatabase();
const platform = new LocalPlatform({ port: 0, apiKey: "cs_test_example" });
const { url } = await platform.start();
const dispatcher = new Dispatcher({ agents: [new CachedAgent(database)], apiKey: "cs_test_example", platformUrl: url, store: "memory:", signals: false });
await dispatcher.start();

async function call(conversationId: string, tool: string, input: Record<string, unknown>): Promise<unknown> {
  const answer = await platform.callTool({ conversationId, tool, arguments: input });
  assert.equal(answer.kind, "result", JSON.stringify(answer));
  return JSON.parse((answer as { json: string }).json) as unknown;
}

try {
  const { conversationId: kim } = await platform.createConversation({ agentId: "cache" });
  const { conversationId: lee } = await platform.createConversation({ agentId: "cache" });

  assert.deepEqual(await call(kim, "get_product", { productId: "P123" }), kettle);
  assert.deepEqual(await call(kim, "get_product", { productId: "P123" }), { ...kettle, cached: true });
  assert.deepEqual(await call(lee, "get_product", { productId: "P123" }), { ...kettle, cached: true });
  assert.deepEqual(database.queries, ["P123"]);

  // A product that does not exist is an answer, too: it is not asked for again.
  for (const caller of [kim, lee]) assert.deepEqual(await call(caller, "get_product", { productId: "P999" }), { error: "not_found", message: "We don't have P999." });
  assert.deepEqual(database.queries, ["P123", "P999"]);

  // Twenty at once ask the database once.
  const compared = await Promise.all(Array.from({ length: 20 }, (_, index) => call(index % 2 === 0 ? kim : lee, "compare_prices", { productIds: ["P456", "P123"] })));
  for (const answer of compared) assert.deepEqual(answer, { cheapest: "P123", prices: [{ id: "P123", price: 29 }, { id: "P456", price: 35 }] });
  assert.deepEqual(database.queries, ["P123", "P999", "P456"]);

  // What was changed is not served from before.
  assert.deepEqual(await call(kim, "set_price", { productId: "P123", price: 19 }), { success: true });
  assert.deepEqual(await call(lee, "get_product", { productId: "P123" }), { ...kettle, price: 19 });

  // An offer belongs to one call.
  assert.deepEqual(await call(kim, "get_offer", { productId: "P123" }), { productId: "P123", percentOff: 5, code: "OFFER-P123-1" });
  assert.deepEqual(await call(lee, "get_offer", { productId: "P123" }), { productId: "P123", percentOff: 5, code: "OFFER-P123-2" });
  assert.deepEqual(await call(kim, "get_offer", { productId: "P123" }), { productId: "P123", percentOff: 5, code: "OFFER-P123-1" });
} finally {
  await dispatcher.stop();
  await platform.stop();
}

// Five minutes and more.
const later = await testAgent(new CachedAgent());
const { database: other } = later.agent;
await later.tool("get_product", { productId: "P123" });
await later.advance("5m");
assert.deepEqual((await later.tool("get_product", { productId: "P123" })).result, { ...kettle, cached: true });

// Older than that, the old value is served at once while a new one is loaded: the next caller hears it.
other.products.set("P123", { ...kettle, price: 25 });
await later.advance("30s");
assert.deepEqual((await later.tool("get_product", { productId: "P123" })).result, { ...kettle, cached: true });
await later.advance(1);
assert.deepEqual((await later.tool("get_product", { productId: "P123" })).result, { ...kettle, price: 25, cached: true });
assert.deepEqual(other.queries, ["P123", "P123"]);

// The database goes away: what is known is still said for a minute, then the failure is one, and it is not kept.
other.isDown = true;
await later.advance("330s");
assert.deepEqual((await later.tool("get_product", { productId: "P123" })).result, { ...kettle, price: 25, cached: true });
await later.advance("1m");
assert.equal((await later.tool("get_product", { productId: "P123" })).error?.code, "tool_execution_error");
other.isDown = false;
assert.deepEqual((await later.tool("get_product", { productId: "P123" })).result, { ...kettle, price: 25 });
await later.close();

console.log("cache: one query for all who asked, and nobody heard what was another's");
