import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Socket } from "phoenix";
import type { Channel } from "phoenix";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { KEY, platform, TOOLS } from "./clients.ts";

const REJOIN = { transport: WebSocket as never, heartbeatIntervalMs: 50, reconnectAfterMs: () => 10, rejoinAfterMs: () => 10 };

function answered<T = unknown>(push: ReturnType<Channel["push"]>): Promise<T> {
  return new Promise((resolve, reject) => push.receive("ok", resolve).receive("error", reject).receive("timeout", () => reject(new Error("timeout"))));
}

/** Serves every conversation with `echo`; registrations and results go out as they do in any Phoenix program. */
function serve(socket: Socket): Channel {
  const channel = socket.channel(`customer:${crypto.randomUUID()}`, { agents: ["shop"] });
  channel.on("conversation_ready", ({ conversation_id }) => void channel.push("register_conversation_tools", { conversation_id, tools: TOOLS }));
  channel.on("tool_call_request", ({ call_id, arguments: args }) => void channel.push("tool_call_response", { call_id, result: args }));
  return channel;
}

test("the official client joins, beats, registers, answers and leaves", async () => {
  await using server = await platform();
  const socket = new Socket(`ws://127.0.0.1:${server.port}/sdk`, { ...REJOIN, params: { auth_token: KEY } });
  const beats: string[] = [];
  socket.onMessage((message: any) => void (message.topic === "phoenix" && beats.push(message.payload.status)));
  socket.connect();
  const channel = serve(socket);
  await answered(channel.join());
  await server.local.createConversation({ agentId: "shop", conversationId: "c1" });
  const answer = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { a: "🛒" } });
  expect(answer.json["result"]).toEqual({ a: "🛒" });
  await expect.poll(() => beats.length).toBeGreaterThan(1);
  expect(new Set(beats)).toEqual(new Set(["ok"]));
  await expect(answered(channel.push("no_such_event", {}))).rejects.toEqual({ reason: "unknown event" });
  await answered(channel.leave());
  await expect.poll(() => server.local.conversation("c1").status).toBe("waiting");
  socket.disconnect();
});

test("the official client's authToken is accepted, and is not echoed", async () => {
  await using server = await platform();
  const socket = new Socket(`ws://127.0.0.1:${server.port}/sdk`, { ...REJOIN, authToken: KEY });
  socket.connect();
  await answered(socket.channel("customer:x").join());
  expect((socket as unknown as { conn: WebSocket }).conn.protocol).toBe("phoenix");
  socket.disconnect();
});

test("the official client is refused a foreign topic", async () => {
  await using server = await platform();
  const socket = new Socket(`ws://127.0.0.1:${server.port}/sdk`, { ...REJOIN, params: { auth_token: KEY } });
  socket.connect();
  const channel = socket.channel("room:lobby");
  await expect(answered(channel.join())).rejects.toEqual({ reason: "unmatched topic" });
  channel.leave();
  socket.disconnect();
});

test("the official client comes back after a restart of the platform and serves the same conversation", async () => {
  const folder = await mkdtemp(join(tmpdir(), "platform-"));
  const dataPath = join(folder, "platform.db");
  const first = await platform({ dataPath });
  const socket = new Socket(`ws://127.0.0.1:${first.port}/sdk`, { ...REJOIN, params: { auth_token: KEY } });
  socket.connect();
  await answered(serve(socket).join());
  await first.local.createConversation({ agentId: "shop", conversationId: "c1" });
  await first.local.callTool({ conversationId: "c1", tool: "echo", callId: "k1", arguments: { n: 1 } });
  await first.local.stop();
  await using second = await platform({ dataPath, port: first.port });
  const again = await second.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { n: 2 } });
  expect(again.json["result"]).toEqual({ n: 2 });
  expect((await second.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k1", arguments: { n: 1 } })).json["result"]).toEqual({ n: 1 });
  socket.disconnect();
  await rm(folder, { recursive: true });
});
