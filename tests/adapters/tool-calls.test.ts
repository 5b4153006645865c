import { expect, test } from "vitest";
import type { Outcome } from "../../src/host/host.ts";
import { clock, paper, host, lines, settled, linked, ready, lifecycle, call, responses, errors, registered, TOOLS, served } from "./link-rig.ts";

test("a tool call is answered once, on its line, with the host's text as it is", async () => {
  host.run = () => ({ kind: "result", json: '{"total":1.0}', repeated: false });
  const { link, own } = await served();
  call(own, "c1", {});
  await settled();
  expect(own.texts.at(-1)).toContain('{"call_id":"c1","result":{"total":1.0}}');
  expect(responses(own)).toHaveLength(1);
  expect(link.stats.toolCalls).toEqual(new Map([["result", 1]]));
});

test("both spellings of arguments and the time limit reach the host", async () => {
  const { own } = await served();
  call(own, "c1", { timeout_seconds: 2.5 });
  own.say('{"type":"tool_call_request","call_id":"c2","tool_name":"add","parameters":{"n":2},"conversation_id":"v1"}');
  await settled();
  expect(host.invocations).toEqual([
    { conversationId: "v1", callId: "c1", tool: "add", arguments: { n: 1 }, timeoutMs: 2_500 },
    { conversationId: "v1", callId: "c2", tool: "add", arguments: { n: 2 } },
  ]);
});

test("a slow tool does not keep other calls of its line waiting", async () => {
  const slow = Promise.withResolvers<Outcome>();
  host.run = ({ callId }) => (callId === "slow" ? slow.promise : { kind: "result", json: "1", repeated: false });
  const { own } = await served();
  call(own, "slow");
  call(own, "quick");
  await settled();
  expect(responses(own)).toEqual([{ call_id: "quick", result: 1 }]);
  slow.resolve({ kind: "result", json: "2", repeated: false });
  await settled();
  expect(responses(own)).toHaveLength(2);
});

test("an error of the host carries its code; the time is the clock's", async () => {
  host.run = () => ({ kind: "error", code: "tool_execution_error", message: "The tool failed.", reference: "r1" });
  const { own } = await served();
  call(own, "c1");
  await settled();
  expect(errors(own)).toEqual([
    { call_id: "c1", error: { type: "tool_execution_error", message: "The tool failed.", timestamp: new Date(clock.now()).toISOString(), reference: "r1" } },
  ]);
});

test("a host that breaks its promise is still an answer, without its words", async () => {
  host.invoke = () => Promise.reject(new Error("pw=hunter2"));
  const { own } = await served();
  call(own, "c1");
  await settled();
  expect(errors(own)).toMatchObject([{ call_id: "c1", error: { type: "tool_execution_error" } }]);
  expect(JSON.stringify(own.texts) + lines.join()).not.toContain("hunter2");
});

test("gone is not answered, and the line is left when the host lets go", async () => {
  host.run = () => ({ kind: "gone" });
  const { link, own } = await served();
  call(own, "c1");
  await settled();
  host.lose("v1", "taken");
  await settled();
  expect(responses(own)).toEqual([]);
  expect(errors(own)).toEqual([]);
  expect(own.closedByClient).toEqual({ code: 1000 });
  expect(host.closes).toEqual([]);
  expect(link.stats.toolCalls).toEqual(new Map([["gone", 1]]));
});

test("the answer of a call that runs when the host lets go is sent before the line is left", async () => {
  const slow = Promise.withResolvers<Outcome>();
  host.run = () => slow.promise;
  const { own } = await served();
  call(own, "c1");
  await settled();
  slow.resolve({ kind: "result", json: "1", repeated: false });
  host.lose("v1", "released");
  await settled();
  expect(own.sent.map((frame) => frame.event).slice(-2)).toEqual(["tool_call_response", "phx_leave"]);
});

test("a call for another conversation is not found on a conversation's line", async () => {
  const { own } = await served();
  call(own, "c1", { conversation_id: "v2" });
  await settled();
  expect(errors(own)).toMatchObject([{ call_id: "c1", error: { type: "conversation_not_found" } }]);
  expect(host.invocations).toEqual([]);
});

test("a call that cannot be read is refused if it can be answered, else counted", async () => {
  const { link, own } = await served();
  own.frame({ event: "tool_call_request", payload: { call_id: "c1" } });
  own.frame({ event: "tool_call_request", payload: { call_id: "a\nb", tool_name: "add" } });
  own.frame({ event: "tool_call_request", payload: "text" });
  own.frame({ event: "whatever" });
  await settled();
  expect(errors(own)).toMatchObject([{ call_id: "c1", error: { type: "invalid_parameters" } }]);
  expect(link.stats.ignored).toMatchObject({ message_malformed: 3, message_unknown: 1 });
});

