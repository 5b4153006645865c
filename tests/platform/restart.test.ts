import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalPlatform } from "../../src/platform/index.ts";
import { agent, FrameClient, http, KEY, platform, TOOLS } from "./clients.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "platform-"))));
afterEach(() => rm(folder, { recursive: true }));

async function start(dataPath: string, port = 0): Promise<{ child: ChildProcess; port: number; url: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("platform-process.ts", import.meta.url)), dataPath, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  const got = Number(String(line).trim());
  return { child, port: got, url: `http://127.0.0.1:${got}` };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

test("a restart in mid-call announces the conversation and delivers the call again, and its answer is kept", async () => {
  const dataPath = join(folder, "deep", "platform.db");
  const first = await platform({ dataPath });
  const before = await agent(first.port, { tool: () => undefined });
  await first.local.createConversation({ agentId: "a", conversationId: "c1", caller: { phone: "1" } });
  const waiting = first.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { n: 1 }, callId: "k1" });
  await before.hearsEvent("tool_call_request", "k1");
  await first.local.stop();
  expect((await waiting).status).toBe(503);
  expect(await before.closed()).toBe(1001);

  await using second = await platform({ dataPath });
  expect(second.local.conversation("c1")).toMatchObject({ status: "waiting", tools: TOOLS, toolCalls: [{ callId: "k1", status: "unanswered" }] });
  const again = second.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { n: 1 }, callId: "k1" });
  const after = await agent(second.port);
  expect((await after.hearsEvent("conversation_ready", "c1")).payload["caller"]).toEqual({ phone: "1" });
  expect((await again).json).toEqual({ callId: "k1", result: { n: 1 } });
  expect(after.count("tool_call_request", "k1")).toBe(1);
  expect((await stat(dataPath)).mode & 0o777).toBe(0o600);
});

test("kill -9 of the platform with calls in flight loses none of them and no answer", async () => {
  const dataPath = join(folder, "platform.db");
  const first = await start(dataPath);
  const held = await agent(first.port, { tool: (args) => (args.hold ? undefined : args) });
  await http(first.url, "POST", "/v1/conversations", { agentId: "a", conversationId: "c1" });
  const done = await Promise.all(Array.from({ length: 20 }, (_, n) => http(first.url, "POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { n }, callId: `done${n}` })));
  expect(done.every((answer) => answer.status === 200)).toBe(true);
  const lost = Array.from({ length: 20 }, (_, n) => http(first.url, "POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { hold: n + 1 }, callId: `held${n}` }).catch(() => "cut"));
  for (let n = 0; n < 20; n++) await held.hearsEvent("tool_call_request", `held${n}`);
  await kill(first.child);
  expect(new Set(await Promise.all(lost))).toEqual(new Set(["cut"]));

  const second = await start(dataPath, first.port);
  const back = await agent(second.port);
  for (let n = 0; n < 20; n++) {
    expect((await http(second.url, "POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { n }, callId: `done${n}` })).json["result"]).toEqual({ n });
    expect((await http(second.url, "POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { hold: n + 1 }, callId: `held${n}` })).json["result"]).toEqual({ hold: n + 1 });
    expect([back.count("tool_call_request", `done${n}`), back.count("tool_call_request", `held${n}`)]).toEqual([0, 1]);
  }
  await kill(second.child);
});

test("a lost connection in mid-call: announced again, delivered again, answered once", async () => {
  await using server = await platform();
  const first = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const call = server.local.callTool({ conversationId: "c1", tool: "echo", arguments: { n: 7 }, callId: "k" });
  await first.hearsEvent("tool_call_request", "k");
  const standby = await new FrameClient(server.port).join();
  expect(standby.count("conversation_ready")).toBe(0);
  first.socket.terminate();
  await standby.hearsEvent("conversation_ready", "c1");
  await standby.request("register_conversation_tools", { conversation_id: "c1", tools: TOOLS });
  await standby.hearsEvent("tool_call_request", "k");
  await standby.request("register_conversation_tools", { conversation_id: "c1", tools: TOOLS });
  await standby.request("tool_call_response", { call_id: "k", result: 1 });
  await standby.request("tool_call_response", { call_id: "k", result: 2 });
  expect(await call).toMatchObject({ json: "1" });
  expect(standby.count("tool_call_request", "k")).toBe(1);
});

test("an answer that comes after the rejoin and before the registration is taken", async () => {
  await using server = await platform();
  const first = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const call = server.local.callTool({ conversationId: "c1", tool: "echo", callId: "k" });
  await first.hearsEvent("tool_call_request", "k");
  first.socket.terminate();
  await expect.poll(() => server.local.conversation("c1").status).toBe("waiting");
  const second = await new FrameClient(server.port, "array", first.topic).join();
  expect((await second.request("tool_call_response", { call_id: "k", result: "late" })).status).toBe("ok");
  expect(await call).toMatchObject({ json: '"late"' });
});

test("a rejoin of the same topic is a new registration: unanswered calls come again", async () => {
  await using server = await platform();
  const client = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const call = server.local.callTool({ conversationId: "c1", tool: "echo", callId: "k" });
  await client.hearsEvent("tool_call_request", "k");
  await client.join();
  await expect.poll(() => client.count("tool_call_request", "k")).toBe(2);
  await client.request("tool_call_response", { call_id: "k", result: 1 });
  expect(await call).toMatchObject({ json: "1" });
});

test("ended conversations stay ended over a restart, and their answers stay", async () => {
  const dataPath = join(folder, "platform.db");
  const first = await platform({ dataPath });
  await agent(first.port);
  await first.local.createConversation({ agentId: "a", conversationId: "c1" });
  await first.local.callTool({ conversationId: "c1", tool: "echo", callId: "k", arguments: { n: 1 } });
  await first.local.endConversation("c1", "hung_up");
  await first.local.stop();
  await using second = await platform({ dataPath });
  expect(second.local.conversation("c1")).toMatchObject({ status: "ended", reason: "hung_up" });
  expect((await second.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k", arguments: { n: 1 } })).json["result"]).toEqual({ n: 1 });
  expect((await second.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo" })).status).toBe(409);
  const client = await new FrameClient(second.port).join();
  await client.settle();
  expect(client.count("conversation_ready")).toBe(0);
});

test("a call that waits when its conversation ends is a 409", async () => {
  await using server = await platform();
  const client = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const call = server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k" });
  await client.hearsEvent("tool_call_request", "k");
  await server.local.endConversation("c1");
  expect((await call).status).toBe(409);
  expect((await client.request("tool_call_response", { call_id: "k", result: 1 })).status).toBe("ok");
});

test("a second platform on the same data file is refused, and the first goes on", async () => {
  const dataPath = join(folder, "platform.db");
  await using first = await platform({ dataPath });
  await first.http("GET", "/health"); // its own transaction of the start is over
  const second = new LocalPlatform({ port: 0, apiKey: KEY, dataPath });
  await expect(second.start()).rejects.toMatchObject({ code: "state_unavailable", message: expect.stringContaining("another platform") as string });
  expect((await first.http("POST", "/v1/conversations", { agentId: "a" })).status).toBe(201);
});

test("a port that is taken is an error, and the data file is free again", async () => {
  const dataPath = join(folder, "platform.db");
  await using first = await platform();
  await expect(new LocalPlatform({ port: first.port, apiKey: KEY, dataPath }).start()).rejects.toMatchObject({ code: "EADDRINUSE" });
  const second = await platform({ dataPath });
  await second.local.stop();
});
