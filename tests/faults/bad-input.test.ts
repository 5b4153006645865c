import { afterAll, beforeAll, expect, test } from "vitest";
import { Proxy } from "./proxy.ts";
import type { DispatcherProcess } from "./dispatcher-process.ts";
import { KEY, Rig } from "./rig.ts";

let rig: Rig;
let proxy: Proxy;
let running: DispatcherProcess;
beforeAll(async () => {
  rig = await Rig.start();
  proxy = await Proxy.listen(rig.url);
  running = await rig.serve({ platformUrl: proxy.url });
});
afterAll(async () => {
  await rig.stop();
  await proxy.stop();
});

async function http(method: string, path: string, body?: string): Promise<{ status: number; body: any }> {
  const response = await fetch(rig.url + path, { method, headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" }, ...(body !== undefined && { body }) });
  return { status: response.status, body: await response.json() };
}

const post = (conversationId: string, call: object | string) =>
  http("POST", `/v1/conversations/${encodeURIComponent(conversationId)}/tool-calls`, typeof call === "string" ? call : JSON.stringify(call));

/** A conversation whose calls are not in the history: they go over HTTP. */
async function openBeside(conversationId: string): Promise<string> {
  await rig.platform.createConversation({ agentId: "unruly", conversationId });
  return conversationId;
}

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const refused: readonly [what: string, body: object | string, status: number, type: string][] = [
  ["an unknown tool", { tool: "drop_table" }, 404, "tool_not_found"],
  ["an argument of the wrong type", { tool: "keep", arguments: { text: 5 } }, 422, "invalid_parameters"],
  ["a number as a text", { tool: "add", arguments: { n: "5" } }, 422, "invalid_parameters"],
  ["a number that is not whole", { tool: "add", arguments: { n: 1.5 } }, 422, "invalid_parameters"],
  ["a number that is infinite", '{"tool":"add","arguments":{"n":1e309}}', 422, "invalid_parameters"],
  ["a missing argument", { tool: "keep", arguments: {} }, 422, "invalid_parameters"],
  ["an unknown argument", { tool: "keep", arguments: { text: "a", admin: true } }, 422, "invalid_parameters"],
  ["__proto__ among the arguments", '{"tool":"keep","arguments":{"text":"a","__proto__":{"polluted":true}}}', 422, "invalid_parameters"],
  ["constructor among the arguments", '{"tool":"keep","arguments":{"text":"a","constructor":{"prototype":{"polluted":true}}}}', 422, "invalid_parameters"],
  ["a list for the arguments", { tool: "keep", arguments: ["a"] }, 400, "invalid_parameters"],
  ["arguments of 300 KiB", { tool: "keep", arguments: { text: "x".repeat(300 * 1_024) } }, 413, "invalid_parameters"],
  ["arguments that are 5,000 deep", `{"tool":"keep","arguments":{"text":"a","more":${nested(5_000)}}}`, 400, "invalid_parameters"],
  ["a call id with a newline", { tool: "add", arguments: { n: 1 }, callId: "a\nb" }, 400, "id_invalid"],
  ["a call id with NUL", { tool: "add", arguments: { n: 1 }, callId: "a\0b" }, 400, "id_invalid"],
  ["a call id of 10,000 characters", { tool: "add", arguments: { n: 1 }, callId: "x".repeat(10_000) }, 400, "id_invalid"],
  ["a call id with half of a surrogate pair", '{"tool":"add","arguments":{"n":1},"callId":"a\\ud800"}', 400, "id_invalid"],
];

test.each(refused)("%s is refused, and the state is what it was", async (what, body, status, type) => {
  const id = await rig.open(`refused: ${what}`, "unruly");
  await rig.call(id, "add", { n: 1 });
  const before = (await rig.seen(id))!;
  const answer = await post(id, body);
  expect(answer).toMatchObject({ status, body: { error: { type, message: expect.any(String) as string } } });
  expect(JSON.stringify(answer.body)).not.toContain("polluted");
  expect((await rig.seen(id))?.state).toEqual(before.state);
  expect(await rig.call(id, "add", { n: 1 })).toMatchObject({ kind: "result", json: JSON.stringify({ conversation: id, count: 2, total: 2 }) });
  expect(await rig.judge()).toEqual([]);
});

test("an unknown conversation is a 404, an ended one a 409 but for the answers that it kept", async () => {
  expect(await post("nobody", { tool: "add", arguments: { n: 1 } })).toMatchObject({ status: 404, body: { error: { type: "conversation_not_found" } } });
  const id = await openBeside("ended");
  const answer = await post(id, { tool: "add", arguments: { n: 1 }, callId: "last" });
  await rig.platform.endConversation(id);
  expect(await post(id, { tool: "add", arguments: { n: 1 } })).toMatchObject({ status: 409, body: { error: { type: "conversation_ended" } } });
  expect(await post(id, { tool: "add", arguments: { n: 1 }, callId: "last" })).toEqual(answer);
  expect((await rig.seen(id))?.changes).toHaveLength(1);
});

test("__proto__ and constructor as keys of a free object reach the tool as keys, and no prototype", async () => {
  const id = await openBeside("free object");
  const answer = await post(id, '{"tool":"echo","arguments":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}');
  if (answer.status === 200) expect(answer.body.result.polluted).toBe(null);
  else expect(answer).toMatchObject({ status: 422, body: { error: { type: "invalid_parameters" } } });
  expect((await post(id, { tool: "echo", arguments: {} })).body.result).toEqual({ input: {}, polluted: null });
  expect(({} as Record<string, unknown>).polluted).toBe(undefined);
});

test.each([
  ["../../etc/passwd"], ["a}{b"], ["{}"], ["';DROP TABLE owners;--"], ["%"], ["*"], ["emoji 👩‍👩‍👧"], ["\u00e9 composed"], ["e\u0301 composed"], ["x".repeat(256)], ["conversation:c1"], ["a/b?c#d"],
])("the ids %s are one conversation and one call, and nobody else's", async (odd) => {
  const id = await openBeside(odd);
  const call = { tool: "add", arguments: { n: 1 }, callId: odd };
  const answer = await post(id, call);
  expect(answer).toEqual({ status: 200, body: { callId: odd, result: { conversation: odd, count: 1, total: 1 } } });
  expect(await post(id, call)).toEqual(answer);
  expect(await post(id, { ...call, arguments: { n: 2 } })).toMatchObject({ status: 409, body: { error: { type: "call_mismatch" } } });
  expect((await rig.seen(odd))?.changes).toEqual([{ callId: odd, conversation: odd, n: 1 }]);
});

test.each([["a\nb"], ["a\0b"], ["x".repeat(10_000)], [""], ["a\u0085b"]])("a conversation id that is none is refused (%#)", async (odd) => {
  expect(await http("POST", "/v1/conversations", JSON.stringify({ agentId: "unruly", conversationId: odd }))).toMatchObject({ status: 400, body: { error: { type: "id_invalid" } } });
});

/** A frame to the dispatcher as the platform would send it, but for what is changed. */
function frame(like: string, changes: { joinRef?: string; topic?: string; payload?: object }): string {
  const [joinRef, ref, topic, event, payload] = JSON.parse(proxy.lastTold("tool_call_request", `"${like}"`)) as [string, string | null, string, string, object];
  return JSON.stringify([changes.joinRef ?? joinRef, ref, changes.topic ?? topic, event, { ...payload, ...changes.payload }]);
}

const answerOf = (text: string) => (JSON.parse(text) as [unknown, unknown, unknown, string, { result?: unknown; error?: { type: string } }]).slice(3) as [string, { result?: unknown; error?: { type: string } }];

test("a call that comes twice is answered twice with the same and changes the state once; with other arguments it is a call_mismatch", async () => {
  const id = await rig.open("twice", "unruly");
  await rig.call(id, "add", { n: 1 }, "same");
  const hears = (from: number) => proxy.hears((text) => text.includes('"tool_call_') && text.includes('"same"'), from);
  await proxy.confirmed("same");
  let from = proxy.said.length;
  proxy.inject('"same"', frame("same", {}));
  expect(answerOf(await hears(from))).toEqual(["tool_call_response", { call_id: "same", result: { conversation: id, count: 1, total: 1 } }]);
  await proxy.confirmed("same");
  from = proxy.said.length;
  proxy.inject('"same"', frame("same", { payload: { arguments: { n: 2 } } }));
  expect(answerOf(await hears(from))).toMatchObject(["tool_call_error", { call_id: "same", error: { type: "call_mismatch" } }]);
  expect((await rig.seen(id))?.changes).toHaveLength(1);
});

test.each([
  ["an unknown tool", { tool_name: "nobody" }, "tool_not_found"],
  ["no tool", { tool_name: "" }, "invalid_parameters"],
  ["another conversation", { conversation_id: "somebody else's" }, "conversation_not_found"],
  ["a list for arguments", { arguments: [1] }, "invalid_parameters"],
  ["arguments that are 5,000 deep", { arguments: { n: "nested" } }, "invalid_parameters"],
  ["arguments of 300 KiB", { arguments: { n: 1, text: "x".repeat(300 * 1_024) } }, "invalid_parameters"],
])("a tool call frame with %s is answered with an error", async (what, payload, type) => {
  const id = await rig.open(`frame: ${what}`, "unruly");
  await rig.call(id, "add", { n: 1 }, `like ${what}`);
  const callId = `bad ${what}`;
  const from = proxy.said.length;
  proxy.inject(`"like ${what}"`, frame(`like ${what}`, { payload: { ...payload, call_id: callId } }).replace('"nested"', nested(5_000)));
  expect(answerOf(await proxy.hears((text) => text.includes('"tool_call_') && text.includes(callId), from))).toMatchObject(["tool_call_error", { error: { type } }]);
  expect((await rig.seen(id))?.changes).toHaveLength(1);
});

test.each([
  ["garbage", () => "}{ not json"],
  ["an empty text", () => ""],
  ["binary", () => Buffer.alloc(64, 7)],
  ["JSON that is no frame", () => "[1,2,3]"],
  ["a foreign topic", (like: string) => frame(like, { topic: "customer:somebody-else", payload: { call_id: "foreign" } })],
  ["a stale join_ref", (like: string) => frame(like, { joinRef: "0", payload: { call_id: "stale" } })],
  ["a frame of 2 MiB", (like: string) => frame(like, { payload: { call_id: "huge", arguments: { text: "x".repeat(2 * 1_048_576) } } })],
  ["10,000 characters of nesting", () => nested(5_000)],
  ["a call id that is none", (like: string) => frame(like, { payload: { call_id: "a\nb" } })],
] as const satisfies readonly [string, (like: string) => string | Buffer][])("%s from the platform changes nothing; the conversation and the others go on", async (what, make) => {
  const id = await rig.open(`noise: ${what}`, "unruly");
  const other = await rig.open(`beside: ${what}`, "unruly");
  const like = `before ${what}`;
  await rig.call(id, "add", { n: 1 }, like);
  proxy.inject(`"${like}"`, make(like));
  const answers = await Promise.all([rig.call(id, "add", { n: 1 }), rig.call(other, "add", { n: 1 })]);
  expect(answers.map((answer) => answer.kind)).toEqual(["result", "result"]);
  expect((await rig.seen(id))?.changes).toHaveLength(2);
  expect(await rig.judge()).toEqual([]);
  expect(running.hasExited).toBe(false);
});
