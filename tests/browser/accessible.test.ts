import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { violationsOn } from "./accessibility.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { agentSays, devForAll, enter, entryIn, newCall, openConversation, post, rowsOf, say, TEST_MS, view } from "./inspector.ts";

const { dev } = devForAll("customer", "workflow");

/** Looks at a page in many states, and keeps what is not accessible and what does not fit. */
class Eye {
  readonly page: Page;
  readonly found: string[] = [];

  constructor(page: Page) {
    this.page = page;
  }

  async look(where: string): Promise<void> {
    // What fades in has its colours when it is there.
    await this.page.evaluate("Promise.all(document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().iterations === 1).map(({ finished }) => finished.catch(() => null)))");
    this.found.push(...(await violationsOn(this.page)).map((violation) => `${where}: ${violation}`));
    const isTooWide = await this.page.evaluate<boolean>("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    if (isTooWide) this.found.push(`${where}: wider than the page`);
  }
}

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
  for (const [key, name] of [["?", "Keys"], ["Control+k", "Search or jump to"]] as const) {
    await page.keyboard.press(key);
    await page.getByRole("dialog", { name }).waitFor();
    await eye.look(name);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: "Run a tool…" }).click();
  await page.getByRole("button", { name: /^Run \w/ }).last().waitFor();
  await eye.look("running a tool");
  await page.keyboard.press("Escape");
}

test.runIf(hasBrowser)("every view is accessible in the light", { timeout: TEST_MS }, async () => {
  const page = await openPage({ colorScheme: "light" });
  const eye = new Eye(page);
  await enter(page, dev());
  await eye.look("the first page");
  await prepare(page);
  await lookAtViews(eye);
  await lookAtDialogs(eye);
  expect(eye.found).toEqual([]);
});

test.runIf(hasBrowser)("every view is accessible in the dark", { timeout: TEST_MS }, async () => {
  const page = await openPage({ colorScheme: "dark" });
  const eye = new Eye(page);
  await enter(page, dev());
  await eye.look("the first page");
  await prepare(page);
  await lookAtViews(eye);
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

test.runIf(hasBrowser)("the drawing of a workflow is accessible, wide and narrow", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  const eye = new Eye(page);
  await enter(page, dev());
  await newCall(page, "workflow");
  await say(page, "I'd like to book a room", /When/);
  await (await view(page, "Workflow")).getByRole("img", { name: /it is at collectingDates/ }).waitFor();
  await eye.look("wide");
  await page.setViewportSize({ width: 400, height: 800 });
  await eye.look("narrow");
  expect(eye.found).toEqual([]);
});

test.runIf(hasBrowser)("a room is booked with the keyboard alone", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await page.keyboard.press("n");
  await page.getByRole("dialog", { name: "New call" }).waitFor();
  await page.keyboard.type("workflow");
  // The brain, what can be prepared, and the way out lie in between.
  const call = page.getByRole("button", { name: "Call", exact: true });
  while (!(await call.evaluate((button) => button === button.ownerDocument.activeElement))) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await agentSays(page, /^Hello/);
  await page.keyboard.press("t");
  for (const [text, answer] of [["I'd like to book a room", /When/], ["from the 3rd to the 5th of February", /How many/], ["two", /confirm/], ["yes", /Booking id/]] as const) {
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
    await agentSays(page, answer);
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByRole("tabpanel", { name: "State" }).getByRole("treeitem", { name: /^step: “completed”/ }).waitFor();
  expect(await page.evaluate("document.activeElement.tagName")).not.toBe("INPUT");
});
