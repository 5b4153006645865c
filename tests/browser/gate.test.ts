import { expect, test } from "vitest";

import { violationsOn } from "./accessibility.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, isLive, TEST_MS } from "./inspector.ts";

const { dev } = devForAll("stateful");
/** The browser logs an answer that says no. */
const REFUSED = /status of 401/;

test.runIf(hasBrowser)("who has no token is told where to find it, and who has a wrong one that it is wrong", { timeout: TEST_MS }, async () => {
  const page = await openPage({ expected: REFUSED });
  await page.goto(dev().url);
  await page.getByRole("heading", { name: "This page needs a token" }).waitFor();
  const field = page.getByRole("textbox", { name: "Token or address" });
  expect(await field.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  expect(await violationsOn(page)).toEqual([]);

  await field.fill("ci_this-is-not-it");
  await field.press("Enter");
  await page.getByRole("alert").filter({ hasText: "This token is not accepted." }).waitFor();

  // The whole address does as well as the token alone.
  await field.fill(dev().page);
  await page.getByRole("button", { name: "Open the inspector" }).click();
  await isLive(page);
});

test.runIf(hasBrowser)("the token leaves the address at once, and a reload still knows it", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  expect(page.url()).toBe(`${dev().url}/`);
  await page.reload();
  await isLive(page);
  expect(page.url()).toBe(`${dev().url}/`);
  await page.goBack().catch(() => null);
  expect(page.url()).not.toContain(dev().token);
});

test.runIf(hasBrowser)("another tab has to bring the token itself", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  const other = await page.context().newPage();
  await other.goto(dev().url);
  await other.getByRole("heading", { name: "This page needs a token" }).waitFor();
  expect(await other.getByRole("button", { name: "New call" }).count()).toBe(0);
});
