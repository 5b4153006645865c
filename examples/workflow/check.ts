// Plays the guide's booking through the local platform, line by line, and checks every step on the way: once with a
// platform that is told which tools the step allows, once with one that takes all tools at the beginning. Then it lets
// the time pass. Exits non-zero when something is not as it must be.

import assert from "node:assert/strict";
import { Dispatcher } from "conversimple";
import { LocalPlatform } from "conversimple/platform";
import { testAgent } from "conversimple/testing";
import { HELD_MS, WorkflowAgent } from "./agent.ts";

const FEBRUARY = { checkIn: "2026-02-01", checkOut: "2026-02-04" };
const MARCH = { checkIn: "2026-03-01", checkOut: "2026-03-02" };
const apiKey = "cs_test_example";
const silent = () => {};
const logger = { debug: silent, info: silent, warn: silent, error: console.error };

/** A call to the agent: asks for tools, and knows which ones are offered. */
async function callOf(registerOnChange: boolean) {
  const platform = new LocalPlatform({ port: 0, apiKey });
  const { url } = await platform.start();
  const dispatcher = await new Dispatcher({ agents: [new WorkflowAgent()], apiKey, platformUrl: url, store: "sqlite:bookings.db", registerOnChange, signals: false, logger }).start();
  const { conversationId } = await platform.createConversation({ agentId: "workflow" });
  return {
    async tool(tool: string, input: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
      const answer = await platform.callTool({ conversationId, tool, arguments: input });
      assert.equal(answer.kind, "result", JSON.stringify(answer));
      return JSON.parse((answer as { json: string }).json) as Record<string, unknown>;
    },
    offered: () => platform.conversation(conversationId).tools.map(({ name }) => name).filter((name) => name !== "get_booking"),
    async end() {
      await platform.endConversation(conversationId);
      await dispatcher.stop();
      await platform.stop();
    },
  };
}

// The guide's dialogue.
let call = await callOf(true);
assert.deepEqual(await call.tool("get_booking"), { step: "idle", missing: [] });
assert.deepEqual(call.offered(), ["start_booking"]);

assert.deepEqual(await call.tool("start_booking"), { message: "When would you like to book?" });
assert.deepEqual(call.offered(), ["set_dates"]);

assert.deepEqual(await call.tool("set_dates", { checkIn: "2026-02-04", checkOut: "2026-02-01" }), { error: "check_failed", message: "The departure must be after the arrival." });
assert.deepEqual(await call.tool("get_booking"), { step: "collectingDates", missing: ["checkIn", "checkOut"] });

assert.deepEqual(await call.tool("set_dates", FEBRUARY), { message: "How many guests?" });
assert.deepEqual(call.offered(), ["set_guests"]);
assert.deepEqual(await call.tool("get_booking"), { step: "collectingGuests", missing: ["guests"], ...FEBRUARY });

assert.deepEqual(await call.tool("set_guests", { guests: 2 }), { message: "Shall I confirm the booking?" });
assert.deepEqual(call.offered(), ["change_dates", "confirm_booking"]);

// "No, let's come in March." The guests are known, so nobody asks for them again.
assert.deepEqual(await call.tool("change_dates"), { message: "When would you like to book?" });
// A model that was about to confirm: it is told why not, in words that can be said aloud.
assert.deepEqual(await call.tool("confirm_booking"), { error: "step_not_allowed", message: "I can't do that at this point.", step: "collectingDates", missing: [] });
assert.deepEqual(await call.tool("set_dates", MARCH), { message: "Shall I confirm the booking?" });
assert.deepEqual(await call.tool("get_booking"), { step: "readyToConfirm", missing: [], ...MARCH, guests: 2 });

assert.deepEqual(await call.tool("confirm_booking"), { success: true, bookingId: "B-2026-03-01-2" });
assert.deepEqual(await call.tool("get_booking"), { step: "completed", missing: [], ...MARCH, guests: 2, bookingId: "B-2026-03-01-2" });
assert.deepEqual(call.offered(), []);
await call.end();

// A platform that takes the tools once: all are there, and the one that comes too early is refused.
call = await callOf(false);
await call.tool("get_booking");
assert.deepEqual(call.offered(), ["start_booking", "set_dates", "set_guests", "change_dates", "confirm_booking"]);
await call.tool("start_booking");
assert.deepEqual(await call.tool("confirm_booking"), { error: "step_not_allowed", message: "I still need the day of arrival and the day of departure.", step: "collectingDates", missing: ["checkIn", "checkOut"] });
await call.tool("set_dates", FEBRUARY);
assert.deepEqual(await call.tool("confirm_booking"), { error: "step_not_allowed", message: "I still need the number of guests.", step: "collectingGuests", missing: ["guests"] });
await call.tool("set_guests", { guests: 1 });
assert.deepEqual(await call.tool("confirm_booking"), { success: true, bookingId: "B-2026-02-01-1" });
await call.end();

// Nobody says yes, and the process dies meanwhile: the room is given up in time all the same.
const test = await testAgent(() => new WorkflowAgent(), { now: "2026-01-01T09:00Z" });
await test.tool("start_booking");
await test.tool("set_dates", FEBRUARY);
await test.tool("set_guests", { guests: 2 });
test.expectState({ booking: { step: "readyToConfirm" } });
await test.crash();
await test.advance(HELD_MS);
await test.restart();
test.expectState({ booking: { step: "expired", data: { guests: 2 } } });
assert.equal(((await test.tool("confirm_booking")).result as { error: string }).error, "step_not_allowed");
assert.deepEqual((await test.tool("start_booking")).result, { message: "When would you like to book?" });
await test.close();

console.log("workflow: the booking went its way, and nothing else did");
