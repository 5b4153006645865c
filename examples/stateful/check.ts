// Plays a call with the StatefulAgent and checks every state on the way. Exits non-zero when one is wrong.

import assert from "node:assert/strict";
import { testAgent } from "conversimple/testing";
import { StatefulAgent } from "./agent.ts";

const call = await testAgent(new StatefulAgent(), { now: "2026-01-01T09:00:00Z" });
call.expectState({ state: { cart: [], customerId: null, createdAt: new Date("2026-01-01T09:00:00Z") } });

const first = await call.tool("add_to_cart", { productId: "P1", quantity: 2 });
assert.deepEqual(first.result, { success: true, cartSize: 1 });
first.expectState({ state: { cart: [{ productId: "P1", quantity: 2, addedAt: new Date("2026-01-01T09:00:00Z") }] } });

// The platform delivers the same call again: the answer is the same, the cart too.
const again = await call.redeliver(first);
assert.deepEqual(again.result, first.result);
again.expectState({ state: { cart: [{ productId: "P1" }] } });

// Two calls at once: both are in the cart.
const [second, third] = await Promise.all([call.tool("add_to_cart", { productId: "P2" }), call.tool("add_to_cart", { productId: "P3" })]);
assert.deepEqual([second.result, third.result], [{ success: true, cartSize: 2 }, { success: true, cartSize: 3 }]);

const refused = await call.tool("add_to_cart", { productId: "P9" });
assert.deepEqual(refused.result, { error: "unknown_product", message: "We don't have P9." });
refused.expectState({ state: { cart: [{ productId: "P1" }, { productId: "P2" }, { productId: "P3" }] } });

const wrong = await call.tool("add_to_cart", { productId: "P1", quantity: -1 });
assert.equal(wrong.error?.code, "invalid_parameters");

await call.tool("set_preference", { name: "delivery", value: "morning" });
await call.tool("remember_customer", { customerId: "C-7" });
const total = await call.tool("get_cart_total");
assert.deepEqual(total.result, { total: 128, items: 3 });
total.expectState({ state: { customerId: "C-7", preferences: { delivery: "morning" } } });

// Another caller of the same agent has a cart of its own.
const other = await call.another();
other.expectState({ state: { cart: [], customerId: null } });

// The process dies and another one goes on.
await call.crash();
await call.restart();
const removed = await call.tool("remove_from_cart", { productId: "P2" });
removed.expectState({ state: { cart: [{ productId: "P1" }, { productId: "P3" }], history: ["added 2 of P1", "added 1 of P2", "added 1 of P3", "removed P2"] } });

await call.hangUp();
await call.close();
console.log("stateful: every state was as it must be");
