// The rules brain with the example agents, in plain sentences, through the local platform.

import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AuthService, SessionAgent } from "../../../examples/session/agent.ts";
import { StatefulAgent } from "../../../examples/stateful/agent.ts";
import { WorkflowAgent } from "../../../examples/workflow/agent.ts";
import { read, talking } from "./talking.ts";

const folder = mkdtempSync(join(tmpdir(), "conversimple-talk-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a room is booked in plain sentences, from the first one to the booking id", async () => {
  await using booking = await talking(new WorkflowAgent());
  expect((await booking.say("I'd like to book a room")).said).toBe("When would you like to book?");
  const dates = await booking.say("from the 3rd to the 5th of May");
  expect(dates).toMatchObject({ said: "How many guests?", calls: ['set_dates {"checkIn":"2026-05-03","checkOut":"2026-05-05"}'] });
  expect((await booking.say("two")).said).toBe("Shall I confirm the booking?");
  const confirmed = await booking.say("yes please");
  expect(confirmed.calls).toEqual(["confirm_booking {}"]);
  expect(confirmed.said).toContain("B-2026-05-03-2");
});

test("a caller who changes the dates at the end is not asked for the guests again", async () => {
  await using booking = await talking(new WorkflowAgent());
  for (const line of ["I'd like to book a room", "from May 3rd until May 5th", "three people"]) await booking.say(line);
  expect((await booking.say("No, let's come a day later.")).calls).toEqual(["change_dates {}"]);
  expect((await booking.say("we arrive on the 4th of May")).said).toBe("Please tell me the day of departure.");
  const changed = await booking.say("and we leave on the 6th");
  expect(changed).toMatchObject({ said: "Shall I confirm the booking?", calls: ['set_dates {"checkIn":"2026-05-04","checkOut":"2026-05-06"}'] });
  expect((await booking.say("ok")).said).toContain("B-2026-05-04-3");
});

test("one sentence that says it all fills one step after the other", async () => {
  await using booking = await talking(new WorkflowAgent());
  const { said, calls } = await booking.say("I'd like to book a room from the 3rd to the 5th of May for two people");
  expect(calls).toEqual(["start_booking {}", 'set_dates {"checkIn":"2026-05-03","checkOut":"2026-05-05"}', 'set_guests {"guests":2}']);
  expect(said).toBe("Shall I confirm the booking?");
});

test("what was said before it was asked for is kept: half of the dates, and what comes after them", async () => {
  await using booking = await talking(new WorkflowAgent());
  expect(await booking.say("I want a room for tomorrow")).toMatchObject({ said: "Please tell me the day of departure.", calls: ["start_booking {}"] });
  expect(await booking.say("until the 5th")).toMatchObject({ said: "How many guests?", calls: ['set_dates {"checkIn":"2026-01-02","checkOut":"2026-01-05"}'] });
  await booking.begin("c2");
  await booking.say("I want a room for tomorrow for two people", "c2");
  expect((await booking.say("until the 5th", "c2")).calls).toEqual(['set_dates {"checkIn":"2026-01-02","checkOut":"2026-01-05"}', 'set_guests {"guests":2}']);
});

test("what was said with a wish that was not clear is kept until it is", async () => {
  await using booking = await talking(new WorkflowAgent());
  expect((await booking.say("is there anything free tomorrow, a room maybe")).said).toBe("Do you want to start a booking?");
  expect(await booking.say("yes")).toMatchObject({ said: "Please tell me the day of departure.", calls: ["start_booking {}"] });
});

test("a number that does not fit is not sent, and what would fit is said", async () => {
  await using booking = await talking(new WorkflowAgent());
  for (const line of ["I'd like to book a room", "from May 3rd until May 5th"]) await booking.say(line);
  expect(await booking.say("ten")).toMatchObject({ said: "That does not fit: the guests must be a whole number from 1 to 8.", calls: [] });
  expect((await booking.say("eight then")).calls).toEqual(['set_guests {"guests":8}']);
});

test("who is not understood hears what is possible now, and nothing is called", async () => {
  await using booking = await talking(new WorkflowAgent());
  expect(await booking.say("banana sandwich")).toMatchObject({ said: "Sorry, I did not understand that. You can start a booking or say where the booking is. For example, say: I'd like to book a room.", calls: [] });
  await booking.say("I'd like to book a room");
  expect((await booking.say("what can I do?")).said).toBe("You can set the dates of the booking or say where the booking is.");
});

test("a call that was begun is given up, and another one begun", async () => {
  await using shop = await talking(new StatefulAgent());
  expect((await shop.say("remove a product")).said).toBe("Please tell me the product's number.");
  expect((await shop.say("never mind")).said).toMatch(/^All right\. You can add a product to the cart/);
  expect((await shop.say("add two of P1 to my cart")).calls).toEqual(['add_to_cart {"productId":"P1","quantity":2}']);
  await shop.say("remove a product");
  expect((await shop.say("what does it come to?")).calls).toEqual(["get_cart_total {}"]);
});

test("wrong PINs lead to the lockout, after which nobody compares the right one any more", async () => {
  const auth = new AuthService();
  await auth.register("Kim", "1234");
  await using desk = await talking(new SessionAgent(auth));
  expect((await desk.say("add P7 to my cart")).said).toBe("Please log in first.");
  expect((await desk.say("my name is Kim and my PIN is one one one one")).said).toBe("That did not work: Invalid credentials.");
  for (const pin of ["one one one two", "1113", "1 1 1 4", "one one one five"]) expect((await desk.say(`my PIN is ${pin}`)).said).toBe("That did not work: Invalid credentials.");
  expect(auth.comparisons).toBe(5);
  const right = await desk.say("my PIN is one two three four");
  expect(right).toMatchObject({ said: "That did not work: Invalid credentials.", calls: ['login {"pin":"•••","username":"Kim"}'] });
  expect(auth.comparisons).toBe(5);
});

test("a PIN that is said, typed or pressed is in no event, no line that is shown, no view and no data file", async () => {
  const auth = new AuthService();
  await auth.register("Kim", "4711");
  const dataPath = join(folder, "platform.db");
  await using desk = await talking(new SessionAgent(auth), { dataPath });
  expect((await desk.say("my name is Kim and my PIN is four seven one one")).said).toBe("Done. User Kim.");
  await desk.say("log me out");
  expect((await desk.say("log in")).said).toBe("Please tell me the caller's name.");
  expect((await desk.say("Kim")).said).toBe("Please tell me the caller's PIN.");
  const pressed = read(await desk.local.say("c1", { keys: "4711" }));
  expect(pressed).toMatchObject({ said: "Done. User Kim.", calls: ['login {"username":"Kim","pin":"•••"}'] });
  await desk.say("log me out");
  await desk.say("my name is Kim, the PIN is 4711");
  // Too early: nothing asked for it.
  await desk.say("4711");
  const shown = JSON.stringify([desk.events, await desk.local.messages("c1"), desk.local.conversation("c1")]);
  for (const secret of ["4711", "four seven one one"]) {
    expect(shown).not.toContain(secret);
    for (const file of [dataPath, `${dataPath}-wal`]) expect(readFileSync(file, "latin1")).not.toContain(secret);
  }
  expect(shown).toContain("my name is Kim and my PIN is •••");
});

test("an agent's examples reach the brain", async () => {
  await using shop = await talking(new StatefulAgent());
  await shop.say("hello");
  expect(shop.local.conversation("c1").tools.find(({ name }) => name === "get_cart_total")).toMatchObject({ examples: ["what does it come to?"] });
});
