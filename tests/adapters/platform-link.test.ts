import { inspect } from "node:util";
import { expect, test } from "vitest";
import { PlatformLink } from "../../src/adapters/conversimple/platform-link.ts";
import { ConversimpleError } from "../../src/base/errors.ts";
import type { Opened, Outcome } from "../../src/host/host.ts";
import { clock, paper, host, lines, settled, linked, ready, lifecycle, call, responses, errors, registered, TOOLS, served, log } from "./link-rig.ts";

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

test("an end of a conversation that was never announced here is told to the host once: who served it may be dead", async () => {
  const { link, control } = await linked();
  lifecycle(control, "ended", "earlier", { reason: "caller_hung_up" });
  lifecycle(control, "ended", "earlier", { reason: "caller_hung_up" });
  await settled();
  expect(host.closes).toEqual([{ id: "earlier", reason: "caller_hung_up" }]);
  expect(host.opens).toEqual([]);
  expect(link.conversations).toBe(0);
});

test("an end that is heard again when the conversation has left this process acts once", async () => {
  const { control, own } = await served();
  lifecycle(own, "ended");
  await settled();
  lifecycle(control, "ended");
  await settled();
  expect(host.closes).toEqual([{ id: "v1", reason: "ended" }]);
});

test("of the ends that were heard, only the last are kept", async () => {
  const { link, control } = await linked();
  for (let n = 0; n < 1_100; n++) lifecycle(control, "ended", `v${n}`);
  await settled();
  // Forgotten by now, and told once more: it does no harm.
  lifecycle(control, "ended", "v0");
  lifecycle(control, "ended", "v1099");
  await settled();
  expect(host.closes).toHaveLength(1_101);
  expect(link.conversations).toBe(0);
});

test.each<[string, Opened | ConversimpleError]>([
  ["another process has", { kind: "held", untilMs: 10_000 }],
  ["the store cannot give", new ConversimpleError("state_unavailable", "The store is down.")],
])("an end that comes while a conversation is being opened that %s is told to the host", async (_, answer) => {
  host.answers.push(answer);
  const { link, control } = await linked();
  ready(control);
  lifecycle(control, "ended", "v1", { reason: "caller_hung_up" });
  await clock.advance("1m");
  expect(host.opens).toHaveLength(1);
  expect(host.closes).toEqual([{ id: "v1", reason: "caller_hung_up" }]);
  expect(link.conversations).toBe(0);
});

test("a conversation that begins is the control line's business; an end is heard on any line", async () => {
  const { link, own } = await served();
  ready(own, "v3");
  lifecycle(own, "ended", "v2", { reason: "hangup" });
  await settled();
  expect(host.opens).toHaveLength(1);
  expect(host.closes).toEqual([{ id: "v2", reason: "hangup" }]);
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

test("a clock that is an hour behind the store's does not keep a process from what another one leaves", async () => {
  host.answers.push({ kind: "held", untilMs: clock.now() + 3_600_000 });
  const { control } = await linked();
  ready(control);
  await clock.advance("11s");
  expect(host.opens).toHaveLength(2);
});

test("a clock that is an hour ahead of the store's does not make a process ask all the time", async () => {
  const held = { kind: "held", untilMs: clock.now() - 3_600_000 } as const;
  host.answers.push(...Array.from({ length: 100 }, () => held));
  const { control } = await linked();
  ready(control);
  await clock.advance("10s");
  expect(host.opens.length).toBeGreaterThan(5);
  expect(host.opens.length).toBeLessThan(15);
});

test("the end of a conversation that another process holds is told to the host, and it is not opened again", async () => {
  host.answers.push({ kind: "held", untilMs: clock.now() + 10_000 });
  const { link, control } = await linked();
  ready(control);
  await settled();
  lifecycle(control, "ended");
  await clock.advance("1m");
  expect(host.opens).toHaveLength(1);
  expect(host.closes).toEqual([{ id: "v1", reason: "ended" }]);
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

test("shared: a call for a conversation that this process does not serve is not found, and does not reach the host", async () => {
  host.answers.push({ kind: "held", untilMs: clock.now() + 10_000 });
  const { control } = await linked({ connections: "shared" });
  ready(control, "held elsewhere");
  await settled();
  call(control, "c1", { conversation_id: "held elsewhere" });
  call(control, "c2", { conversation_id: "never announced" });
  await settled();
  expect(errors(control)).toMatchObject(["c1", "c2"].map((callId) => ({ call_id: callId, error: { type: "conversation_not_found" } })));
  expect(host.invocations).toEqual([]);
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
