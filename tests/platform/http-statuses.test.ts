import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { agent, FrameClient, http, KEY, platform, TOOLS } from "./clients.ts";

/** A request with headers that fetch does not let through. */
function bare(port: number, headers: Record<string, string>, options: { method?: string; path?: string } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: options.path ?? "/v1/conversations", method: options.method ?? "GET", headers: { authorization: `Bearer ${KEY}`, ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on("upgrade", (_response, socket) => (socket.destroy(), resolve(101)));
    sent.on("error", reject);
    sent.end();
  });
}

function nested(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}

test("a conversation is created, becomes active with its tools, answers a call, and ends", async () => {
  await using server = await platform();
  expect((await http(server.url, "GET", "/health", undefined, { authorization: "" })).json).toEqual({ status: "ok", agents: [], conversations: 0 });
  const client = await agent(server.port, { join: { agents: ["shop", "bank"] } });
  expect((await server.http("GET", "/health")).json["agents"]).toEqual(["bank", "shop"]);

  const created = await server.http("POST", "/v1/conversations", { agentId: "shop", conversationId: "c1", caller: { phone: "+1" } });
  expect(created.status).toBe(201);
  expect(created.json).toEqual({ conversationId: "c1", status: "waiting" });
  const ready = await client.hearsEvent("conversation_ready", "c1");
  expect(ready.payload).toEqual({ conversation_id: "c1", agent_id: "shop", caller: { phone: "+1" } });

  const answer = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { a: [1, null, "é"] }, callId: "k1" });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ callId: "k1", result: { a: [1, null, "é"] } });

  const shown = (await server.http("GET", "/v1/conversations/c1")).json;
  expect(shown).toMatchObject({ conversationId: "c1", agentId: "shop", status: "active", tools: TOOLS, caller: { phone: "+1" } });
  expect(shown["toolCalls"]).toMatchObject([{ callId: "k1", tool: "echo", status: "answered", result: { a: [1, null, "é"] } }]);
  expect((await server.http("GET", "/v1/conversations")).json).toMatchObject({ conversations: [{ conversationId: "c1", agentId: "shop", status: "active" }], nextCursor: null });

  expect((await server.http("DELETE", "/v1/conversations/c1")).json).toEqual({ conversationId: "c1", status: "ended" });
  expect((await server.http("DELETE", "/v1/conversations/c1")).status).toBe(200);
  expect((await client.hears((heard) => heard.payload["event"] === "conversation_ended")).payload).toMatchObject({ conversation_id: "c1", agent_id: "shop" });
  expect((await server.http("GET", "/v1/conversations/c1")).json["status"]).toBe("ended");
  client.close();
});

test("a started conversation is announced before its lifecycle event, once each", async () => {
  await using server = await platform();
  const client = await new FrameClient(server.port).join();
  await server.local.createConversation({ agentId: "shop", conversationId: "c1" });
  await client.hearsEvent("conversation_lifecycle", "c1");
  expect(client.heard.filter((heard) => heard.event !== "phx_reply").map((heard) => heard.payload["event"] ?? heard.event)).toEqual(["conversation_ready", "conversation_started"]);
});

test("a failed call that is asked again is delivered again, and its true answer is kept", async () => {
  await using server = await platform();
  let runs = 0;
  const client = await agent(server.port, { tool: (_args, payload) => {
    if (++runs > 1) return { runs };
    client.send("tool_call_error", { call_id: payload["call_id"], error: { type: "state_unavailable", message: "not known yet" } });
    return undefined;
  } });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const ask = () => server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k" });
  expect((await ask()).status).toBe(422);
  for (const answer of [await ask(), await ask()]) expect([answer.status, answer.json]).toEqual([200, { callId: "k", result: { runs: 2 } }]);
  expect(runs).toBe(2);
});

