// Calls the SessionAgent over a real platform, waits where a caller would wait by setting its clocks forward, and checks
// every answer and every state on the way. Exits non-zero when one is wrong.

import assert from "node:assert/strict";
import { Dispatcher, type DispatcherOptions } from "conversimple";
import { LocalPlatform } from "conversimple/platform";
import { openStore } from "conversimple/stores";
import { AuthService, SessionAgent } from "./agent.ts";

process.env.CONVERSIMPLE_LOG_LEVEL ??= "warn";
const MINUTE = 60_000;
const REFUSED = { error: "not_authenticated", message: "Please log in first." };
const ENDED = { error: "not_authenticated", message: "Your session has ended. Please log in again." };
const INVALID = { success: false, error: "Invalid credentials" };

/** The machine's clocks, which can be set forward together: as much time has passed, for all that the agent can tell. */
let passedMs = 0;
const clock: NonNullable<DispatcherOptions["clock"]> = {
  now: () => Date.now() + passedMs,
  monotonic: () => performance.now() + passedMs,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

const auth = new AuthService({ Kim: "1234", Lee: "9876" });

const platform = new LocalPlatform({ port: 0, apiKey: "cs_test_example" });
const { url } = await platform.start();
const agent = new SessionAgent(auth);
const store = await openStore("memory:", { clock });
const dispatcher = new Dispatcher({ agents: [agent], apiKey: "cs_test_example", platformUrl: url, store, clock, signals: false });
await dispatcher.start();

async function call(conversationId: string, tool: string, input: Record<string, unknown> = {}, callId?: string): Promise<unknown> {
  const answer = await platform.callTool({ conversationId, tool, arguments: input, ...(callId ? { callId } : {}) });
  assert.equal(answer.kind, "result", JSON.stringify(answer));
  return JSON.parse((answer as { json: string }).json) as unknown;
}

const cartOf = async (conversationId: string) => (await agent.getState(conversationId))?.cart;
/** What the store has of a conversation. */
const recordOf = async (conversationId: string) => (await store.load(`conversation:${conversationId}`))?.record;

try {
  const { conversationId: kim } = await platform.createConversation({ agentId: "session" });

  // Nobody is logged in. The tool is there, but it does not run.
  assert.deepEqual(await call(kim, "add_to_cart", { productId: "P123" }), REFUSED);
  assert.deepEqual(await call(kim, "place_order"), REFUSED);
  assert.deepEqual(await cartOf(kim), []);

  // A wrong PIN, then the right one. The platform delivers the login twice: it is one attempt.
  assert.deepEqual(await call(kim, "login", { username: "Kim", pin: "0000" }, "wrong"), INVALID);
  assert.deepEqual(await call(kim, "login", { username: "Kim", pin: "0000" }, "wrong"), INVALID);
  assert.equal(auth.comparisons, 1);
  // A PIN of another length is a wrong one, too, and so is a name that nobody has.
  assert.deepEqual(await call(kim, "login", { username: "Kim", pin: "1234".repeat(50) }), INVALID);
  assert.deepEqual(await call(kim, "login", { username: "Nobody", pin: "1234" }), INVALID);
  assert.deepEqual(await call(kim, "login", { username: "kim ", pin: "1234" }), { success: true, user: "Kim" });
  assert.deepEqual(await call(kim, "add_to_cart", { productId: "P123" }), { success: true, cartSize: 1 });
  assert.deepEqual(await call(kim, "place_order"), { success: true, orders: 1 });

  // Another caller's conversation is another session.
  const { conversationId: other } = await platform.createConversation({ agentId: "session" });
  assert.deepEqual(await call(other, "get_profile"), REFUSED);

  // Three minutes later the PIN is not fresh enough for an order, but for the cart it is.
  passedMs += 3 * MINUTE;
  assert.deepEqual(await call(kim, "add_to_cart", { productId: "P456" }), { success: true, cartSize: 1 });
  assert.deepEqual(await call(kim, "place_order"), { error: "reauthentication_required", message: "Please confirm your identity again." });
  assert.deepEqual(await call(kim, "login", { username: "Kim", pin: "1234" }), { success: true, user: "Kim" });
  assert.deepEqual(await call(kim, "place_order"), { success: true, orders: 2 });

  // Five minutes of silence end the session. The cart is the conversation's: it stays.
  assert.deepEqual(await call(kim, "add_to_cart", { productId: "P789" }), { success: true, cartSize: 1 });
  passedMs += 5 * MINUTE;
  assert.deepEqual(await call(kim, "add_to_cart", { productId: "P789" }), ENDED);
  assert.deepEqual(await cartOf(kim), ["P789"]);

  // Logging out ends it at once.
  assert.deepEqual(await call(kim, "login", { username: "Kim", pin: "1234" }), { success: true, user: "Kim" });
  assert.deepEqual(await call(kim, "logout"), { success: true });
  assert.deepEqual(await call(kim, "add_to_cart", { productId: "P789" }), REFUSED);

  // Somebody guesses Lee's PIN, in two calls at the same time. After five guesses nobody compares any more: the right
  // PIN is answered like a wrong one, until a quarter of an hour has passed.
  const before = auth.comparisons;
  const guesses = Array.from({ length: 10 }, (_, index) => call(index % 2 === 0 ? kim : other, "login", { username: "Lee", pin: `000${index}` }));
  for (const answer of await Promise.all(guesses)) assert.deepEqual(answer, INVALID);
  assert.equal(auth.comparisons - before, 5);
  assert.deepEqual(await call(other, "login", { username: "LEE", pin: "9876" }), INVALID);
  assert.equal(auth.comparisons - before, 5);
  passedMs += 15 * MINUTE;
  assert.deepEqual(await call(other, "login", { username: "Lee", pin: "9876" }), { success: true, user: "Lee" });

  // The end of the call is the end of the session: nothing of the user is left.
  assert.match((await recordOf(other))!, /"username":"Lee"/);
  const ended = new Promise((resolve) => dispatcher.host!.onGone(resolve));
  await platform.endConversation(other);
  assert.equal(await ended, other);
  assert.match((await recordOf(other))!, /"session":\{"version":1,"data":\{"status":"anonymous"\}\}/);
  assert.doesNotMatch((await recordOf(other))!, /Lee/);
} finally {
  await dispatcher.stop();
  await platform.stop();
  await store.close();
}
console.log("session: every answer and every state was as it must be");
