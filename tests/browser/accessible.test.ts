import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { Eye } from "./accessibility.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, entryIn, newCall, openConversation, post, rowsOf, say, TEST_MS, view } from "./inspector.ts";

const { dev } = devForAll("customer");

/** A call that has something in each of its views. */
async function prepare(page: Page): Promise<string> {
  await newCall(page, "customer");
  await say(page, "this is Kim, my PIN is one two three four", /Done/);
  await say(page, "add P1 to my cart", /./);
  const id = openConversation(page);
  await post(dev(), `/conversations/${id}/tool-calls`, { tool: "set_address", arguments: { address: "12 Elm Street" } });
  return id;
}

async function lookAtViews(eye: Eye): Promise<void> {
  const { page } = eye;
  for (const name of ["State", "Session", "Customer", "Agent", "Timeline"]) {
    await view(page, name);
    await eye.look(name);
  }
  await entryIn(page.getByRole("tabpanel"), "set_address").click();
  await page.getByRole("region", { name: /set_address$/ }).waitFor();
  await eye.look("an entry");
}

async function lookAtDialogs(eye: Eye): Promise<void> {
  const { page } = eye;
  // From the words that are about to be said to the page.
  await page.keyboard.press("Escape");
  for (const [key, name] of [["?", "Keys"], ["Control+k", "Search or jump to"]] as const) {
    await page.keyboard.press(key);
    await page.getByRole("dialog", { name }).waitFor();
    await eye.look(name);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: "Run a tool…" }).click();
  await page.getByRole("dialog", { name: "Run a tool" }).waitFor();
  await eye.look("running a tool");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "New call" }).first().click();
  await page.getByText("Prepare the call").click();
  await eye.look("a new call");
  await page.keyboard.press("Escape");
}

test.runIf(hasBrowser)("every view is accessible, in the light and in the dark", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  const eye = new Eye(page);
  await enter(page, dev());
  await eye.look("the first page");
  await prepare(page);
  await lookAtViews(eye);
  expect(eye.found).toEqual([]);
});

test.runIf(hasBrowser)("every dialog is accessible, in the light and in the dark", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  const eye = new Eye(page);
  await enter(page, dev());
  await newCall(page, "customer");
  await lookAtDialogs(eye);
  expect(eye.found).toEqual([]);
});

test.runIf(hasBrowser)("every view is accessible and fits at 400 pixels", { timeout: TEST_MS }, async () => {
  const page = await openPage({ viewport: { width: 400, height: 800 }, hasTouch: true });
  const eye = new Eye(page);
  await enter(page, dev());
  await eye.look("the list");
  await prepare(page);
  await eye.look("Talk");
  await lookAtViews(eye);
  await page.getByRole("button", { name: "All conversations" }).click();
  await rowsOf(page).first().waitFor();
  await eye.look("the list with calls");
  expect(eye.found).toEqual([]);
});
