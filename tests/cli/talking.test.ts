// `conversimple call` and `conversimple dev`, in plain sentences.

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { modelServer } from "../platform/brains/model-server.ts";
import { Workplace } from "./program.ts";

const workflow = fileURLToPath(new URL("../../examples/workflow", import.meta.url));

test("a line that calls no tool is said to the agent; what it said, called and changed is shown", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  await place.dev([workflow]);
  const { code, out, err } = await place.run(["call"], { input: "I'd like to book a room\nset_dates checkIn=2099-02-01 checkOut=2099-02-04\nsay two\nyes\n" });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/✓ start_booking \{\}\n» When would you like to book\?/);
  expect(out).toMatch(/✓ set_dates[^]*✓ set_guests \{"guests":2\}\n» Shall I confirm the booking\?[^]*now offered: change_dates, confirm_booking, get_booking/);
  expect(out).toMatch(/✓ confirm_booking \{\}\n» Done\. Booking id B-2099-02-01-2\./);
  const asJson = await place.run(["call", "--json"], { input: "banana\ngoodbye\nnever read\n" });
  expect(asJson.out.trim().split("\n").map((line) => JSON.parse(line) as unknown)).toMatchObject([{ said: [expect.stringContaining("did not understand")], toolCalls: [] }, { said: ["Goodbye."] }]);
});

test("one script plays the caller for a test, and the agent for a demonstration", { timeout: 60_000 }, async () => {
  const place = new Workplace();
  const steps = [
    { say: "I'd like to book a room", tool: "start_booking", expectSaid: "When would you" },
    { say: "from 2099-02-01 to 2099-02-04", tool: "set_dates", arguments: { checkIn: "2099-02-01" }, expect: { message: "How many guests?" }, expectState: { booking: { step: "collectingGuests" } } },
  ];
  place.write("good.json", JSON.stringify({ agent: "workflow", calls: steps, end: true }));
  place.write("wrong.json", JSON.stringify({ agent: "workflow", calls: [{ say: "banana", tool: "start_booking", expectSaid: "Of course" }] }));
  const dev = await place.dev([workflow]);
  expect(await place.run(["call", "--script", "good.json"])).toMatchObject({ code: 0, err: "", out: expect.stringContaining("2 calls as expected, conversation ended") as string });
  const wrong = await place.run(["call", "--script", "wrong.json"]);
  expect(wrong).toMatchObject({ code: 1, out: expect.stringMatching(/it did not lead to a call of start_booking[^]*the agent did not say "Of course"/) as string });
  await dev.program.kill("SIGTERM");
  await place.dev([workflow], ["--brain", "script:good.json"]);
  const { out } = await place.run(["call"], { input: "anything\nat all\n" });
  expect(out).toMatch(/start_booking[^]*When would you[^]*set_dates[^]*The conversation has ended/);
});

test("dev asks a model, with the key of the environment", { timeout: 60_000 }, async () => {
  await using server = await modelServer(() => ({ text: ["Good ", "evening."] }));
  const place = new Workplace();
  const dev = place.start(["dev", workflow, "--port", "0", "--brain", "model", "--base-url", server.baseUrl, "--model", "m"], { CONVERSIMPLE_MODEL_API_KEY: "sk-canary" });
  await dev.says(/In a second terminal/);
  const { out } = await place.run(["call"], { input: "hello\n" });
  expect(out).toContain("» Good evening.");
  expect(server.requests[0]!.headers.authorization).toBe("Bearer sk-canary");
});

test.each([
  [["--brain", "magic"], "--brain must be rules, script:<file.json> or model."],
  [["--brain", "model"], "--brain model needs --base-url and --model."],
  [["--model", "m"], "--base-url and --model are for --brain model."],
  [["--brain", "script:none.json"], "The script none.json cannot be played: it does not exist."],
  [["--brain", "model", "--model", "m", "--base-url", "http://models.example/v1"], "The model's base URL would send the call unencrypted to another machine."],
])("dev %o is refused before anything starts", async (words, message) => {
  const place = new Workplace();
  const { code, err } = await place.run(["dev", workflow, ...words]);
  expect(code).not.toBe(0);
  expect(err).toContain(message);
});
