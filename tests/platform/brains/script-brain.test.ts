// The brain that plays a script, and everything that a caller's line can be told.

import { expect, test } from "vitest";
import { WorkflowAgent } from "../../../examples/workflow/agent.ts";
import { checkedScript, scriptBrain } from "../../../src/platform/index.ts";
import { KEY } from "../clients.ts";
import { RelayCaller } from "./relay-caller.ts";
import { talking } from "./talking.ts";

test("a script plays the agent, whatever the caller says", async () => {
  const script = checkedScript({
    agent: "workflow",
    calls: [
      { answer: "Welcome to the hotel.", language: "en-GB", play: "https://hotel.example/chime.mp3" },
      { say: "a room", tool: "start_booking" },
      { say: "from the 1st to the 4th", tool: "set_dates", arguments: { checkIn: "2026-02-01", checkOut: "2026-02-04" }, answer: "Noted." },
      { tool: "set_guests", arguments: { guests: 2 } },
      { say: "yes", tool: "confirm_booking", answer: "Goodbye.", sendDigits: "9#" },
    ],
    end: true,
  });
  await using hotel = await talking(new WorkflowAgent(), { brains: { script: scriptBrain(script) }, brain: "script" });
  const line = await new RelayCaller(hotel.url, { agent: "workflow", auth_token: KEY }).setup();
  expect(await line.utterance(1)).toBe("Welcome to the hotel.");
  line.prompt("whatever");
  expect(await line.utterance(2)).toBe("When would you like to book?");
  line.prompt("and so on");
  expect(await line.utterance(4)).toBe("Shall I confirm the booking?");
  line.prompt("and on");
  await line.hears("end");
  expect(line.utterances).toEqual(["Welcome to the hotel.", "When would you like to book?", "Noted.", "Shall I confirm the booking?", "Goodbye."]);
  expect(line.heard.filter(({ type }) => type !== "text" && type !== "end")).toEqual([
    { type: "language", ttsLanguage: "en-GB", transcriptionLanguage: "en-GB" },
    { type: "play", source: "https://hotel.example/chime.mp3" },
    { type: "sendDigits", digits: "9#" },
  ]);
});

test("a script without sentences plays one call per turn", async () => {
  const script = checkedScript({ agent: "workflow", calls: [{ tool: "get_booking" }, { tool: "start_booking" }] });
  await using hotel = await talking(new WorkflowAgent(), { brains: { script: scriptBrain(script) }, brain: "script" });
  expect((await hotel.say("one")).calls).toEqual(["get_booking {}"]);
  expect((await hotel.say("two")).calls).toEqual(["start_booking {}"]);
  expect((await hotel.say("three")).said).toBe("The script is over.");
});

test.each([
  [[], "calls must be a list with at least one call"],
  [[{}], "calls[0].tool is missing"],
  [[{ tool: "x" }, { say: "" }], "calls[1].say must be a text"],
  [[{ tool: "x", expectSaid: "y" }], "calls[0].expectSaid needs a say in the same step"],
])("the script %o is refused: %s", (calls, message) => {
  expect(() => checkedScript({ agent: "shop", calls })).toThrow(message);
});
