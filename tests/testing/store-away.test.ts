// What docs/guide/state-errors.md says, played.

import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, conversationState, tool } from "../../src/index.ts";
import { testAgent } from "../../src/testing/index.ts";

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]) }));
  addToCart = tool("Add to the cart", { productId: z.string() }, ({ productId }) => {
    this.state.cart.push(productId);
    return { cartSize: this.state.cart.length };
  });
}

/** What can be said aloud: words, and nothing of how the house is built. */
const SPEAKABLE = /^[A-Z][A-Za-z ,']+\.( [A-Z][A-Za-z ,']+\.)*$/;

test("the store goes away for 10 s in mid-call: each call fails in words, nothing is half done, then the call goes on", async () => {
  const call = await testAgent(new ShopAgent());
  await call.tool("add_to_cart", { productId: "P1" });
  call.faults.down("10s");
  const failed = [];
  for (let n = 0; n < 3; n++) {
    const turn = await call.tool("add_to_cart", { productId: `lost-${n}` });
    expect(turn.error).toMatchObject({ code: "state_unavailable", message: "I cannot save that right now. Please try again in a moment." });
    expect(turn.error!.message).toMatch(SPEAKABLE);
    failed.push(turn);
    await call.advance("2s");
  }
  call.expectState({ state: { cart: ["P1"] } });
  await call.advance("5s");
  // What failed is sent again and done once; what is new is done, too.
  await call.redeliver(failed[0]!);
  await call.redeliver(failed[0]!);
  const next = await call.tool("add_to_cart", { productId: "P2" });
  expect(next.result).toEqual({ cartSize: 3 });
  call.expectState({ state: { cart: ["P1", "lost-0", "P2"] } });
  await call.close();
});

test("an answer of the store that is lost is waited for, and the caller hears the truth", async () => {
  const call = await testAgent(new ShopAgent());
  call.faults.next("commit", "unanswered", "unsent");
  const asked = call.tool("add_to_cart", { productId: "P1" });
  await call.advance("1s");
  expect((await asked).result).toEqual({ cartSize: 1 });
  call.expectState({ state: { cart: ["P1"] } });
  await call.close();
});
