import { expect, test } from "vitest";

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
