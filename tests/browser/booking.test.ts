import { expect, test } from "vitest";

import { Eye } from "./accessibility.ts";
import { hasBrowser, openPage } from "./browser.ts";
import { agentSays, devForAll, enter, entryIn, newCall, say, TEST_MS, valueIn, view } from "./inspector.ts";

const { dev } = devForAll("workflow");

test.runIf(hasBrowser)("a newcomer books a room in plain words, and what is beside the talk follows", { timeout: TEST_MS }, async () => {
  const page = await openPage();
  await enter(page, dev());
  await newCall(page, "workflow");
  const workflow = await view(page, "Workflow");
  await workflow.getByText("at idle").waitFor();
  await say(page, "I'd like to book a room", /When would you like to book\?/);
  await workflow.getByText("at collectingDates").waitFor();
  await say(page, "from the 3rd to the 5th of February", /How many guests\?/);
  await workflow.getByText("at collectingGuests").waitFor();
  await say(page, "two", /Shall I confirm the booking\?/);
  await workflow.getByText("at readyToConfirm").waitFor();
  await say(page, "yes", /Booking id B-\d{4}-02-03-2\./);
  await workflow.getByText("at completed").waitFor();

  const state = await view(page, "State");
  await valueIn(state, /^step: “completed”/).waitFor();
  await valueIn(state, "guests: 2").waitFor();
  await valueIn(state, /^since: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:just now|\d+ (?:s|min) ago) changed/).waitFor();
  await valueIn(state, /^bookingId: “B-\d{4}-02-03-2” new$/).waitFor();

  const timeline = await view(page, "Timeline");
  await entryIn(timeline, /^\S+confirm_booking/).waitFor();
  const names = (await entryIn(timeline, /./).allInnerTexts()).map((text) => text.split("\n")[1]);
  expect(names).toEqual(["onConversationStarted", "start_booking", "set_dates", "set_guests", "book", "confirm_booking"]);
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
  // Who has called is about to speak.
  await expect.poll(() => page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Say something");
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
