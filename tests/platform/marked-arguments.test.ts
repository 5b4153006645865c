import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { FrameClient, platform } from "./clients.ts";

const PIN = "canary-4711";
const CARD = "canary-4929175310067811";
const PAY = {
  name: "pay",
  description: "",
  parameters: {
    type: "object",
    properties: { amount: { type: "number" }, pin: { type: "string", secret: true }, cards: { type: "array", items: { type: "object", properties: { number: { type: "string", pii: true }, kind: { type: "string" } } } } },
  },
  result_masks: ["receipt/holder"],
};
const call = { conversationId: "c1", tool: "pay", callId: "k", arguments: { amount: 5, pin: PIN, cards: [{ number: CARD, kind: "visa" }] } };
const SHOWN = { amount: 5, pin: "•••", cards: [{ number: "•••", kind: "visa" }] };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "platform-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Which of the texts are in the data file or its WAL. */
function kept(...texts: string[]): string[] {
  const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
  return texts.filter((text) => bytes.includes(text));
}

/** An agent that registers `pay` and answers unless it is told to wait. */
async function agent(port: number, { answers = true, echoes = true, receipt = {} } = {}): Promise<FrameClient> {
  const client = await new FrameClient(port).join();
  client.onEvent = (event, payload) => void (event === "tool_call_request" && answers && client.send("tool_call_response", { call_id: payload["call_id"], result: { got: echoes ? payload["arguments"] : null, ...receipt } }));
  await client.request("register_conversation_tools", { conversation_id: "c1", tools: [PAY] });
  return client;
}

test("marked arguments are never in the data file, not while the call waits for its answer either", async () => {
  await using server = await platform({ dataPath: join(folder, "platform.db") });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const client = await agent(server.port, { answers: false });
  const waiting = server.local.callTool(call);
  const { payload } = await client.hearsEvent("tool_call_request", "k");
  expect(payload["arguments"]).toEqual(call.arguments);
  expect(kept("pay", PIN, CARD)).toEqual(["pay"]);
  expect(server.local.conversation("c1").toolCalls).toMatchObject([{ status: "unanswered", arguments: SHOWN }]);
  client.send("tool_call_response", { call_id: "k", result: 1 });
  await waiting;
  expect(kept(PIN, CARD)).toEqual([]);
  expect(server.local.conversation("c1").toolCalls).toMatchObject([{ status: "answered", arguments: SHOWN }]);
});

test("personal arguments still tell calls apart, secret ones do not", async () => {
  await using server = await platform({ dataPath: join(folder, "platform.db") });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await agent(server.port);
  const first = await server.local.callTool(call);
  expect(await server.local.callTool(call)).toEqual(first);
  expect(await server.local.callTool({ ...call, arguments: { ...call.arguments, pin: "another" } })).toEqual(first);
  await expect(server.local.callTool({ ...call, arguments: { ...call.arguments, cards: [{ number: "4000", kind: "visa" }] } })).rejects.toMatchObject({ code: "call_mismatch" });
});

test("after a restart a call with marked arguments waits until it is asked for again, and runs once", async () => {
  const dataPath = join(folder, "platform.db");
  const first = await platform({ dataPath });
  await first.local.createConversation({ agentId: "a", conversationId: "c1" });
  const before = await agent(first.port, { answers: false });
  void first.local.callTool(call).catch(() => {});
  await before.hearsEvent("tool_call_request", "k");
  await first.local.stop();

  await using second = await platform({ dataPath });
  const after = await agent(second.port);
  await after.settle();
  expect(after.count("tool_call_request", "k")).toBe(0);
  await expect(second.local.callTool({ ...call, arguments: { ...call.arguments, amount: 6 } })).rejects.toMatchObject({ code: "call_mismatch" });
  expect(JSON.parse(((await second.local.callTool(call)) as { json: string }).json)).toMatchObject({ got: call.arguments });
  await second.local.callTool(call);
  expect(after.count("tool_call_request", "k")).toBe(1);
});

test("an agent's late answer counts also for a call whose arguments are gone", async () => {
  const dataPath = join(folder, "platform.db");
  const first = await platform({ dataPath });
  await first.local.createConversation({ agentId: "a", conversationId: "c1" });
  const before = await agent(first.port, { answers: false });
  void first.local.callTool(call).catch(() => {});
  await before.hearsEvent("tool_call_request", "k");
  await first.local.stop();
  await using second = await platform({ dataPath });
  const after = await agent(second.port, { answers: false });
  await after.request("tool_call_response", { call_id: "k", result: "late" });
  expect(await second.local.callTool(call)).toMatchObject({ json: '"late"' });
});

