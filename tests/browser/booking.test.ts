import { expect, test } from "vitest";

import { hasBrowser, openPage } from "./browser.ts";
import { devForAll, enter, entryIn, newCall, say, TEST_MS, valueIn, view } from "./inspector.ts";

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
  await valueIn(state, /^bookingId: “B-\d{4}-02-03-2” new$/).waitFor();

  const timeline = await view(page, "Timeline");
  await entryIn(timeline, /^\S+confirm_booking/).waitFor();
  const names = (await entryIn(timeline, /./).allInnerTexts()).map((text) => text.split("\n")[1]);
  expect(names).toEqual(["onConversationStarted", "start_booking", "set_dates", "set_guests", "book", "confirm_booking"]);
});
