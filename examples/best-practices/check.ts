// Plays the three best practices over a real platform on SQLite: a state that grows is refused, an ended call is
// cleaned up, and the store goes away in the middle of a call. Exits non-zero when something is wrong.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { Dispatcher } from "conversimple";
import { LocalPlatform } from "conversimple/platform";
import { openStore } from "conversimple/stores";
import { testAgent } from "conversimple/testing";
import { Archive, CarefulAgent } from "./agent.ts";

process.env.CONVERSIMPLE_LOG_LEVEL ??= "silent";
/** For so long the store is away. */
const AWAY_MS = 10_000;
/** So long a request to the store may take, and so long it is asked whether a write happened after all. */
const STORE_TIMEOUT_MS = 2_000;

const archive = new Archive();
const platform = new LocalPlatform({ port: 0, apiKey: "cs_test_example" });
const { url } = await platform.start();
const store = await openStore("sqlite:state.db", { timeoutMs: STORE_TIMEOUT_MS });

async function serve(): Promise<Dispatcher> {
  const dispatcher = new Dispatcher({ agents: [new CarefulAgent(archive)], apiKey: "cs_test_example", platformUrl: url, store, resolveTimeoutMs: STORE_TIMEOUT_MS, signals: false });
  await dispatcher.start();
  return dispatcher;
}

function answer(conversationId: string, tool: string, input: Record<string, unknown> = {}, callId?: string) {
  return platform.callTool({ conversationId, tool, arguments: input, ...(callId ? { callId } : {}) });
}

/** What the tool returned. */
async function result(...call: Parameters<typeof answer>): Promise<unknown> {
  const said = await answer(...call);
  assert.equal(said.kind, "result", JSON.stringify(said));
  return JSON.parse((said as { json: string }).json) as unknown;
}

/** What the caller hears instead of a result. */
async function failure(...call: Parameters<typeof answer>): Promise<{ type: string; message: string }> {
  const said = await answer(...call);
  assert.equal(said.kind, "error", JSON.stringify(said));
  return (said as { error: { type: string; message: string } }).error;
}

/** Something that happens after its cause was answered. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}

async function keepStateMinimal(kim: string): Promise<void> {
  assert.deepEqual(await result(kim, "select_product", { productId: "P123" }), { success: true, cartSize: 1 });
  const refused = await failure(kim, "remember_catalogue");
  assert.equal(refused.type, "state_too_large");
  assert.match(refused.message, /entireProductCatalog \(\d+\), selectedProductIds \(8\)/);
  assert.deepEqual(await result(kim, "get_cart"), { cart: ["P123"] });
}

/** Another program holds the file's write lock: nothing can be stored until it lets go. */
async function loseTheStore(kim: string): Promise<void> {
  const other = new DatabaseSync("state.db");
  other.exec("BEGIN IMMEDIATE");
  const backAt = performance.now() + AWAY_MS;
  // Every call is answered while the store is still away: as an error, not as an empty cart. Nobody waits for ever.
  const away = { type: "state_unavailable", message: "I cannot save that right now. Please try again in a moment." };
  for (let attempt = 0; performance.now() < backAt; attempt++) {
    assert.deepEqual(await failure(kim, "select_product", { productId: "P456" }, "call-away"), away);
    assert.deepEqual(await failure(kim, "get_cart", {}, `call-look-${attempt}`), away);
  }
  other.exec("ROLLBACK");
  other.close();
  // The call goes on. The one that failed so often is in the cart once.
  assert.deepEqual(await result(kim, "select_product", { productId: "P456" }, "call-away"), { success: true, cartSize: 2 });
  assert.deepEqual(await result(kim, "select_product", { productId: "P456" }, "call-away"), { success: true, cartSize: 2 });
  assert.deepEqual(await result(kim, "get_cart"), { cart: ["P123", "P456"] });
}

async function cleanUp(dispatcher: Dispatcher, kim: string): Promise<void> {
  await platform.endConversation(kim, "hangup");
  await until(() => dispatcher.host!.conversations.size === 0);
  assert.deepEqual(archive.saved, [{ conversationId: kim, productIds: ["P123", "P456"], reason: "hangup" }]);
  const kept = await store.load(`conversation:${kim}`);
  assert.equal(kept?.facts.status, "ended");
  assert.ok(kept.facts.expiresAtMs! > Date.now(), "the record stays for the retention time, then it goes");
}

/** A record that was damaged on the disk is never shown as an empty cart. */
async function damageTheRecord(): Promise<void> {
  let dispatcher = await serve();
  const { conversationId: lee } = await platform.createConversation({ agentId: "best-practices" });
  await result(lee, "select_product", { productId: "P7" });
  await dispatcher.stop();
  const other = new DatabaseSync("state.db");
  other.prepare("UPDATE owners SET record = replace(record, 'P7', 'P8') WHERE owner = ?").run(`conversation:${lee}`);
  other.close();
  dispatcher = await serve();
  assert.equal((await failure(lee, "get_cart")).type, "state_quarantined");
  await dispatcher.stop();
}

/** A call whose end nobody reports, on a simulated clock. */
async function endWhatNobodyEnded(): Promise<void> {
  const call = await testAgent(new CarefulAgent(archive), { conversationId: "never-ended" });
  await call.tool("select_product", { productId: "P9" });
  await call.advance("59m");
  assert.equal((await call.stored())?.status, "live");
  await call.advance("3m");
  const { status, endReason } = (await call.stored())!;
  assert.deepEqual([status, endReason], ["ended", "abandoned"]);
  assert.deepEqual(archive.saved.at(-1), { conversationId: "never-ended", productIds: ["P9"], reason: "abandoned" });
  await call.advance("25h");
  assert.equal(await call.stored(), undefined);
  await call.close();
}

try {
  const dispatcher = await serve();
  try {
    const { conversationId: kim } = await platform.createConversation({ agentId: "best-practices" });
    await keepStateMinimal(kim);
    await loseTheStore(kim);
    await cleanUp(dispatcher, kim);
  } finally {
    await dispatcher.stop();
  }
  await damageTheRecord();
  await endWhatNobodyEnded();
} finally {
  await platform.stop();
  await store.close();
}
console.log("best-practices: what grew was refused, what ended went away, and a store that was gone was no empty cart");
