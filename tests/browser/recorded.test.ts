import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, newCall, say, TEST_MS } from "./inspector.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { place, dev } = devForAll("session", "workflow");

/** The project has a test runner, as most have. */
place.write("package.json", JSON.stringify({ type: "module", devDependencies: { vitest: "*" } }));
symlinkSync(join(root, "node_modules/vitest"), join(place.path, "node_modules/vitest"));

/** Something of the menu of a conversation, and the dialog that it opens. */
async function more(page: Page, item: RegExp, dialog: string): Promise<Locator> {
  await page.getByRole("button", { name: "More to do with this conversation" }).click();
  await page.getByRole("menuitem", { name: item }).click();
  return page.getByRole("dialog", { name: dialog });
}

/** Runs a saved test as its user would. Returns what was said. */
function runTest(file: string): string {
  return execFileSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", file], { cwd: place.path, encoding: "utf8", env: { ...process.env, NO_COLOR: "1", VITEST: undefined } });
}

/** Saves the open call as a test into the project; returns its path and text. */
async function save(page: Page): Promise<string> {
  const dialog = await more(page, /^Save as a test…/, "Save as a test");
  await dialog.getByRole("button", { name: "Save into the project" }).click();
  const says = dialog.getByRole("status").filter({ hasText: /^Written to / });
  await says.waitFor();
  const file = (await says.innerText()).replace("Written to ", "");
  expect(place.read(file)).toBe(await dialog.getByLabel("The test file").textContent());
  await page.keyboard.press("Escape");
  return file;
}

test.runIf(hasBrowser)("a booking is replayed with the same result, and saved as a test that passes as it is", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "workflow");
  await say(page, "I'd like to book a room", /When/);
  await say(page, "from the 3rd to the 5th of February", /How many/);
  await say(page, "two", /confirm/);
  await say(page, "yes", /Booking id/);

  const replay = await more(page, /^Replay…/, "Replay");
  await replay.getByText("The same: 5 units did what they did then.").waitFor();
  expect(await replay.getByRole("row").count()).toBe(6);
  await page.keyboard.press("Escape");

  const file = await save(page);
  expect(runTest(file)).toMatch(/1 passed/);
});

test.runIf(hasBrowser)("a call with a PIN is saved without it, and passes all the same", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "session");
  await say(page, "my name is Kim and my PIN is 8 8 8 8", /Invalid credentials/);
  const logsIn = page.getByRole("group", { name: "Suggestions" }).getByRole("button", { name: "my name is Kim and my PIN is one two three four" });
  await logsIn.waitFor();
  await say(page, "my name is Kim and my PIN is one two three four", /Done/);
  await logsIn.waitFor({ state: "hidden" });
  await say(page, "add P7 to my cart", /./);
  const file = await save(page);
  expect(place.read(file)).not.toMatch(/1234|8888/);
  expect(runTest(file)).toMatch(/1 passed/);
});