test("a result that does not fit into a frame is an error, not an endless reconnect", async () => {
  host.run = () => ({ kind: "result", json: JSON.stringify("x".repeat(1_100_000)), repeated: false });
  const { own } = await served();
  call(own, "c1");
  await settled();
  expect(errors(own)).toMatchObject([{ call_id: "c1", error: { type: "result_invalid" } }]);
  expect(paper.sockets).toHaveLength(2);
});

test("a duplicate that comes while the first runs is one run and one answer", async () => {
  const slow = Promise.withResolvers<Outcome>();
  host.run = () => slow.promise;
  const { own } = await served();
  call(own, "c1");
  call(own, "c1");
  slow.resolve({ kind: "result", json: "1", repeated: false });
  await settled();
  expect(host.runs).toEqual(["c1"]);
  expect(responses(own)).toHaveLength(1);
});

test("a redelivery's true answer is sent although the error before it was never confirmed, and not the other way round", async () => {
  const outcomes: Outcome[] = [
    { kind: "error", code: "state_unavailable", message: "It is not known whether it was stored." },
    { kind: "result", json: "1", repeated: true },
    { kind: "error", code: "state_unavailable", message: "The store does not answer." },
  ];
  host.invoke = () => Promise.resolve(outcomes.shift()!);
  const { own } = await served();
  for (const _delivery of [1, 2, 3]) {
    call(own, "c1");
    await settled();
  }
  expect(errors(own)).toHaveLength(1);
  expect(responses(own)).toEqual([{ call_id: "c1", result: 1 }]);
});

test("a drop in mid-tool: the answer comes after the rejoin, before the tools are registered again", async () => {
  const slow = Promise.withResolvers<Outcome>();
  host.run = () => slow.promise;
  const { own } = await served();
  call(own, "c1");
  await settled();
  own.drop();
  slow.resolve({ kind: "result", json: "1", repeated: false });
  await clock.advance(10);
  const again = paper.accept();
  await settled();
  expect(again.topic).toBe(own.topic);
  expect(again.sent.map((frame) => frame.event)).toEqual(["phx_join", "tool_call_response", "register_conversation_tools"]);
  expect(host.runs).toEqual(["c1"]);
});

test("changed tools are registered again, unless that is turned off", async () => {
  const { own } = await served();
  host.changeTools("v1", []);
  host.changeTools("unknown", []);
  expect(registered(own)).toEqual([{ conversation_id: "v1", tools: TOOLS }, { conversation_id: "v1", tools: [] }]);
});

test("with registerOnChange off, changed tools are not registered", async () => {
  const { own } = await served({ registerOnChange: false });
  host.changeTools("v1", []);
  expect(registered(own)).toHaveLength(1);
});

test("an announcement that comes with the reply to the join asks for no second registration", async () => {
  const { control } = await linked();
  ready(control);
  await settled();
  const own = paper.accept();
  ready(own);
  lifecycle(own, "started");
  await settled();
  expect(registered(own)).toHaveLength(1);
});

test("a start that is heard before the registration was confirmed registers once more, not thrice", async () => {
  const { own } = await served();
  lifecycle(own, "started");
  lifecycle(own, "started");
  expect(registered(own)).toHaveLength(2);
});

test("a start that is heard after the registration was confirmed registers nothing", async () => {
  const { own } = await served();
  own.reply(own.last("register_conversation_tools"));
  await settled();
  lifecycle(own, "started");
  expect(registered(own)).toHaveLength(1);
});

test("a conversation that is announced again has its tools registered again", async () => {
  const { control, own } = await served();
  own.reply(own.last("register_conversation_tools"));
  await settled();
  ready(control);
  expect(registered(own)).toHaveLength(2);
});

test("when the platform closes a conversation's channel, the next announcement makes a new line", async () => {
  const { control, own } = await served();
  own.frame({ event: "phx_close", joinRef: own.last("phx_join").joinRef });
  await clock.advance("10s");
  expect(paper.sockets).toHaveLength(2);
  ready(control);
  await settled();
  const next = paper.accept();
  await settled();
  expect(registered(next)).toHaveLength(1);
  lifecycle(control, "ended");
  await settled();
  expect(host.closes).toHaveLength(1);
});

test("the host hears when the platform confirmed an answer, and how long that took", async () => {
  const { own } = await served();
  call(own, "c1");
  await settled();
  expect(host.confirmations).toEqual([]);
  await clock.advance(40);
  own.reply(own.last("tool_call_response"));
  await settled();
  expect(host.confirmations).toEqual([{ conversationId: "v1", callId: "c1", ms: 40 }]);
});
