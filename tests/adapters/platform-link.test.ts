import { inspect } from "node:util";
import { beforeEach, expect, test } from "vitest";
import { PlatformLink, type PlatformLinkOptions } from "../../src/adapters/conversimple/platform-link.ts";
import { ConversimpleError } from "../../src/base/errors.ts";
import type { Logger, LogFields } from "../../src/base/log.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import type { Outcome } from "../../src/host/host.ts";
import type { Frame } from "../../src/wire/frame.ts";
import { PaperPlatform, type PaperSocket } from "../wire/paper-socket.ts";
import { MemoryHost } from "./memory-host.ts";

let clock: SimulatedClock;
let paper: PaperPlatform;
let host: MemoryHost;
let lines: string[];

beforeEach(() => {
  clock = new SimulatedClock();
  paper = new PaperPlatform();
  host = new MemoryHost();
  lines = [];
});

const write = (fields: LogFields, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const log: Logger = { debug: write, info: write, warn: write, error: write };
const settled = () => clock.advance(0);

/** A link whose control line has joined. */
async function linked(options: Partial<PlatformLinkOptions> = {}): Promise<{ link: PlatformLink; control: PaperSocket }> {
  const link = new PlatformLink({ host, connect: paper.connect, clock, log, random: () => 0.5, ...options });
  const started = link.start();
  const control = paper.accept();
  await started;
  return { link, control };
}

const ready = (socket: PaperSocket, id = "v1", agent = "shop") =>
  socket.frame({ event: "conversation_ready", payload: { conversation_id: id, agent_id: agent, customer_id: "acme" } });
const lifecycle = (socket: PaperSocket, event: string, id = "v1", more: object = {}) =>
  socket.frame({ event: "conversation_lifecycle", payload: { event, conversation_id: id, ...more } });
const call = (socket: PaperSocket, callId: string, more: object = { conversation_id: "v1" }) =>
  socket.frame({ event: "tool_call_request", payload: { call_id: callId, tool_name: "add", arguments: { n: 1 }, ...more } });
const responses = (socket: PaperSocket) => socket.all("tool_call_response").map((frame) => frame.payload);
const errors = (socket: PaperSocket) => socket.all("tool_call_error").map((frame) => frame.payload);
const registered = (socket: PaperSocket) => socket.all("register_conversation_tools").map((frame: Frame) => frame.payload);
const TOOLS = [{ name: "add", description: "Adds", parameters: { type: "object" } }];

/** A conversation with a line of its own that has joined. */
async function served(options: Partial<PlatformLinkOptions> = {}) {
  const { link, control } = await linked(options);
  ready(control);
  await settled();
  const own = paper.accept();
  await settled();
  return { link, control, own };
}

test("the control line names the agents, a conversation's line has its own topic and registers its tools", async () => {
  const { control, own } = await served();
  expect(control.last("phx_join").payload).toEqual({ agents: ["shop"] });
  expect(own.last("phx_join").payload).toEqual({ agents: [], conversation_id: "v1" });
  expect(control.topic).toMatch(/^customer:[0-9a-f-]{36}$/);
  expect(own.topic).not.toBe(control.topic);
  expect(registered(own)).toEqual([{ conversation_id: "v1", tools: TOOLS }]);
  expect(host.opens).toEqual([{ id: "v1", options: { agentId: "shop" } }]);
});

test("ready and started, on every line and twice, open the conversation once", async () => {
  const { control, own } = await served();
  for (const socket of [control, own]) {
    ready(socket);
    lifecycle(socket, "conversation_started");
    lifecycle(socket, "started");
  }
  await settled();
  expect(host.opens).toHaveLength(1);
  expect(paper.sockets).toHaveLength(2);
});

test("announcements that come while the conversation is being opened change nothing", async () => {
  const { control } = await linked();
  ready(control);
  ready(control);
  lifecycle(control, "started");
  await settled();
  expect(host.opens).toHaveLength(1);
  expect(paper.sockets).toHaveLength(2);
});

test("ended twice, on both lines, closes once and leaves the line", async () => {
  const { link, control, own } = await served();
  lifecycle(control, "conversation_ended", "v1", { reason: "hangup" });
  lifecycle(own, "ended");
  lifecycle(control, "ended");
  await settled();
  expect(host.closes).toEqual([{ id: "v1", reason: "hangup" }]);
  expect(own.closedByClient).toEqual({ code: 1000 });
  expect(link.conversations).toBe(0);
});

test("bare messages of the documentation start and end a conversation", async () => {
  const { control } = await linked();
  control.say('{"type":"conversation_ready","conversation_id":"v1","agent_id":"shop"}');
  await settled();
  const own = paper.accept();
  control.say('{"type":"conversation_lifecycle","event":"ended","conversation_id":"v1"}');
  await settled();
  expect(own.closedByClient).toEqual({ code: 1000 });
  expect(host.closes).toEqual([{ id: "v1", reason: "ended" }]);
});

test("an end that comes while the conversation is being opened closes it after", async () => {
  const { control } = await linked();
  ready(control);
  lifecycle(control, "ended");
  await settled();
  expect(host.closes).toEqual([{ id: "v1", reason: "ended" }]);
  expect(paper.sockets).toHaveLength(1);
});

test("an end of a conversation that was never announced here closes nothing", async () => {
  const { control } = await linked();
  lifecycle(control, "ended", "foreign");
  await settled();
  expect(host.closes).toEqual([]);
});

test("what a conversation's line hears of another conversation is not its business", async () => {
  const { link, own } = await served();
  lifecycle(own, "ended", "v2");
  ready(own, "v3");
  await settled();
  expect(host.closes).toEqual([]);
  expect(host.opens).toHaveLength(1);
  expect(link.conversations).toBe(1);
});

test("a conversation of an unknown agent is ignored and counted", async () => {
  const { link, control } = await linked();
  ready(control, "v1", "bank");
  lifecycle(control, "started", "v2");
  await settled();
  expect(host.opens).toEqual([]);
  expect(link.stats.ignored.agent_unknown).toBe(1);
});

test("a conversation that another process holds is tried again after its lease", async () => {
  host.answers.push({ kind: "held", untilMs: clock.now() + 10_000 });
  const { control } = await linked();
  ready(control);
  await clock.advance("10s");
  expect(host.opens).toHaveLength(1);
  await clock.advance(250);
  expect(host.opens).toHaveLength(2);
  const own = paper.accept();
  await settled();
  expect(registered(own)).toHaveLength(1);
});

test("a held conversation that ended meanwhile is not tried again", async () => {
  host.answers.push({ kind: "held", untilMs: clock.now() + 10_000 });
  const { link, control } = await linked();
  ready(control);
  await settled();
  lifecycle(control, "ended");
  await clock.advance("1m");
  expect(host.opens).toHaveLength(1);
  expect(host.closes).toEqual([]);
  expect(link.conversations).toBe(0);
});

test("a held conversation that is announced again is tried at once", async () => {
  host.answers.push({ kind: "held", untilMs: clock.now() + 10_000 });
  const { control } = await linked();
  ready(control);
  await settled();
  ready(control);
  await settled();
  expect(host.opens).toHaveLength(2);
  await clock.advance("1m");
  expect(host.opens).toHaveLength(2);
});

test("while the store does not answer, opening is tried again; another refusal is final", async () => {
  host.answers.push(new ConversimpleError("state_unavailable", "The store is down."), new ConversimpleError("overloaded", "Draining."));
  const { link, control } = await linked();
  ready(control);
  await clock.advance("2s");
  expect(host.opens).toHaveLength(2);
  await clock.advance("1m");
  expect(host.opens).toHaveLength(2);
  expect(link.conversations).toBe(0);
  expect(link.stats.ignored.conversation_refused).toBe(1);
});

test("a conversation that is over registers nothing", async () => {
  host.answers.push({ kind: "ended", reason: "hangup" });
  const { link, control } = await linked();
  ready(control);
  await settled();
  expect(paper.sockets).toHaveLength(1);
  expect(link.conversations).toBe(0);
});

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

test("the platform's configuration reaches the agents once", async () => {
  const { control, own } = await served();
  for (const socket of [control, own]) socket.frame({ event: "config_update", payload: { voice: "a" } });
  await settled();
  expect(host.configs).toEqual([{ voice: "a" }]);
});

test("shared: one line serves all, and registers all of them again after a rejoin", async () => {
  const { control } = await linked({ connections: "shared" });
  ready(control, "v1");
  ready(control, "v2");
  await settled();
  call(control, "c1", { conversation_id: "v1" });
  call(control, "c1", { conversation_id: "v2" });
  await settled();
  expect(responses(control)).toHaveLength(2);
  expect(registered(control)).toHaveLength(2);
  control.drop();
  await clock.advance(10);
  const again = paper.accept();
  await settled();
  expect(registered(again)).toMatchObject([{ conversation_id: "v1" }, { conversation_id: "v2" }]);
  expect(paper.sockets).toHaveLength(2);
});

test("shared: a call without a conversation id is taken while one is served, refused when several are", async () => {
  const { control } = await linked({ connections: "shared" });
  call(control, "c0", {});
  ready(control, "v1");
  await settled();
  call(control, "c1", {});
  ready(control, "v2");
  await settled();
  call(control, "c2", {});
  await settled();
  expect(host.invocations).toMatchObject([{ callId: "c1", conversationId: "v1" }]);
  expect(errors(control)).toMatchObject([
    { call_id: "c0", error: { type: "conversation_not_found" } },
    { call_id: "c2", error: { type: "invalid_parameters" } },
  ]);
});

test("a refused key rejects the start, ends the link, and is not tried again", async () => {
  const link = new PlatformLink({ host, connect: paper.connect, clock, log });
  const started = link.start();
  paper.last.drop({ code: 1006, reason: "upgrade_refused", httpStatus: 401 });
  await expect(started).rejects.toMatchObject({ code: "connection_refused" });
  expect(await link.ended).toMatchObject({ kind: "refused" });
  await clock.advance("1h");
  expect(paper.sockets).toHaveLength(1);
});

test("start goes on trying until the platform is there", async () => {
  const link = new PlatformLink({ host, connect: paper.connect, clock, log, random: () => 0.5 });
  const started = link.start();
  for (let attempt = 0; attempt < 5; attempt++) {
    paper.last.drop({ code: 1006, reason: "ECONNREFUSED" });
    await clock.advance("1s");
  }
  paper.accept();
  await started;
  expect(link.state).toBe("joined");
});

test("stop leaves every line, ends no conversation and opens no new one", async () => {
  const { link, control, own } = await served();
  const stopped = link.stop();
  ready(control, "v2");
  await stopped;
  expect(own.closedByClient).toEqual({ code: 1000 });
  expect(control.closedByClient).toEqual({ code: 1000 });
  expect(host.closes).toEqual([]);
  expect(host.opens).toHaveLength(1);
  expect(await link.ended).toEqual({ kind: "left" });
  await clock.advance("1h");
  expect(paper.sockets).toHaveLength(2);
});

test("stop waits for a line that is being left already, so that its answer is not cut off", async () => {
  const slow = Promise.withResolvers<Outcome>();
  host.run = () => slow.promise;
  const { link, own } = await served();
  call(own, "c1");
  await settled();
  host.lose("v1", "released");
  let isStopped = false;
  const stopped = link.stop().then(() => (isStopped = true));
  await clock.advance(500);
  expect(isStopped).toBe(false);
  slow.resolve({ kind: "result", json: "1", repeated: false });
  await stopped;
  expect(responses(own)).toHaveLength(1);
});

test("no payload reaches a log line or an inspected link", async () => {
  host.run = () => ({ kind: "result", json: '{"iban":"canary-result"}', repeated: false });
  const { link, control, own } = await served();
  call(own, "c1", { arguments: { pin: "canary-argument" } });
  own.frame({ event: "tool_call_request", payload: { call_id: "c2", tool_name: { x: "canary-argument" } } });
  own.say('garbage canary-argument');
  own.frame({ event: "canary-event".repeat(2), payload: {} });
  control.frame({ event: "config_update", payload: { text: "canary-argument" } });
  own.drop();
  await clock.advance("1s");
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.join("\n")).not.toContain("canary");
  expect(inspect(link, { depth: 12, showHidden: true })).not.toContain("canary");
});
