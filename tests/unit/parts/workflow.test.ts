import { expect, test } from "vitest";
import { ConversimpleAgent, tool, workflow } from "conversimple";
import { z } from "zod";
import { defineAgent } from "../../../src/agent/definition.ts";
import { testAgent } from "../../../src/testing/test-agent.ts";
import { BookingAgent, DATES } from "./booking-agent.ts";

const booking = () => testAgent(new BookingAgent(), { now: "2026-01-01T09:00Z" });

test("the guide's booking goes from its start to a booking id", async () => {
  await using call = await booking();
  call.expectState({ booking: { step: "idle", data: {} } });
  expect((await call.tool("start_booking")).result).toEqual({ message: "When would you like to book?" });
  const dates = await call.tool("set_dates", DATES);
  expect(dates.result).toEqual({ message: "How many guests?", missing: ["guests"] });
  dates.expectState({ booking: { step: "collectingGuests", data: DATES } });
  expect((await call.tool("set_guests", { guests: 2 })).result).toEqual({ message: "Shall I confirm the booking?" });
  expect((await call.tool("confirm_booking")).result).toEqual({ success: true, bookingId: "B-1" });
  call.expectState({ booking: { step: "completed", data: { ...DATES, guests: 2, bookingId: "B-1" } } });
});

test("who changes the dates at the end passes over the guests that are known", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  await call.tool("set_dates", DATES);
  await call.tool("set_guests", { guests: 2 });
  expect((await call.tool("change_dates")).result).toEqual({ message: "When would you like to book?" });
  const again = await call.tool("set_dates", { checkIn: "2026-03-01", checkOut: "2026-03-02" });
  expect(again.result).toEqual({ message: "Shall I confirm the booking?", missing: [] });
  again.expectState({ booking: { step: "readyToConfirm", data: { checkIn: "2026-03-01", guests: 2 } } });
});

test("half of what a step needs stays there and says what is missing; what is left out stays as it was", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  expect((await call.tool("set_dates", { checkIn: "2026-02-01" })).result).toEqual({ message: "When would you like to book?", missing: ["checkOut"] });
  await call.tool("put", { data: { checkOut: "2026-02-04", guests: 3 } });
  call.expectState({ booking: { step: "readyToConfirm" } });
  await call.tool("change_dates");
  const half = await call.tool("set_dates", { checkIn: "2026-02-02" });
  half.expectState({ booking: { step: "readyToConfirm", data: { checkIn: "2026-02-02", checkOut: "2026-02-04" } } });
});

test("a step without needs, and go, never advance by themselves", async () => {
  await using call = await booking();
  await call.tool("put", { data: { ...DATES, guests: 2 } });
  expect(call.state.booking).toMatchObject({ step: "idle", data: { guests: 2 } });
  await call.tool("start_booking");
  expect(call.state.booking).toMatchObject({ step: "collectingDates" });
});

test("a tool at the wrong step is refused with what is still needed, and nothing runs", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  const early = await call.tool("confirm_booking");
  expect(early.result).toEqual({ error: "step_not_allowed", message: "I still need the day of arrival and the day of departure.", step: "collectingDates", missing: ["checkIn", "checkOut"] });
  await call.tool("set_dates", DATES);
  // A field without a description is said in words.
  expect((await call.tool("confirm_booking")).result).toMatchObject({ message: "I still need guests.", missing: ["guests"] });
  await call.tool("set_guests", { guests: 2 });
  expect((await call.tool("set_guests", { guests: 3 })).result).toMatchObject({ message: "I only have to confirm your booking.", step: "readyToConfirm", missing: [] });
  await call.tool("confirm_booking");
  expect((await call.tool("set_guests", { guests: 3 })).result).toMatchObject({ message: "I can't do that at this point.", step: "completed" });
  expect((await call.redeliver(early)).repeated).toBe(true);
});

test("a move that is not in `to` is an error that names the way, and changes nothing", async () => {
  await using call = await booking();
  const wrong = await call.tool("move", { to: "completed" });
  expect(wrong.error).toMatchObject({ code: "move_not_allowed", message: 'The workflow booking cannot go from "idle" to "completed": it leads to collectingDates. Nothing was changed.' });
  expect((await call.tool("move", { to: "no such step" })).error?.code).toBe("move_not_allowed");
  expect((await call.tool("move", { to: "__proto__" })).error?.code).toBe("move_not_allowed");
  call.expectState({ booking: { step: "idle" } });
});

