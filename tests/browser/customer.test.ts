import { expect, test } from "vitest";

import { Eye } from "./accessibility.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, entryIn, newCall, post, TEST_MS, valueIn, view } from "./inspector.ts";

const { dev } = devForAll("customer");

test.runIf(hasBrowser)("what is masked of a customer is shown for a reason, and hidden again when it changes", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  const id = await newCall(page, "customer");
  const call = (tool: string, input: object) => post(dev(), `/conversations/${id}/tool-calls`, { tool, arguments: input });
  const customer = await view(page, "Customer");
  await customer.getByText("Nobody is identified").waitFor();
  expect(await customer.getByRole("button", { name: "Show what is masked…" }).count()).toBe(0);
  await call("login", { name: "kim", pin: "1234" });
  await call("set_address", { address: "Canary Road 1" });
  await valueIn(customer, /^address: masked/).waitFor();

  const reveal = async (): Promise<void> => {
    await customer.getByRole("button", { name: "Show what is masked…" }).click();
    const dialog = page.getByRole("dialog", { name: "Show what is masked" });
    await dialog.getByText("Personal values of this customer are shown").waitFor();
    await dialog.getByRole("textbox", { name: "Why do you need to see them?" }).fill("Ticket 4711: it went elsewhere");
    await dialog.getByRole("button", { name: "Show, and write it down" }).click();
    await valueIn(customer, /^address: “Canary Road 1” in clear/).waitFor();
  };
  await reveal();
  const eye = new Eye(page);
  await eye.look("a customer in clear");
  expect(eye.found).toEqual([]);
  await customer.getByRole("button", { name: "Hide them" }).click();
  await valueIn(customer, /^address: masked/).waitFor();
  expect(await page.content()).not.toContain("Canary");

  await reveal();
  await call("set_address", { address: "Canary Road 2" });
  await valueIn(customer, /^address: masked/).waitFor();
  expect(await page.content()).not.toContain("Canary");

  const timeline = await view(page, "Timeline");
  await entryIn(timeline, "the customer's record: Ticket 4711: it went elsewhere").first().waitFor();
});
