import { expect, test } from "vitest";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { agent, FrameClient, platform, TOOLS } from "./clients.ts";

test("garbage, binary and half frames are ignored and counted, and the connection goes on", async () => {
  await using server = await platform();
  const client = await new FrameClient(server.port).join();
  const garbage = ["", "{", "null", "5", "[]", "[1,2,3]", '{"a":1}', '["1","2",3,"x",{}]', '[{},"2","customer:x","x",{}]', "[".repeat(100_000), `${"[".repeat(50_000)}${"]".repeat(50_000)}`];
  for (const text of garbage) client.raw(text);
  client.raw(Buffer.from([0, 1, 2, 255]));
  client.raw(JSON.stringify({ type: "heartbeat" }));
  await client.settle();
  expect(server.local.ignored()).toMatchObject({ frame: garbage.length, binary: 1 });
  expect(client.closeCode).toBeUndefined();
});

test("a frame over 1 MiB closes its own connection with 1009 and no other", async () => {
  await using server = await platform();
  const good = await agent(server.port);
  const bad = await new FrameClient(server.port).join();
  bad.raw(JSON.stringify([null, "9", bad.topic, "heartbeat", { text: "x".repeat(1_048_576) }]));
  expect(await bad.closed()).toBe(1009);
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  expect((await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo" })).status).toBe(200);
  good.close();
});

test("a foreign topic, an unknown event and a stale join_ref get an error reply and change nothing", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const client = await new FrameClient(server.port).join();
  const registration = { conversation_id: "c1", tools: TOOLS };
  expect(await client.request("register_conversation_tools", registration, "customer:other")).toEqual({ status: "error", response: { reason: "unmatched topic" } });
  expect(await client.request("register_conversation_tools", registration, client.topic, "777")).toEqual({ status: "error", response: { reason: "stale join_ref" } });
  expect(await client.request("order_pizza", {})).toEqual({ status: "error", response: { reason: "unknown event" } });
  expect(await client.request("phx_join", {}, "room:lobby")).toEqual({ status: "error", response: { reason: "unmatched topic" } });
  expect(server.local.conversation("c1").status).toBe("waiting");
  expect(server.local.ignored()).toMatchObject({ topic: 2, join_ref: 1, event: 1 });
});

test("registrations that make no sense are refused", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const client = await new FrameClient(server.port).join();
  const reasonFor = async (payload: unknown) => (await client.request("register_conversation_tools", payload)).response["reason"];
  for (const payload of [{}, [], null, { conversation_id: 5, tools: [] }, { conversation_id: "c1" }, { conversation_id: "c1", tools: {} }, { conversation_id: "c1", tools: [5] }, { conversation_id: "c1", tools: [{ name: "" }] }]) {
    expect(await reasonFor(payload)).toBe("invalid_parameters");
  }
  expect(await reasonFor({ conversation_id: "nope", tools: [] })).toBe("conversation_not_found");
  await server.local.endConversation("c1");
  client.heard.length = 0;
  expect(await reasonFor({ conversation_id: "c1", tools: TOOLS })).toBe("conversation_ended");
  expect((await client.hearsEvent("conversation_lifecycle", "c1")).payload["event"]).toBe("conversation_ended");
});

test("answers to nothing, for nobody or of no use change nothing", async () => {
  await using server = await platform();
  const client = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  expect(await client.request("tool_call_response", { call_id: "nope", result: 1 })).toEqual({ status: "ok", response: {} });
  expect((await client.request("tool_call_response", { result: 1 })).status).toBe("error");
  expect(server.local.ignored().answer).toBe(1);
  for (const result of [`${"[".repeat(5_000)}${"]".repeat(5_000)}`, `${"[".repeat(400_000)}${"]".repeat(400_000)}`, JSON.stringify("x".repeat(300_000))]) {
    const callId = `k${result.length}`;
    const call = server.local.callTool({ conversationId: "c1", tool: "echo", callId });
    await client.hearsEvent("tool_call_request", callId);
    client.raw(`[null,"${callId}","${client.topic}","tool_call_response",{"call_id":"${callId}","result":${result}}]`);
    expect(await call).toMatchObject({ kind: "error", error: { type: "result_invalid" } });
  }
});

test("one call id in two conversations on one connection is two calls with two answers", async () => {
  await using server = await platform();
  const client = await agent(server.port, { tool: () => undefined });
  for (const conversationId of ["c1", "c2"]) await server.local.createConversation({ agentId: "a", conversationId });
  const calls = ["c1", "c2"].map((conversationId) => server.local.callTool({ conversationId, tool: "echo", callId: "same" }));
  await client.hears((heard) => heard.event === "tool_call_request" && heard.payload["conversation_id"] === "c1");
  await client.settle();
  expect(client.count("tool_call_request")).toBe(1);
  await client.request("tool_call_response", { call_id: "same", result: 1 });
  await client.hears((heard) => heard.event === "tool_call_request" && heard.payload["conversation_id"] === "c2");
  await client.request("tool_call_response", { call_id: "same", result: 2 });
  expect((await Promise.all(calls)).map((answer) => (answer as { json: string }).json)).toEqual(["1", "2"]);
});

