// A conversation whose tools change while it goes on.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Socket } from "phoenix";
import type { Channel } from "phoenix";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { Dispatcher } from "../../src/adapters/conversimple/dispatcher.ts";
import type { DispatcherOptions } from "../../src/adapters/conversimple/dispatcher.ts";
import { silentLogger } from "../../src/base/log.ts";
import { BookingAgent, DATES } from "../unit/parts/booking-agent.ts";
import { FrameClient, KEY, platform } from "./clients.ts";

const PIN = { type: "object", properties: { pin: { type: "string", secret: true } } };
const tool = (name: string, parameters: object = { type: "object" }) => ({ name, description: "", parameters });
const FREE = ["move", "put", "fail", "look", "move_beside", "write_data"];

/** The booking agent, served to a platform that only this test has. */
async function bookings(options: Partial<DispatcherOptions> = {}) {
  const server = await platform();
  const dispatcher = await new Dispatcher({ agents: [new BookingAgent()], apiKey: KEY, platformUrl: server.url, store: "memory:", secret: "only for this test", logger: silentLogger, signals: false, ...options }).start();
  await server.local.createConversation({ agentId: "booking", conversationId: "c1" });
  const call = async (name: string, input: object = {}) => {
    const { json } = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: name, arguments: input });
    return (json["result"] ?? json["error"]) as Record<string, unknown>;
  };
  const tools = () => server.local.conversation("c1").tools.map(({ name }) => name);
  await expect.poll(tools).not.toEqual([]);
  const stop = async () => {
    await dispatcher.stop();
    await server.local.stop();
  };
  return { call, tools, [Symbol.asyncDispose]: stop };
}

test.each(["per-conversation", "shared"] as const)("the dispatcher registers what the step allows, before each answer (%s)", async (connections) => {
  await using booking = await bookings({ connections });
  expect(booking.tools()).toEqual(["start_booking", ...FREE]);
  await booking.call("start_booking");
  expect(booking.tools()).toEqual(["set_dates", ...FREE]);
  expect(await booking.call("confirm_booking")).toMatchObject({ type: "tool_not_found", message: expect.stringContaining("set_dates") as string });
  await booking.call("set_dates", DATES);
  await booking.call("set_guests", { guests: 2 });
  expect(booking.tools()).toEqual(["change_dates", "confirm_booking", ...FREE]);
  // A model that decided a moment ago: the agent says why not.
  expect(await booking.call("set_guests", { guests: 3 })).toEqual({ error: "step_not_allowed", message: "I only have to confirm your booking.", step: "readyToConfirm", missing: [] });
});

test("a platform that takes tools once has all of them, and is refused those that the step does not allow", async () => {
  await using booking = await bookings({ registerOnChange: false });
  const all = ["start_booking", "set_dates", "set_guests", "change_dates", "confirm_booking", "book_another", ...FREE];
  expect(booking.tools()).toEqual(all);
  expect(await booking.call("confirm_booking")).toMatchObject({ error: "step_not_allowed", message: "I can't do that at this point." });
  await booking.call("start_booking");
  expect(await booking.call("confirm_booking")).toMatchObject({ error: "step_not_allowed", message: "I still need the day of arrival and the day of departure." });
  expect(booking.tools()).toEqual(all);
});

test("the official client registers again: the last set counts, a withdrawn tool still reaches the agent", async () => {
  await using server = await platform();
  const socket = new Socket(`ws://127.0.0.1:${server.port}/sdk`, { transport: WebSocket, params: { auth_token: KEY } });
  socket.connect();
  const channel: Channel = socket.channel(`customer:${crypto.randomUUID()}`, { agents: ["shop"] });
  const answered = (push: ReturnType<Channel["push"]>) => new Promise((resolve, reject) => push.receive("ok", resolve).receive("error", reject));
  channel.on("tool_call_request", ({ call_id, tool_name }) => void channel.push("tool_call_response", { call_id, result: tool_name }));
  await answered(channel.join());
  await server.local.createConversation({ agentId: "shop", conversationId: "c1" });
  const register = (...names: string[]) => answered(channel.push("register_conversation_tools", { conversation_id: "c1", tools: names.map((name) => tool(name)) }));
  await register("first", "both");
  await register("both", "second");
  expect(server.local.conversation("c1").tools.map(({ name }) => name)).toEqual(["both", "second"]);
  for (const name of ["second", "first"]) expect(await server.local.callTool({ conversationId: "c1", tool: name })).toMatchObject({ kind: "result", json: JSON.stringify(name) });
  await expect(server.local.callTool({ conversationId: "c1", tool: "third" })).rejects.toMatchObject({ code: "tool_not_found" });
  await register("first");
  expect(server.local.conversation("c1").tools.map(({ name }) => name)).toEqual(["first"]);
  socket.disconnect();
});

test("the secret of a tool that was withdrawn before its answer is masked, after a restart of the platform too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "platform-"));
  const dataPath = join(folder, "platform.db");
  const login = { conversationId: "c1", tool: "login", callId: "k", arguments: { pin: "canary-4711" } };
  {
    await using server = await platform({ dataPath });
    await server.local.createConversation({ agentId: "a", conversationId: "c1" });
    const client = await new FrameClient(server.port).join();
    await client.request("register_conversation_tools", { conversation_id: "c1", tools: [tool("login", PIN)] });
    client.onEvent = (event, { call_id }) => {
      if (event !== "tool_call_request" || call_id !== "k") return;
      // As the dispatcher does: first the new set, then the answer.
      client.send("register_conversation_tools", { conversation_id: "c1", tools: [tool("logout")] });
      client.send("tool_call_response", { call_id, result: true });
    };
    expect(await server.local.callTool(login)).toMatchObject({ json: "true" });
    expect(server.local.conversation("c1").toolCalls[0]!.arguments).toEqual({ pin: "•••" });
    expect(await server.local.callTool(login)).toMatchObject({ json: "true" });
    // Nobody answers this one before the platform stops.
    const unanswered = server.local.callTool({ ...login, callId: "late" });
    await client.hearsEvent("tool_call_request", "late");
    void unanswered.catch(() => {});
    client.close();
  }
  await using server = await platform({ dataPath });
  const client = await new FrameClient(server.port).join();
  client.onEvent = (event, { call_id }) => void (event === "tool_call_request" && client.send("tool_call_response", { call_id, result: true }));
  await client.request("register_conversation_tools", { conversation_id: "c1", tools: [tool("logout")] });
  expect(await server.local.callTool({ ...login, callId: "late" })).toMatchObject({ json: "true" });
  expect(server.local.conversation("c1").toolCalls.map((call) => call.arguments)).toEqual([{ pin: "•••" }, { pin: "•••" }]);
  client.close();
  rmSync(folder, { recursive: true });
});