test("an error of a tool is a 422 with its type and message, a result with an error is a 200", async () => {
  await using server = await platform();
  const client = await agent(server.port, { tool: (args, payload) => {
    if (args.refuse) return { error: "not_authenticated", message: "Please log in." };
    client.send("tool_call_error", { call_id: payload["call_id"], error: { type: "state_invalid", message: "state.cart is wrong" } });
    return undefined;
  } });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const failed = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k" });
  expect([failed.status, failed.json]).toEqual([422, { callId: "k", error: { type: "state_invalid", message: "state.cart is wrong" } }]);
  const again = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k" });
  expect([again.status, again.json]).toEqual([422, failed.json]);
  const refused = await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { refuse: true } });
  expect([refused.status, refused.json["result"].error]).toEqual([200, "not_authenticated"]);
});

test("unknown conversations and tools are 404, ended ones 409, each with type and message", async () => {
  await using server = await platform();
  const client = await agent(server.port);
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "kept" });
  const call = (id: string, body: object) => server.http("POST", `/v1/conversations/${id}/tool-calls`, body);
  expect((await call("nope", { tool: "echo" })).json["error"].type).toBe("conversation_not_found");
  expect((await server.http("GET", "/v1/conversations/nope")).status).toBe(404);
  expect((await server.http("DELETE", "/v1/conversations/nope")).status).toBe(404);
  const unknown = await call("c1", { tool: "fly" });
  expect([unknown.status, unknown.json["error"].type]).toEqual([404, "tool_not_found"]);
  expect(unknown.json["error"].message).toContain("echo");
  await server.local.endConversation("c1");
  const ended = await call("c1", { tool: "echo" });
  expect([ended.status, ended.json["error"].type]).toEqual([409, "conversation_ended"]);
  expect((await call("c1", { tool: "echo", callId: "kept" })).json).toEqual({ callId: "kept", result: {} });
  expect((await server.http("POST", "/v1/conversations", { agentId: "a", conversationId: "c1" })).status).toBe(409);
  expect((await server.http("GET", "/nowhere")).json["error"].type).toBe("not_found");
  client.close();
});

test("creating the same conversation again finds it; for another agent it is refused", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  expect((await server.http("POST", "/v1/conversations", { agentId: "a", conversationId: "c1" })).status).toBe(201);
  expect((await server.http("POST", "/v1/conversations", { agentId: "b", conversationId: "c1" })).status).toBe(409);
  expect((await server.http("GET", "/v1/conversations")).json["conversations"]).toHaveLength(1);
});

test("a call to a waiting conversation waits for the registration, and is refused then if the tool is unknown", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const known = server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", arguments: { n: 1 }, callId: "k1" });
  const unknown = server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "fly", callId: "k2" });
  await expect.poll(() => server.local.conversation("c1").toolCalls.length).toBe(2);
  const client = await agent(server.port);
  expect((await known).json).toEqual({ callId: "k1", result: { n: 1 } });
  expect((await unknown).status).toBe(404);
  expect(client.count("tool_call_request")).toBe(1);
});

test("no answer in time is a 504; the late answer is kept for who asks again", async () => {
  const clock = new SimulatedClock();
  await using server = await platform({ clock });
  const client = await agent(server.port, { tool: () => undefined });
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const first = server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k1", timeoutSeconds: 5 });
  const sent = await client.hearsEvent("tool_call_request", "k1");
  expect(sent.payload).toEqual({ call_id: "k1", conversation_id: "c1", tool_name: "echo", arguments: {}, timeout_seconds: 5 });
  await clock.advance("6s");
  const late = await first;
  expect([late.status, late.json["callId"], late.json["error"].type]).toEqual([504, "k1", "tool_timeout"]);
  const second = server.local.callTool({ conversationId: "c1", tool: "echo", callId: "k1", timeoutSeconds: 5 });
  await client.request("tool_call_response", { call_id: "k1", result: { late: true } });
  expect(await second).toEqual({ kind: "result", callId: "k1", json: '{"late":true}' });
  await client.request("tool_call_response", { call_id: "k1", result: { late: "again" } });
  expect((await server.http("POST", "/v1/conversations/c1/tool-calls", { tool: "echo", callId: "k1" })).json).toEqual({ callId: "k1", result: { late: true } });
  expect(client.count("tool_call_request")).toBe(1);
});