test("a conversation that another connection takes over leaves its call ids free on the one before", async () => {
  await using server = await platform();
  const first = await agent(server.port, { tool: () => undefined });
  for (const conversationId of ["c1", "c2"]) await server.local.createConversation({ agentId: "a", conversationId });
  const call = (conversationId: string) => server.local.callTool({ conversationId, tool: "echo", callId: "same" });
  const taken = call("c1");
  await first.hears((heard) => heard.event === "tool_call_request" && heard.payload["conversation_id"] === "c1");
  const second = await new FrameClient(server.port).join();
  await second.request("register_conversation_tools", { conversation_id: "c1", tools: TOOLS });
  await second.hearsEvent("tool_call_request", "same");
  const other = call("c2");
  await first.hears((heard) => heard.event === "tool_call_request" && heard.payload["conversation_id"] === "c2");
  await first.request("tool_call_response", { call_id: "same", result: "of c2" });
  await second.request("tool_call_response", { call_id: "same", result: "of c1" });
  expect((await Promise.all([taken, other])).map((answer) => (answer as { json: string }).json)).toEqual(['"of c1"', '"of c2"']);
});

test("a bare message of the documentation is understood on the one channel there is", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const client = await new FrameClient(server.port).join();
  client.raw(JSON.stringify({ type: "register_conversation_tools", conversation_id: "c1", tools: TOOLS }));
  const answer = server.local.callTool({ conversationId: "c1", tool: "echo", callId: "k" });
  await client.hearsEvent("tool_call_request", "k");
  client.raw(JSON.stringify({ type: "tool_call_response", call_id: "k", result: [1] }));
  expect(await answer).toMatchObject({ kind: "result", json: "[1]" });
});

test("a connection that is silent for 60 s is closed and its conversations wait for another one", async () => {
  const clock = new SimulatedClock();
  await using server = await platform({ clock });
  const silent = await agent(server.port);
  const alive = await new FrameClient(server.port).join();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await expect.poll(() => server.local.conversation("c1").status).toBe("active");
  await silent.settle();
  await clock.advance("50s");
  await alive.settle();
  alive.heard.length = 0;
  await clock.advance("11s");
  expect(await silent.closed()).toBe(1001);
  await alive.hearsEvent("conversation_ready", "c1");
  expect(server.local.conversation("c1").status).toBe("waiting");
  expect(alive.closeCode).toBeUndefined();
});

test("a peer that does not read is closed when too much waits for it", async () => {
  await using server = await platform({ maxBufferedBytes: 256 * 1_024 });
  const slow = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await expect.poll(() => server.local.conversation("c1").status).toBe("active");
  slow.socket.pause();
  const left = new Promise<void>((resolve) => void server.local.on((event) => event.type === "agent_left" && resolve()));
  const stop = new AbortController();
  const calls = Array.from({ length: 300 }, () => server.local.callTool({ conversationId: "c1", tool: "echo", arguments: { text: "x".repeat(100_000) }, signal: stop.signal }));
  await left;
  stop.abort();
  await Promise.all(calls);
  expect(server.local.conversation("c1").status).toBe("waiting");
  slow.socket.resume();
});

test("the last registration wins, and the one before gets no more calls", async () => {
  await using server = await platform();
  const first = await agent(server.port, { tool: () => "first" });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await expect.poll(() => server.local.conversation("c1").status).toBe("active");
  const second = await agent(server.port, { tool: () => "second" });
  await second.request("register_conversation_tools", { conversation_id: "c1", tools: TOOLS });
  expect(await server.local.callTool({ conversationId: "c1", tool: "echo" })).toMatchObject({ json: '"second"' });
  first.close();
  await first.closed();
  expect(await server.local.callTool({ conversationId: "c1", tool: "echo" })).toMatchObject({ json: '"second"' });
  await second.settle();
  expect([second.count("conversation_ready"), server.local.conversation("c1").status]).toEqual([0, "active"]);
});

test("of two answers sent together the first counts, both are replied to, and it is answered once", async () => {
  await using server = await platform();
  const client = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const answered: string[] = [];
  server.local.on((event) => void (event.type === "call_answered" && answered.push(event.callId)));
  const call = server.local.callTool({ conversationId: "c1", tool: "echo", callId: "k" });
  await client.hearsEvent("tool_call_request", "k");
  const replies = [1, 2].map((result) => client.request("tool_call_response", { call_id: "k", result }));
  expect((await Promise.all(replies)).map((reply) => reply.status)).toEqual(["ok", "ok"]);
  expect([await call, answered]).toMatchObject([{ json: "1" }, ["k"]]);
});

test("a channel that names its conversation at the join hears of no other", async () => {
  await using server = await platform();
  for (const conversationId of ["c1", "c2"]) await server.local.createConversation({ agentId: "a", conversationId });
  const client = await new FrameClient(server.port).join({ conversation_id: "c2" });
  await client.settle();
  expect([client.count("conversation_ready", "c1"), client.count("conversation_ready", "c2")]).toEqual([0, 1]);
});

test("a secret argument is masked once the call has its answer, and the same call is still the same", async () => {
  await using server = await platform();
  const client = await new FrameClient(server.port).join();
  const parameters = { type: "object", properties: { user: { type: "string" }, pin: { type: "string", secret: true } } };
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  client.onEvent = (event, payload) => void (event === "tool_call_request" && client.send("tool_call_response", { call_id: payload["call_id"], result: (payload["arguments"] as any).pin === "4711" }));
  await client.request("register_conversation_tools", { conversation_id: "c1", tools: [{ name: "login", description: "", parameters }] });
  const call = { conversationId: "c1", tool: "login", callId: "k", arguments: { user: "ann", pin: "4711" } };
  expect(await server.local.callTool(call)).toMatchObject({ json: "true" });
  expect(JSON.stringify(server.local.conversation("c1").toolCalls)).not.toContain("4711");
  expect(server.local.conversation("c1").toolCalls[0]!.arguments).toEqual({ user: "ann", pin: "•••" });
  expect(await server.local.callTool(call)).toMatchObject({ json: "true" });
  await expect(server.local.callTool({ ...call, arguments: { user: "bob", pin: "4711" } })).rejects.toMatchObject({ code: "call_mismatch" });
});
