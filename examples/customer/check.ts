// Calls the CustomerAgent over a real platform: two calls of one customer at the same time, one who rings back, one who
// tries to be somebody else, and one who wants to be forgotten. Exits non-zero when an answer or a state is wrong.

import assert from "node:assert/strict";
import { Dispatcher, openState } from "conversimple";
import { LocalPlatform } from "conversimple/platform";
import { CustomerAgent } from "./agent.ts";

process.env.CONVERSIMPLE_LOG_LEVEL ??= "warn";
const STORE = "sqlite:state.db";
const apiKey = "cs_test_example";

const platform = new LocalPlatform({ port: 0, apiKey });
const { url } = await platform.start();
const agent = new CustomerAgent();
const dispatcher = new Dispatcher({ agents: [agent], apiKey, platformUrl: url, store: STORE, signals: false });
await dispatcher.start();
// Another program, such as the one that answers to requests of customers about their data.
const access = await openState(STORE);

async function answerOf(conversationId: string, tool: string, input: Record<string, unknown> = {}, callId?: string) {
  return platform.callTool({ conversationId, tool, arguments: input, ...(callId ? { callId } : {}) });
}
async function call(conversationId: string, tool: string, input?: Record<string, unknown>, callId?: string): Promise<Record<string, unknown>> {
  const answer = await answerOf(conversationId, tool, input, callId);
  assert.equal(answer.kind, "result", JSON.stringify(answer));
  return JSON.parse((answer as { json: string }).json) as Record<string, unknown>;
}
const ring = async () => (await platform.createConversation({ agentId: "customer" })).conversationId;
async function hangUp(conversationId: string): Promise<void> {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const stop = dispatcher.host!.onGone((id) => id === conversationId && resolve());
  await platform.endConversation(conversationId);
  await gone;
  stop();
}
const KIM = { name: "Kim", pin: "1234" };

try {
  // Nobody is known before the login.
  const first = await ring();
  assert.deepEqual(await call(first, "get_customer_context"), { error: "not_authenticated", message: "Please log in first." });
  assert.deepEqual(await call(first, "login", KIM), { success: true, cart: [] });
  assert.deepEqual(await call(first, "get_customer_context"), { orders: [], address: "", calls: 0, lastConversation: null });
  await call(first, "set_address", { address: "1 Main Street" });

  // Two calls of one customer at the same time: both orders are there. One is delivered twice: it counts once.
  const second = await ring();
  await call(second, "login", KIM);
  await call(first, "add_to_cart", { productId: "P1" });
  await call(second, "add_to_cart", { productId: "P2" });
  await Promise.all([call(first, "place_order", {}, "order-1"), call(second, "place_order", {}, "order-2")]);
  await call(first, "place_order", {}, "order-1");
  const { orders, lastConversation } = await call(second, "get_customer_context");
  assert.deepEqual((orders as string[][]).flat().toSorted(), ["P1", "P2"]);
  assert.equal(lastConversation, first);

  // Somebody else in the same call does not see Kim, and does not become Lee.
  await call(second, "logout");
  const lee = await answerOf(second, "login", { name: "Lee", pin: "9876" });
  assert.equal(lee.kind === "error" && lee.error.type, "already_identified");
  assert.deepEqual(await call(second, "get_customer_context"), { error: "not_authenticated", message: "Please log in first." });
  await call(second, "login", KIM);

  // Kim's line breaks with a full cart. Kim rings back: it is there as soon as it is known that it is Kim.
  await call(first, "add_to_cart", { productId: "P3" });
  await hangUp(first);
  const third = await ring();
  assert.deepEqual((await agent.getState(third))?.cart ?? [], []);
  assert.deepEqual(await call(third, "login", KIM), { success: true, cart: ["P3"] });
  assert.deepEqual(await call(third, "place_order"), { success: true, orders: 3 });
  assert.deepEqual(await call(third, "get_customer_context"), { orders: [...(orders as string[][]), ["P3"]], address: "1 Main Street", calls: 1, lastConversation: first });

  // What is stored of Kim, and then nothing: the calls that go on end.
  const data = await access.export("C-1");
  assert.deepEqual(data.conversations.map(({ id }) => id).toSorted(), [first, second, third].toSorted());
  assert.equal((data.record!.parts!.customer!.data as { address: string }).address, "1 Main Street");
  const receipt = await access.forget("C-1");
  assert.deepEqual([receipt.conversations, receipt.accounts], [3, 1]);
  assert.ok(receipt.records >= 5 && receipt.entries > 20);
  const late = await answerOf(third, "add_to_cart", { productId: "P4" });
  assert.equal(late.kind === "error" && late.error.type, "conversation_ended");
  assert.equal((await access.export("C-1")).record, null);
  const fourth = await ring();
  const again = await answerOf(fourth, "login", KIM);
  assert.equal(again.kind === "error" && again.error.type, "customer_forgotten");
  // Lee was never touched.
  assert.deepEqual(await call(fourth, "login", { name: "Lee", pin: "9876" }), { success: true, cart: [] });
} finally {
  await access.close();
  await dispatcher.stop();
  await platform.stop();
}
console.log("customer: nothing was lost, nobody saw another's data, and the forgotten are gone");