test("the same call id is the same call whatever the order of keys, and a mismatch with other arguments", async () => {
  await using server = await platform();
  const client = await agent(server.port);
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const call = (args: string, tool = "echo") => server.http("POST", "/v1/conversations/c1/tool-calls", `{"tool":"${tool}","callId":"k","arguments":${args}}`);
  const answers = await Promise.all([call('{"a":1,"b":{"c":2,"d":3}}'), call('{"b":{"d":3,"c":2},"a":1}')]);
  expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
  expect(client.count("tool_call_request")).toBe(1);
  expect((await call('{"a":2,"b":{"c":2,"d":3}}')).json["error"].type).toBe("call_mismatch");
  expect((await call('{"a":1}')).status).toBe(409);
  expect((await call('{"a":1,"b":{"c":2,"d":3}}', "other")).status).toBe(409);
});

test("bad bodies are refused with 400, 413 and 415 before anything happens", async () => {
  await using server = await platform();
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  const call = (body: unknown) => server.http("POST", "/v1/conversations/c1/tool-calls", body);
  const statuses: [unknown, number][] = [
    ["{", 400], ["[]", 400], ["null", 400], ['"x"', 400], [{}, 400], [{ tool: 5 }, 400], [{ tool: "" }, 400],
    [{ tool: "echo", arguments: [] }, 400], [{ tool: "echo", arguments: "x" }, 400], [{ tool: "echo", timeoutSeconds: 0 }, 400],
    [{ tool: "echo", timeoutSeconds: 601 }, 400], [{ tool: "echo", timeoutSeconds: "5" }, 400], ['{"tool":"echo","timeoutSeconds":1e999}', 400],
    [{ tool: "echo", callId: "" }, 400], [{ tool: "echo", callId: 7 }, 400], [{ tool: "echo", callId: "a\nb" }, 400], [{ tool: "echo", callId: "x".repeat(10_000) }, 400],
    [{ tool: "echo", argument: {} }, 400], [`{"tool":"echo","arguments":${nested(5_000)}}`, 400], [`{"tool":"echo","arguments":${nested(200_000)}}`, 400],
    [{ tool: "echo", arguments: { text: "x".repeat(300 * 1_024) } }, 413], [{ tool: "echo", arguments: { text: "é".repeat(140 * 1_024) } }, 413],
    ["x".repeat(3 * 1_048_576), 413],
  ];
  for (const [body, status] of statuses) {
    const refused = await call(body);
    expect([JSON.stringify(body).slice(0, 60), refused.status]).toEqual([JSON.stringify(body).slice(0, 60), status]);
    expect(refused.json["error"]).toEqual({ type: expect.any(String), message: expect.any(String) });
  }
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    expect((await http(server.url, "POST", "/v1/conversations", '{"agentId":"a"}', { "content-type": type })).status).toBe(415);
  }
  expect((await http(server.url, "POST", "/v1/conversations", '{"agentId":"a"}', { "content-type": "application/json; charset=utf-8" })).status).toBe(201);
  expect(server.local.conversation("c1").toolCalls).toEqual([]);
});

