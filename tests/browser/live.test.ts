import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { cartAgent, Workplace, type Dev } from "../cli/program.ts";
import { devForAll, enter, isLive, newCall, post, rowsOf, say, TEST_MS, valueIn, view } from "./inspector.ts";

const { dev } = devForAll("stateful");

test.runIf(hasBrowser)("a change that is made elsewhere is shown with what it changed, without a reload", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await post(dev(), "/conversations", { agentId: "stateful", conversationId: "elsewhere" });
  await rowsOf(page).filter({ hasText: /elsewhere/ }).click();
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
  await rowsOf(page).filter({ hasText: /^served/ }).waitFor();
  expect(await rowsOf(page).filter({ hasText: /unserved/ }).count()).toBe(0);
});

test.runIf(hasBrowser)("an empty list names the command that calls an agent where the program was started", { timeout: TEST_MS }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const inClone = await place.dev(["."], [], { npm_command: "start", npm_package_name: "conversimple" });
  const page = await openPage();
  await enter(page, inClone);
  await page.getByText("No conversations yet").waitFor();
  await page.getByText("npm run call", { exact: true }).waitFor();
  expect(await page.getByText("npx").count()).toBe(0);
});

test.runIf(hasBrowser)("after the server was killed and started again the page is live, and the talk goes on", { timeout: TEST_MS }, async () => {
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const first = await place.dev();
  // The browser says that it cannot reach the server.
  const page = await openPage({ expected: /net::ERR_|status of 404/ });
  await enter(page, first);
  const id = await newCall(page, "shop");
  await call(first, id, { productId: "P1" });
  const state = await view(page, "State");
  await valueIn(state, "productId: “P1”").waitFor();

  await first.program.kill("SIGKILL");
  await page.getByText("The server does not answer. What is shown may be old.").waitFor();
  await page.getByRole("status").filter({ hasText: /^Disconnected$/ }).waitFor();
  await valueIn(state, "productId: “P1”").waitFor();

  const second = await place.dev(["."], ["--port", new URL(first.url).port]);
  expect(second).toMatchObject({ url: first.url, token: first.token });
  await isLive(page);
  await page.getByText("You are on the line").waitFor();
  await call(second, id, { productId: "P2" });
  await valueIn(state, "productId: “P2”").waitFor();
  await post(second, "/conversations", { agentId: "shop", conversationId: "after-it" });
  await rowsOf(page).filter({ hasText: "after-it" }).waitFor();
  await say(page, "tell the process", /pid/i);
});

function call(on: Dev, id: string, input: object): Promise<unknown> {
  return post(on, `/conversations/${id}/tool-calls`, { tool: "add_to_cart", arguments: input });
}
