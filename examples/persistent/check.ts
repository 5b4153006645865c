// Calls the PersistentAgent over a real platform, kills its process with SIGKILL in the middle of a call, starts
// another one, and checks that the call goes on with its cart. Exits non-zero when it does not.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { LocalPlatform } from "conversimple/platform";
import { openStore } from "conversimple/stores";

const apiKey = "cs_test_example";
const platform = new LocalPlatform({ port: 0, apiKey });
const { url } = await platform.start();

function serve(): ChildProcess {
  const environment = { ...process.env, CONVERSIMPLE_API_KEY: apiKey, CONVERSIMPLE_PLATFORM_URL: url, CONVERSIMPLE_LOG_LEVEL: "warn" };
  return spawn(process.execPath, [fileURLToPath(new URL("serve.ts", import.meta.url))], { env: environment, stdio: "inherit" });
}

async function call(conversationId: string, tool: string, input: Record<string, unknown> = {}, callId?: string): Promise<Record<string, unknown>> {
  const answer = await platform.callTool({ conversationId, tool, arguments: input, ...(callId ? { callId } : {}) });
  assert.equal(answer.kind, "result", JSON.stringify(answer));
  return JSON.parse((answer as { json: string }).json) as Record<string, unknown>;
}

let server = serve();
try {
  const { conversationId } = await platform.createConversation({ agentId: "persistent" });
  assert.deepEqual(await call(conversationId, "add_to_cart", { productId: "P1", quantity: 2 }, "call-1"), { success: true, cartSize: 1 });

  // The process dies while a call is on its way. The platform delivers it again to the next one.
  const inFlight = call(conversationId, "add_to_cart", { productId: "P2" }, "call-2");
  server.kill("SIGKILL");
  await once(server, "exit");
  server = serve();

  assert.deepEqual(await inFlight, { success: true, cartSize: 2 });
  // Delivered twice or not: it changed the cart once.
  assert.deepEqual(await call(conversationId, "add_to_cart", { productId: "P1", quantity: 2 }, "call-1"), { success: true, cartSize: 1 });

  const { cart, createdAt } = await call(conversationId, "get_cart");
  const lines = cart as { productId: string; quantity: number; addedAt: string }[];
  assert.deepEqual(lines.map(({ productId, quantity }) => [productId, quantity]), [["P1", 2], ["P2", 1]]);
  assert.ok(new Date(createdAt as string) <= new Date(lines[0]!.addedAt), "the record knows when it was made");

  // The agent's process leaves cleanly; what it stored can be read by another program.
  server.kill("SIGTERM");
  const [code] = (await once(server, "exit")) as [number | null];
  assert.equal(code, 0);
  const store = await openStore("sqlite:state.db");
  const [kept] = (await store.list({ kind: "conversation" })).items;
  assert.equal(kept?.facts.status, "live");
  assert.ok(kept.version >= 4);
  await store.close();
} finally {
  server.kill("SIGKILL");
  await platform.stop();
}
console.log("persistent: the cart survived SIGKILL, every call counted once");