test("a wrong key is a 401 over HTTP and a 403 at the upgrade", async () => {
  await using server = await platform();
  for (const authorization of ["", "Bearer", "Bearer x", `Bearer ${KEY}x`, `Bearer ${KEY.slice(1)}`, `Basic ${KEY}`, "Bearer é"]) {
    const refused = await http(server.url, "GET", "/v1/conversations", undefined, { authorization: encodeURIComponent(authorization) });
    expect([refused.status, refused.json["error"].type]).toEqual([401, "unauthorized"]);
  }
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" };
  const path = (key: string) => ({ path: `/sdk/websocket?auth_token=${key}` });
  expect(await bare(server.port, { ...upgrade, authorization: "" }, path("wrong"))).toBe(403);
  expect(await bare(server.port, { ...upgrade, authorization: "" }, { path: "/sdk/websocket" })).toBe(403);
  expect(await bare(server.port, upgrade, path(KEY))).toBe(101);
  expect(await bare(server.port, { ...upgrade, origin: "https://evil.example" }, path(KEY))).toBe(403);
  expect(await bare(server.port, { ...upgrade, host: "evil.example:4000" }, path(KEY))).toBe(403);
  expect(await bare(server.port, {}, { path: "/sdk/websocket" })).toBe(426);
});

test("who asks for another protocol than WebSocket is answered as plain HTTP, with its body, on a connection that is kept", async () => {
  await using server = await platform();
  const upgrade = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAoAAAAAIAAAAA" };
  expect(await bare(server.port, upgrade)).toBe(200);
  expect(await bare(server.port, { ...upgrade, authorization: "" })).toBe(401);
  expect(await bare(server.port, { ...upgrade, host: "evil.example:4000" })).toBe(403);

  const socket = connect(server.port, "127.0.0.1");
  let heard = "";
  socket.on("data", (data) => (heard += String(data)));
  const statuses = (): string[] => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!);
  const body = JSON.stringify({ agentId: "shop", conversationId: "by h2c", caller: { name: "é".repeat(7_000) } });
  const head = `POST /v1/conversations HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  const asks = "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
  // The body in two parts, the first of them beside the head; then a second request that asks again.
  socket.write(head + asks + body.slice(0, 100));
  await new Promise((resolve) => setImmediate(resolve));
  socket.write(body.slice(100));
  while (statuses().length < 1) await once(socket, "data");
  socket.write(head + asks + body);
  while (statuses().length < 2) await once(socket, "data");
  socket.destroy();
  expect(statuses()).toEqual(["201", "201"]);
  expect(server.local.conversation("by h2c").caller).toEqual({ name: "é".repeat(7_000) });
});

test("a foreign Host or Origin is a 403, also without a key", async () => {
  await using server = await platform({ allowHosts: ["dev.test"] });
  const own = `localhost:${server.port}`;
  for (const host of ["evil.example", `evil.example:${server.port}`, "127.0.0.1.evil.example", "169.254.169.254"]) expect([host, await bare(server.port, { host })]).toEqual([host, 403]);
  for (const origin of ["https://evil.example", "null", "http://localhost:1", "file://", "x"]) expect([origin, await bare(server.port, { host: own, origin })]).toEqual([origin, 403]);
  expect(await bare(server.port, { host: "localhost@evil.example" })).toBe(400);
  expect(await bare(server.port, { host: "evil.example" }, { path: "/health" })).toBe(403);
  expect(await bare(server.port, { host: own, origin: `http://${own}` })).toBe(200);
  expect(await bare(server.port, { host: "[::1]:9" })).toBe(200);
  expect(await bare(server.port, { host: own, origin: "http://dev.test:5173" })).toBe(200);
});

test("odd ids are refused or are exactly one conversation each", async () => {
  await using server = await platform();
  const client = await agent(server.port);
  const good = ["../../x", "a/b", "a}{b", "{}", "';DROP TABLE conversations--", "%", "%2F", "*", "🛒", "__proto__", "constructor", "caf\u00e9", "cafe\u0301", " ", "a b?c#d", "...", "x".repeat(256)];
  for (const conversationId of good) expect([conversationId, (await server.http("POST", "/v1/conversations", { agentId: "a", conversationId })).status]).toEqual([conversationId, 201]);
  for (const id of good) {
    const path = `/v1/conversations/${encodeURIComponent(id)}`;
    expect((await server.http("POST", `${path}/tool-calls`, { tool: "echo", callId: id, arguments: { id } })).json).toEqual({ callId: id, result: { id } });
    expect((await server.http("GET", path)).json["conversationId"]).toBe(id);
  }
  expect((await server.http("GET", "/health")).json["conversations"]).toBe(good.length);
  for (const bad of ["", ".", "..", "a\nb", "a\u0000", "x".repeat(257), "x".repeat(10_000), "\ud800", 5, {}]) expect((await server.http("POST", "/v1/conversations", { agentId: "a", conversationId: bad })).status).toBe(400);
  expect((await server.http("GET", `/v1/conversations/${"x".repeat(10_000)}`)).status).toBe(400);
  expect((await server.http("GET", "/v1/conversations/%ZZ")).status).toBe(404);
  expect(await bare(server.port, {}, { path: "/v1/conversations/../../etc/passwd" })).toBe(404);
  client.close();
});

