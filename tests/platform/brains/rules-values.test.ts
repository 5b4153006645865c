// What the rules brain takes for a value, kind by kind.

import { expect, test } from "vitest";
import { rulesBrain } from "../../../src/platform/brains/rules/rules-brain.ts";
import { FakeTalk, tool } from "./fake-turn.ts";

const FACTS = { conversationId: "c1", agentId: "any", now: () => new Date("2026-01-01T12:00:00Z") };
const brain = () => rulesBrain()(FACTS) as never;

const DAY = { type: "string", format: "date" };

test.each([
  [{ amount: { type: "number" } }, "pay two hundred and five", { amount: 205 }],
  [{ amount: { type: "number" } }, "pay 12.50 please", { amount: 12.5 }],
  [{ degrees: { type: "integer" } }, "pay minus three", { degrees: -3 }],
  [{ day: DAY }, "pay tomorrow", { day: "2026-01-02" }],
  [{ day: DAY }, "pay on the 24th", { day: "2026-01-24" }],
  [{ day: DAY }, "pay on 2026-12-24", { day: "2026-12-24" }],
  [{ from: DAY, until: DAY }, "pay from the thirtieth of April to the second of May", { from: "2026-04-30", until: "2026-05-02" }],
  [{ checkIn: DAY, checkOut: DAY }, "pay until May 5th, from May 3rd", { checkIn: "2026-05-03", checkOut: "2026-05-05" }],
  [{ time: { type: "string", format: "time" } }, "pay at half past three", { time: "03:30:00" }],
  [{ size: { enum: ["small", "extra_large"] } }, "pay for an extra large one", { size: "extra_large" }],
  [{ breakfast: { type: "boolean" } }, "pay without breakfast", { breakfast: false }],
  [{ breakfast: { type: "boolean" } }, "pay with breakfast", { breakfast: true }],
  [{ productIds: { type: "array", items: { type: "string", description: "such as P1" } } }, "pay P1, P22 and P3", { productIds: ["P1", "P22", "P3"] }],
  [{ productId: { type: "string" } }, "pay P one two three", { productId: "P123" }],
  [{ pin: { type: "string", secret: true } }, "pay, my pin is four double two one", { pin: "4221" }],
  [{ name: { type: "string" }, pin: { type: "string" } }, "pay, my name is Mary Ann and my pin is 0 0 7 1", { name: "Mary Ann", pin: "0071" }],
  [{ rx: { type: "string", pattern: "^RX\\d{4}$", description: "the prescription number" } }, "pay for rx 1001", { rx: "RX1001" }],
  [{ rx: { type: "string", pattern: "^RX\\d{4}$", description: "the prescription number" } }, "pay for rx1001 please", { rx: "RX1001" }],
  [{ plate: { type: "string", pattern: "^[A-Z]{2}\\d{3}$" } }, "pay for the car with ab 123", { plate: "AB123" }],
  [{ email: { type: "string", format: "email" } }, "pay and write to kim@example.com.", { email: "kim@example.com" }],
  [{ guests: { type: "integer" }, nights: { type: "integer" } }, "pay 3 nights for two guests", { guests: 2, nights: 3 }],
  [{ what: { type: "string" } }, "pay the blue vase", { what: "blue vase" }],
])("%o is filled from: %s", async (properties, sentence, wanted) => {
  const talk = new FakeTalk(brain(), [tool("pay", "Pay", properties)]);
  await talk.say(sentence);
  expect(talk.took()).toEqual(wanted);
});

test.each([
  [{ type: "string", pattern: "^RX\\d{4}$", description: "the prescription number" }, "That does not fit: the prescription number must be of another form."],
  [{ type: "string", pattern: "^RX\\d{4}$", description: "the prescription number, such as RX1001" }, "That does not fit: the prescription number must be something like RX1001."],
  [{ type: "string", pattern: "^RX\\d{4}$", description: "the prescription number", examples: ["RX2002"] }, "That does not fit: the prescription number must be something like RX2002."],
])("what a pattern refuses is asked for in words: %o", async (rx, answer) => {
  const talk = new FakeTalk(brain(), [tool("pay", "Pay", { rx })]);
  await talk.say("pay");
  expect(await talk.say("77 88")).toBe(answer);
  expect(talk.calls).toEqual([]);
});

test("what may be left out is not asked for", async () => {
  const talk = new FakeTalk(brain(), [tool("pay", "Pay", { amount: { type: "number" }, note: { type: "string" } }, { required: ["amount"] })]);
  expect(await talk.say("pay")).toBe("Please tell me the amount.");
  await talk.say("ten");
  expect(talk.took()).toEqual({ amount: 10 });
});

test("a weak match is confirmed before anything is called", async () => {
  const talk = new FakeTalk(brain(), [tool("close_account", "Close the account for good"), tool("pay", "Pay")]);
  expect(await talk.say("something about my account please maybe")).toBe("Do you want to close the account for good?");
  expect(talk.calls).toEqual([]);
  expect(await talk.say("no")).toMatch(/^All right\. You can/);
  expect(talk.calls).toEqual([]);
});

test("numbers beside other words set nothing on their own", async () => {
  const talk = new FakeTalk(brain(), [tool("set_guests", "Set the number of guests", { guests: { type: "integer" } })]);
  await talk.say("I have three cats");
  expect(talk.calls).toEqual([]);
});

test("a tool that takes an object cannot be asked for, and is not named", async () => {
  const talk = new FakeTalk(brain(), [tool("move", "Move the house", { address: { type: "object" } })]);
  expect(await talk.say("move the house")).toBe("Sorry, I did not understand that. There is nothing that I can do at the moment.");
});

test("three useless answers end the question", async () => {
  const talk = new FakeTalk(brain(), [tool("pay", "Pay", { amount: { type: "number" } })]);
  await talk.say("pay");
  for (const line of ["hm", "what", "dunno"]) await talk.say(line);
  expect(await talk.say("ten")).toMatch(/^(Do you want to pay\?|Done\.)/);
});

test.each([
  [{ message: "Welcome back." }, "Welcome back."],
  [{ error: "not_found", message: "We don't have P9." }, "We don't have P9."],
  [{ success: false, error: "card_declined" }, "That did not work: Card declined."],
  [{ success: true }, "Done."],
  [{ success: true, cartSize: 3 }, "Done. Cart size 3."],
  [{ total: 12.5, arrival: "2026-05-03" }, "Total 12.5, arrival 3 May 2026."],
  [["red", "green"], "Red and green."],
  [[], "Nothing."],
  [null, "Done."],
  ["It is raining", "It is raining."],
])("the result %o is said as: %s", async (result, said) => {
  const talk = new FakeTalk(brain(), [tool("pay", "Pay")], () => result);
  expect(await talk.say("pay")).toBe(said);
});
