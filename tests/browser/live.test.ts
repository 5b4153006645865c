import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, post, TEST_MS, valueIn, view } from "./inspector.ts";

const { dev } = devForAll("stateful");

test.runIf(hasBrowser)("a change that is made elsewhere is shown with what it changed, without a reload", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await post(dev(), "/conversations", { agentId: "stateful", conversationId: "elsewhere" });
  await page.getByRole("option", { name: /elsewhere/ }).click();
  const state = await view(page, "State");
  await valueIn(state, /^cart: \[\]/).waitFor();
  await page.evaluate(() => Object.assign(globalThis, { isNotReloaded: true }));

  await post(dev(), "/conversations/elsewhere/tool-calls", { tool: "add_to_cart", arguments: { productId: "P1", quantity: 2 } });
  await valueIn(state, "quantity: 2").waitFor();
  await valueIn(state, /“added 2 of P1” new$/).waitFor();
  await state.getByText("changed by add_to_cart, version 2").waitFor();

  await post(dev(), "/conversations/elsewhere/tool-calls", { tool: "remember_customer", arguments: { customerId: "C-7" } });
  await valueIn(state, /^customerId: “C-7” changed from null$/).waitFor();
  expect(await page.evaluate(() => "isNotReloaded" in globalThis)).toBe(true);
});

test.runIf(hasBrowser)("a call that no agent serves yet disturbs nobody, and is listed when one does", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await post(dev(), "/conversations", { agentId: "nobody", conversationId: "unserved" });
  await post(dev(), "/conversations", { agentId: "stateful", conversationId: "served" });
  await page.getByRole("option", { name: /^served/ }).waitFor();
  expect(await page.getByRole("option", { name: /unserved/ }).count()).toBe(0);
});