test("__proto__ keys in bodies and arguments change no prototype and arrive as plain keys", async () => {
  await using server = await platform();
  const client = await agent(server.port);
  await server.local.createConversation({ agentId: "a", conversationId: "c1" });
  expect((await server.http("POST", "/v1/conversations/c1/tool-calls", '{"__proto__":{"tool":"echo"}}')).status).toBe(400);
  const answer = await server.http("POST", "/v1/conversations/c1/tool-calls", '{"tool":"echo","arguments":{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}}');
  expect(answer.text).toContain('"result":{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}');
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  client.close();
});

test("the page at / escapes what agents call themselves, loads nothing and shows no key", async () => {
  await using server = await platform();
  const client = await agent(server.port, { join: { agents: ["<img src=x onerror=alert(1)>"] } });
  const page = await http(server.url, "GET", "/", undefined, { authorization: "" });
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page.text).toContain("&lt;img src=x");
  expect(page.text).not.toContain("<img");
  expect(page.text).not.toContain(KEY);
  client.close();
});

test("the list is newest first and goes on at its cursor", async () => {
  await using server = await platform();
  for (let index = 0; index < 5; index++) await server.local.createConversation({ agentId: "a", conversationId: `c${index}` });
  const first = (await server.http("GET", "/v1/conversations?limit=2")).json;
  expect(first["conversations"].map((one: any) => one.conversationId)).toEqual(["c4", "c3"]);
  const second = (await server.http("GET", `/v1/conversations?limit=4&cursor=${first["nextCursor"]}`)).json;
  expect(second["conversations"].map((one: any) => one.conversationId)).toEqual(["c2", "c1", "c0"]);
  expect((await server.http("GET", "/v1/conversations?limit=0")).status).toBe(400);
  expect((await server.http("GET", "/v1/conversations?cursor=x")).status).toBe(400);
});

test("more than 1,024 unanswered calls of a conversation are refused with 429, others go on", async () => {
  await using server = await platform();
  const waiting = new AbortController();
  await server.local.createConversation({ agentId: "a", conversationId: "full" });
  const calls = Array.from({ length: 1_024 }, () => server.local.callTool({ conversationId: "full", tool: "echo", signal: waiting.signal }));
  expect((await server.http("POST", "/v1/conversations/full/tool-calls", { tool: "echo" })).status).toBe(429);
  waiting.abort();
  expect((await Promise.all(calls)).every((answer) => answer.kind === "timeout")).toBe(true);
  await server.local.endConversation("full");
  const client = await agent(server.port);
  await server.local.createConversation({ agentId: "a", conversationId: "c2" });
  expect((await server.http("POST", "/v1/conversations/c2/tool-calls", { tool: "echo" })).status).toBe(200);
  client.close();
});

test("who guesses an address hears which there are", async () => {
  await using server = await platform();
  const { status, json } = await server.http("GET", "/v1/conversations/c1/state");
  expect(status).toBe(404);
  expect(json).toEqual({ error: { type: "not_found", message: expect.stringMatching(/^There is nothing here\. There is: GET \/health, POST and GET \/v1\/conversations, .*\/messages\.$/) as string } });
});
