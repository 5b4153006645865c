import { expect, test } from "vitest";
import { FrameClient, platform, PythonLikeDispatcher, TOOLS } from "./clients.ts";

test("each conversation of a Python dispatcher is served by its own agent object, and by no other", async () => {
  await using server = await platform();
  const python = await new PythonLikeDispatcher(server.port, ["shop", "bank"]).start();
  const first = await server.http("POST", "/v1/conversations", { agentId: "shop", conversationId: "c1" });
  expect(first.json["status"]).toBe("waiting");
  const call = (id: string, callId: string) => server.http("POST", `/v1/conversations/${id}/tool-calls`, { tool: "whoami", arguments: { n: 1 }, callId });
  expect((await call("c1", "k1")).json["result"]).toEqual({ agent: "shop", conversation: "c1", arguments: { n: 1 } });
  await server.local.createConversation({ agentId: "bank", conversationId: "c2" });
  expect((await call("c2", "k1")).json["result"]).toMatchObject({ agent: "bank", conversation: "c2" });
  expect((await call("c1", "k2")).json["result"]).toMatchObject({ agent: "shop", conversation: "c1" });
  expect((await server.http("GET", "/health")).json["agents"]).toEqual(["bank", "shop"]);
  python.stop();
});

test("a Python agent that registers twice runs each call once", async () => {
  await using server = await platform();
  const python = await new PythonLikeDispatcher(server.port, ["shop"]).start();
  await server.local.createConversation({ agentId: "shop", conversationId: "c1" });
  const early = server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "whoami", callId: "k1" });
  expect((await early).status).toBe(200);
  const one = python.agents.get("c1")!;
  await expect.poll(() => one.connection.count("phx_reply")).toBeGreaterThanOrEqual(4);
  expect(one.runs).toEqual(["k1"]);
  python.stop();
});

test("the end of a conversation reaches the Python dispatcher, other agents go on", async () => {
  await using server = await platform();
  const python = await new PythonLikeDispatcher(server.port, ["shop"]).start();
  for (const id of ["c1", "c2"]) {
    await server.local.createConversation({ agentId: "shop", conversationId: id });
    await server.local.callTool({ conversationId: id, tool: "whoami" });
  }
  const other = python.agents.get("c2")!;
  await server.http("DELETE", "/v1/conversations/c1");
  await expect.poll(() => python.agents.has("c1")).toBe(false);
  await expect.poll(() => server.local.conversations().conversations.filter((one) => one.status === "active").length).toBe(1);
  expect(other.connection.heard.some((heard) => heard.payload["event"] === "conversation_ended")).toBe(false);
  python.stop();
});

test("an error in the Python SDK's form is a 422", async () => {
  await using server = await platform();
  const client = new FrameClient(server.port, "object");
  client.onEvent = (event, payload) => {
    if (event === "conversation_ready") client.send("register_conversation_tools", { conversation_id: payload["conversation_id"], tools: TOOLS });
    if (event === "tool_call_request") client.send("tool_call_error", { call_id: payload["call_id"], error: { message: "division by zero", timestamp: "2026-01-01T00:00:00Z" } });
  };
  await client.join();
  await server.local.createConversation({ agentId: "py", conversationId: "c1" });
  const failed = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k" });
  expect([failed.status, failed.json]).toEqual([422, { callId: "k", error: { type: "tool_execution_error", message: "division by zero" } }]);
});

test("objects are answered with objects; its heartbeat on its own topic is answered; arrays with arrays", async () => {
  await using server = await platform();
  const python = await new FrameClient(server.port, "object").join();
  const phoenix = await new FrameClient(server.port, "array").join();
  expect(await python.request("heartbeat", {})).toEqual({ status: "ok", response: {} });
  await phoenix.settle();
  await server.local.createConversation({ agentId: "a" });
  await python.hearsEvent("conversation_lifecycle");
  await phoenix.hearsEvent("conversation_lifecycle");
  expect(new Set(python.heard.map((heard) => heard.form))).toEqual(new Set(["object"]));
  expect(new Set(phoenix.heard.map((heard) => heard.form))).toEqual(new Set(["array"]));
  const fixed = await new FrameClient(server.port, "object", "customer:x", `auth_token=cs_test_0123456789abcdef&vsn=2.0.0`).join();
  expect(fixed.heard[0]!.form).toBe("array");
  for (const client of [python, phoenix, fixed]) client.close();
});

test("nothing is sent before the reply to the join, even when conversations wait", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const client = await new FrameClient(server.port, "object").join();
  await client.hearsEvent("conversation_lifecycle", "c1");
  expect(client.heard.map((heard) => heard.event)).toEqual(["phx_reply", "conversation_ready", "conversation_lifecycle"]);
});

test("a platform that sends no conversation ids is told so", async () => {
  await using server = await platform({ sendConversationId: false });
  const python = await new PythonLikeDispatcher(server.port, ["shop"]).start();
  await server.local.createConversation({ agentId: "shop", conversationId: "c1" });
  expect((await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "whoami", callId: "k" })).status).toBe(200);
  const request = await python.agents.get("c1")!.connection.hearsEvent("tool_call_request");
  expect(request.payload).toEqual({ call_id: "k", tool_name: "whoami", arguments: {}, timeout_seconds: 30 });
  python.stop();
});

test("agent objects that join together are offered one waiting conversation each", async () => {
  await using server = await platform();
  const python = await new PythonLikeDispatcher(server.port, ["shop"]).start();
  const ids = Array.from({ length: 8 }, (_, index) => `c${index}`);
  await Promise.all(ids.map((conversationId) => server.local.createConversation({ agentId: "shop", conversationId })));
  const answers = await Promise.all(ids.map((conversationId) => server.http("POST", `/v1/conversations/${conversationId}/tool-calls`, { tool: "whoami", callId: conversationId })));
  expect(answers.map((answer) => answer.json["result"].conversation)).toEqual(ids);
  expect([...python.agents.values()].map((one) => one.runs.length)).toEqual(ids.map(() => 1));
  python.stop();
});
