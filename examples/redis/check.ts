// Two processes serve the RedisAgent from one Redis: two calls of one customer at the same time, a process that is killed
// in the middle of a call, and a record that goes away 24 hours after the call. Exits non-zero when something is wrong.

import assert from "node:assert/strict";
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LocalPlatform } from "conversimple/platform";
import { openStore, type Owner } from "conversimple/stores";
import { findRedis } from "./server.ts";

const redis = await findRedis(process.cwd());
if (!redis) {
  console.error("redis: this example needs a Redis: install one (apt install redis-server, brew install redis), or name one in REDIS_URL.");
  process.exit(1);
}

const apiKey = "cs_test_example";
// A prefix of its own: nothing else on that server is touched.
const place = new URL(redis.url);
place.searchParams.set("prefix", `example-${randomUUID()}:`);
const address = place.href;
const platform = new LocalPlatform({ port: 0, apiKey });
const { url } = await platform.start();
const store = await openStore(address);
const processes: ChildProcess[] = [];

async function serve(): Promise<ChildProcess> {
  const environment = { CONVERSIMPLE_STORE: address, CONVERSIMPLE_SECRET: "the secret of this example", CONVERSIMPLE_API_KEY: apiKey, CONVERSIMPLE_PLATFORM_URL: url, CONVERSIMPLE_LOG_LEVEL: "error" };
  const started = fork(fileURLToPath(new URL("serve.ts", import.meta.url)), { env: { ...process.env, ...environment } });
  processes.push(started);
  await once(started, "message");
  return started;
}

async function call(conversationId: string, tool: string, input: Record<string, unknown> = {}, callId?: string): Promise<Record<string, unknown>> {
  const answer = await platform.callTool({ conversationId, tool, arguments: input, ...(callId ? { callId } : {}) });
  assert.equal(answer.kind, "result", JSON.stringify(answer));
  return JSON.parse((answer as { json: string }).json) as Record<string, unknown>;
}
const ring = async () => (await platform.createConversation({ agentId: "redis" })).conversationId;
const KIM = { name: "Kim", pin: "1234" };

try {
  const first = await serve();
  const call1 = await ring();
  // Nobody has a history before the login, whatever the caller says.
  assert.deepEqual(await call(call1, "get_customer_history"), { error: "not_authenticated", message: "Please log in first." });
  assert.deepEqual(await call(call1, "login", KIM), { success: true });
  assert.deepEqual(await call(call1, "get_customer_history"), { orders: [], preferences: {} });
  await call(call1, "set_preference", { name: "delivery", value: "evening" });
  await call(call1, "add_to_cart", { productId: "P1" });

  // A second process; two calls of one customer order at the same time. The guide would lose one of them.
  await serve();
  const call2 = await ring();
  await call(call2, "login", KIM);
  await call(call2, "add_to_cart", { productId: "P2" });
  const [placed] = await Promise.all([call(call1, "place_order", {}, "order-1"), call(call2, "place_order", {}, "order-2")]);
  const history = (await call(call2, "get_customer_history")) as { orders: string[][]; preferences: unknown };
  assert.deepEqual(history.orders.flat().toSorted(), ["P1", "P2"]);
  assert.deepEqual(history.preferences, { delivery: "evening" });

  // The process of the first call dies. The other one takes the call over: who is logged in, and what was ordered, is known.
  await call(call1, "add_to_cart", { productId: "P3" });
  first.kill("SIGKILL");
  await once(first, "exit");
  assert.deepEqual(await call(call1, "add_to_cart", { productId: "P4" }), { success: true, cartSize: 2 });
  // Delivered again after the crash: answered, not done again.
  assert.deepEqual(await call(call1, "place_order", {}, "order-1"), placed);
  assert.equal(((await call(call1, "get_customer_history")).orders as unknown[]).length, 2);

  // A live call does not expire; one that is over goes away 24 hours later, and Redis needs nobody for that.
  const owner: Owner = `conversation:${call2}`;
  assert.equal((await store.load(owner))?.facts.expiresAtMs, null);
  // The process that died may have had this call, too: then the other one ends it when the lease is over.
  await platform.endConversation(call2);
  const patience = AbortSignal.timeout(20_000);
  let ended = await store.load(owner);
  while (ended?.facts.status !== "ended") {
    patience.throwIfAborted();
    await sleep(20);
    ended = await store.load(owner);
  }
  const hours = (ended.facts.expiresAtMs! - ended.facts.updatedAtMs) / 3_600_000;
  assert.ok(hours > 23.9 && hours < 24.1, `kept for ${hours} hours`);
} finally {
  for (const each of processes) each.kill("SIGKILL");
  // What the example made goes with it.
  for (const { owner } of (await store.list({ limit: 1_000 })).items) await store.forget(owner);
  await store.close();
  await platform.stop();
  await redis.stop();
}
console.log("redis: two processes, one customer, no order lost; a killed call went on; ended calls are kept for 24 hours");
