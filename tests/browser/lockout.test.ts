import { expect, test } from "vitest";

import { Eye } from "./accessibility.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, entryIn, newCall, say, TEST_MS, view } from "./inspector.ts";

const { dev } = devForAll("session");

test.runIf(hasBrowser)("after five wrong PINs the right one is refused, and the page says why in plain words", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "session");
  for (const digits of ["0000", "1111", "2222", "3333", "4444"]) await say(page, `my name is Kim and my PIN is ${digits}`, /Invalid credentials/);
  await say(page, "my name is Kim and my PIN is one two three four", /Invalid credentials/);

  // Where nobody can miss it.
  await page.getByText("The account is locked: 5 of 5 attempts used.").waitFor();
  await page.getByText("The caller hears the same words as for a wrong one, on purpose.").waitFor();

  // From what was said, to why.
  await page.getByRole("log", { name: "What was said" }).getByRole("button", { name: /^login.*locked out.*why\?$/ }).click();
  const entry = page.getByRole("region", { name: /^Entry 7, login$/ });
  await entry.getByText("Locked: too many wrong secrets were tried on this account.").waitFor();
  await entry.getByText(/the agent's check of it \(verify\) did not run\. So the right one is refused, too\./).waitFor();
  await entry.getByText(/^It unlocks by itself at \d\d:\d\d:\d\d\.$/).waitFor();
  await entry.getByText(/exactly the same words as for a wrong secret\. That is on purpose/).waitFor();

  // How long it still takes, and what was tried.
  await entry.getByRole("button", { name: "See the session" }).click();
  const session = page.getByRole("tabpanel", { name: "Session", exact: true });
  expect(await session.getByRole("timer").innerText()).toMatch(/^1[0-5]:\d\d$/);
  await session.getByText("nobody is logged in").waitFor();
});

test.runIf(hasBrowser)("a PIN is nowhere on the page, and is not kept", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "session");
  await say(page, "my name is Lee and my PIN is 8 4 7 5", /Invalid credentials/);
  const timeline = await view(page, "Timeline");
  await entryIn(timeline, /login.*Lee/).click();
  await page.getByRole("region", { name: /^Entry 2, login$/ }).getByText(/is stored nowhere/).waitFor();
  expect(await page.content()).not.toMatch(/8 4 7 5|8475/);
});

test.runIf(hasBrowser)("a tool that is run by a form says that it was refused, and why", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "session");
  await page.getByRole("button", { name: "Run a tool…" }).click();
  const dialog = page.getByRole("dialog", { name: "Run a tool" });
  const answer = dialog.getByRole("region", { name: "The answer" });
  await dialog.getByRole("combobox", { name: "Tool" }).selectOption("place_order");
  await dialog.getByRole("button", { name: "Run place_order" }).click();
  await answer.getByText("Refused", { exact: true }).waitFor();
  await answer.getByText("not authenticated", { exact: true }).waitFor();
  await answer.getByText("Please log in first.", { exact: true }).waitFor();
  await answer.getByText(/What to do: Nobody is logged in/).waitFor();
  const eye = new Eye(page);
  await eye.look("a tool that was refused");
  expect(eye.found).toEqual([]);

  await dialog.getByRole("combobox", { name: "Tool" }).selectOption("login");
  await dialog.getByRole("textbox", { name: "Username" }).fill("Lee");
  await dialog.getByRole("textbox", { name: "Pin" }).fill("8475");
  await dialog.getByRole("button", { name: "Run login" }).click();
  await answer.getByText("wrong secret", { exact: true }).waitFor();
  await answer.getByText("The secret was wrong.", { exact: true }).waitFor();
  await answer.getByRole("button", { name: "see why, version 3" }).click();
  await page.getByRole("region", { name: "Entry 3, login" }).waitFor();
  expect(await page.content()).not.toContain("8475");
});