test("of a tool that nobody has registered yet no argument is kept; it is masked by its schema later", async () => {
  await using server = await platform({ dataPath: join(folder, "platform.db") });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const waiting = server.local.callTool(call);
  await expect.poll(() => server.local.conversation("c1").toolCalls).toMatchObject([{ arguments: "•••" }]);
  await expect(server.local.callTool({ ...call, arguments: {} })).rejects.toMatchObject({ code: "call_mismatch" });
  await expect.poll(() => kept("pay", PIN, CARD)).toEqual(["pay"]);
  await agent(server.port);
  expect(JSON.parse(((await waiting) as { json: string }).json)).toMatchObject({ got: call.arguments });
  expect(server.local.conversation("c1").toolCalls).toMatchObject([{ arguments: SHOWN }]);
  await expect(server.local.callTool({ ...call, arguments: { ...call.arguments, amount: 6 } })).rejects.toMatchObject({ code: "call_mismatch" });
});

test("a result is masked where it is shown, and given as it is to whoever called", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await agent(server.port, { receipt: { receipt: { holder: "Jane Doe", no: 7 } } });
  expect(JSON.parse(((await server.local.callTool({ ...call, arguments: {} })) as { json: string }).json)).toMatchObject({ receipt: { holder: "Jane Doe" } });
  expect(server.local.conversation("c1").toolCalls).toMatchObject([{ status: "answered", result: { receipt: { holder: "•••", no: 7 } } }]);
});

test("a masked result is not kept: who asks for it again gets it from the agent, the same call only", async () => {
  await using server = await platform({ dataPath: join(folder, "platform.db") });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const client = await agent(server.port, { receipt: { receipt: { holder: "Jane Doe", no: 7 } } });
  const first = await server.local.callTool(call);
  expect(kept("pay", "Jane Doe")).toEqual(["pay"]);
  await expect(server.local.callTool({ ...call, arguments: { amount: 6 } })).rejects.toMatchObject({ code: "call_mismatch" });
  expect(client.count("tool_call_request", "k")).toBe(1);
  expect(await server.local.callTool(call)).toEqual(first);
  expect(client.count("tool_call_request", "k")).toBe(2);
  await server.local.endConversation("c1");
  await expect(server.local.callTool(call)).rejects.toMatchObject({ code: "conversation_ended" });
});

test("an argument that the tool does not declare is not kept either, and tells calls apart", async () => {
  await using server = await platform({ dataPath: join(folder, "platform.db") });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await agent(server.port, { echoes: false });
  const stray = { ...call, arguments: { amount: 5, cards: [{ kind: "visa", holder: CARD }], note: PIN } };
  await server.local.callTool(stray);
  await server.local.callTool(stray);
  expect(kept("pay", CARD, PIN)).toEqual(["pay"]);
  expect(server.local.conversation("c1").toolCalls).toMatchObject([{ arguments: { amount: 5, cards: [{ kind: "visa", holder: "•••" }], note: "•••" } }]);
  await expect(server.local.callTool({ ...stray, arguments: { ...stray.arguments, note: "other" } })).rejects.toMatchObject({ code: "call_mismatch" });
});

test("a data file of the last release is taken over, and what it kept in clear is masked where it is shown", async () => {
  const dataPath = join(folder, "platform.db");
  {
    await using server = await platform({ dataPath });
    await server.local.createConversation({ agentId: "a", conversationId: "c1" });
    await agent(server.port);
    await server.local.callTool(call);
  }
  const file = new DatabaseSync(dataPath);
  file.prepare("UPDATE calls SET arguments = ?").run(JSON.stringify(call.arguments));
  file.exec("ALTER TABLE calls DROP COLUMN digest; ALTER TABLE conversations DROP COLUMN is_rung; PRAGMA user_version=1");
  file.close();
  await using server = await platform({ dataPath });
  expect(server.local.conversation("c1").toolCalls).toMatchObject([{ arguments: SHOWN }]);
  expect(await server.local.callTool(call)).toMatchObject({ kind: "result" });
});