test("nothing leaves a final step but a reset, which empties it", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  await call.tool("put", { data: { ...DATES, guests: 1 } });
  await call.tool("confirm_booking");
  expect((await call.tool("move", { to: "idle" })).error?.message).toContain("nothing leaves it but reset()");
  expect((await call.tool("book_another")).result).toEqual({ step: "idle" });
  expect(call.state.booking).toEqual({ step: "idle", data: {}, since: call.clock.now() });
});

test.each([
  [{ guests: 9 }, "booking.guests is not valid"],
  [{ guests: "two" }, "booking.guests is not valid"],
  [{ checkIn: "tomorrow" }, "booking.checkIn is not valid"],
  [{ children: 1 }, "booking.children is not a field of the workflow, which has: checkIn, checkOut, guests, bookingId"],
  [{ toString: 1 }, "booking.toString is not a field"],
])("set refuses %j, naming the field and never the value; what fits beside it is not taken", async (bad, message) => {
  await using call = await booking();
  await call.tool("start_booking");
  const refused = await call.tool("put", { data: { checkIn: "2026-02-01", ...bad } });
  expect(refused.error).toMatchObject({ code: "state_invalid", message: expect.stringContaining(message) as string });
  expect(refused.error?.message).not.toContain("tomorrow");
  refused.expectState({ state: { notes: [] }, booking: { step: "collectingDates", data: { checkIn: undefined } } });
});

test("fields that do not fit together are a refusal that can be said aloud; nothing is kept", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  const refused = await call.tool("set_dates", { checkIn: "2026-02-04", checkOut: "2026-02-01" });
  expect(refused.result).toEqual({ error: "check_failed", message: "The departure must be after the arrival." });
  expect(refused.state.booking).toEqual({ step: "collectingDates", data: {}, since: call.clock.now() });
});

test("a tool that throws leaves step and data as they were", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  const before = call.state.booking;
  await call.tool("fail");
  expect(call.state.booking).toEqual(before);
});

test("a parallel tool reads, and changes in an update only", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  expect((await call.tool("look")).result).toEqual({ step: "collectingDates", prompt: "When would you like to book?", missing: ["checkIn", "checkOut"], data: {} });
  await call.tool("put", { data: { ...DATES, guests: 2 } });
  expect((await call.tool("move_beside", { to: "collectingDates", inUpdate: false })).error?.code).toBe("read_only");
  call.expectState({ booking: { step: "readyToConfirm" } });
  expect((await call.tool("move_beside", { to: "completed", inUpdate: true })).result).toEqual({ step: "completed" });
});

test("the data that is handed out is a copy that cannot be written", async () => {
  await using call = await booking();
  await call.tool("start_booking");
  await call.tool("put", { data: { guests: 2 } });
  expect((await call.tool("write_data")).error?.code).toBe("tool_execution_error");
  call.expectState({ booking: { data: { guests: 2 } } });
});

test("outside of a conversation there is no step", () => {
  expect(() => new BookingAgent().booking.step).toThrow(expect.objectContaining({ code: "no_conversation" }) as Error);
});

test("a booking goes on after a crash", async () => {
  await using call = await testAgent(() => new BookingAgent());
  await call.tool("start_booking");
  await call.tool("set_dates", DATES);
  await call.crash();
  await call.restart();
  call.expectState({ booking: { step: "collectingGuests", data: DATES } });
  expect((await call.tool("set_guests", { guests: 1 })).result).toEqual({ message: "Shall I confirm the booking?" });
});

test("what is personal in a field is masked wherever the workflow is shown, and is not in the path of an error", async () => {
  class PersonalAgent extends ConversimpleAgent {
    static override readonly agentId = "personal";
    readonly it = workflow({
      data: { name: z.string().meta({ pii: true }), address: z.object({ street: z.string().meta({ pii: true }), city: z.string() }), phones: z.record(z.string(), z.number()).meta({ pii: true }) },
      initial: "one",
      steps: { one: {} },
    });
    put = tool("Put", { phones: z.record(z.string(), z.unknown()) }, ({ phones }) => this.it.set({ phones: phones as never }));
  }
  const [slice] = defineAgent(new PersonalAgent()).slices;
  expect(slice!.masks).toEqual(["data/name", "data/address/street", "data/phones"]);
  await using call = await testAgent(new PersonalAgent());
  const { error } = await call.tool("put", { phones: { "Kim's mother": "no number" } });
  expect(error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("it.phones is not valid") as string });
  expect(error?.message).not.toContain("Kim");
});
