import { afterAll, beforeAll, expect, test } from "vitest";
import type { CallAnswer } from "../../src/platform/index.ts";
import type { DispatcherProcess } from "./dispatcher-process.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
let running: DispatcherProcess;
beforeAll(async () => {
  rig = await Rig.start();
  running = await rig.serve();
  await rig.open("calm", "unruly");
});
afterAll(() => rig.stop());

let calls = 0;

/** Calls an unruly tool; what a tool that throws says is not part of the ledger's history. */
function unruly(conversationId: string, tool: string, input: Readonly<Record<string, unknown>> = {}, callId = `unruly-${++calls}`): Promise<CallAnswer> {
  return rig.platform.callTool({ conversationId, tool, arguments: input, callId });
}

/** The other conversation is served as if nothing had happened, and so is this one. */
async function everybodyGoesOn(conversation: string, count: number): Promise<void> {
  expect((await rig.call("calm", "add", { n: 1 })).kind).toBe("result");
  expect(await rig.call(conversation, "add", { n: 1 })).toMatchObject({ kind: "result", json: JSON.stringify({ conversation, count, total: count }) });
  expect(await rig.judge()).toEqual([]);
  expect(running.hasExited).toBe(false);
}

test.each(["throw_after_change", "throw_oddly"])("%s: the caller hears a reference, the change is undone, a redelivery runs it again", async (tool) => {
  const id = await rig.open(tool, "unruly");
  const answer = await unruly(id, tool);
  expect(answer).toMatchObject({ kind: "error", error: { type: "tool_execution_error", message: expect.stringMatching(/^The tool failed\. Reference [0-9a-f]{8}\.$/) as string } });
  expect((await rig.seen(id))?.changes).toEqual([]);
  await everybodyGoesOn(id, 1);
});

test("a tool that hangs is a tool_timeout, its change is undone, and the call behind it runs", async () => {
  const id = await rig.open("hangs", "unruly");
  const [hung, behind] = await Promise.all([unruly(id, "hang"), rig.call(id, "add", { n: 1 })]);
  expect(hung).toMatchObject({ kind: "error", error: { type: "tool_timeout" } });
  expect(behind.kind).toBe("result");
  await everybodyGoesOn(id, 2);
});

test("what a tool does after its time is over changes nothing, and it is told so", async () => {
  const id = await rig.open("lingers", "unruly");
  rig.world.close("late");
  expect(await unruly(id, "linger_then_change")).toMatchObject({ kind: "error", error: { type: "tool_timeout" } });
  rig.world.open("late");
  await rig.world.until(() => rig.world.reports.includes("late: unit_ended"));
  expect((await rig.seen(id))?.state.note).toBe("");
  await everybodyGoesOn(id, 1);
});

test("a tool that blocks the event loop for a second keeps others waiting, and nobody loses anything", async () => {
  const id = await rig.open("blocks", "unruly");
  const others = await Promise.all(["b1", "b2", "b3"].map((other) => rig.open(other, "unruly")));
  const answers = await Promise.all([rig.call(id, "block", { ms: 1_000 }), ...others.flatMap((other) => [rig.call(other, "add", { n: 1 }), rig.call(other, "add", { n: 2 })])]);
  expect(answers.filter((answer) => answer.kind !== "result")).toEqual([]);
  expect(await rig.judge()).toEqual([]);
});

test.each([
  ["reject_later", "nobody awaited this"],
  ["reject_much_later", "nobody awaited this either"],
])("%s: the process lives, the agent's onError hears of it", async (tool, text) => {
  const id = await rig.open(tool, "unruly");
  rig.world.close("rejection");
  expect((await rig.call(id, tool, {})).kind).toBe("result");
  rig.world.open("rejection");
  await rig.world.until(() => rig.world.reports.includes(text));
  expect((await rig.call("calm", "add", { n: 1 })).kind).toBe("result");
  expect(await rig.call(id, "add", { n: 1 })).toMatchObject({ kind: "result" });
  expect(await rig.judge()).toEqual([]);
  expect(running.hasExited).toBe(false);
});

test.each(["function", "cycle", "nan", "bigint", "map", "deep", "large"])("a result that is not JSON (%s) is result_invalid, nothing of its unit is stored, and the connection lives", async (what) => {
  const id = await rig.open(`odd-${what}`, "unruly");
  expect(await unruly(id, "odd", { what })).toMatchObject({ kind: "error", error: { type: "result_invalid" } });
  expect((await rig.seen(id))?.changes).toEqual([]);
  await everybodyGoesOn(id, 1);
});
