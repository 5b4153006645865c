import { beforeEach, expect, test } from "vitest";
import { silentLogger } from "../../src/base/log.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { Connection, type ConnectionEnd, type ConnectionOptions } from "../../src/wire/connection.ts";
import { encodeFrame, MAX_FRAME_BYTES, RawJson } from "../../src/wire/frame.ts";
import { newWireStats, type WireStats } from "../../src/wire/wire-stats.ts";
import { PaperPlatform } from "./paper-socket.ts";

const TOPIC = "customer:11111111-1111-4111-8111-111111111111";
const ANSWER = new RawJson('{"call_id":"c1","result":{"n":1.0}}');

let clock: SimulatedClock;
let platform: PaperPlatform;
let stats: WireStats;
let heard: { event: string; payload: unknown }[];
let ends: ConnectionEnd[];
let joins: number;

beforeEach(() => {
  clock = new SimulatedClock();
  platform = new PaperPlatform();
  stats = newWireStats();
  heard = [];
  ends = [];
  joins = 0;
});

function open(options: Partial<ConnectionOptions> = {}): Connection {
  const connection = new Connection({
    connect: platform.connect,
    topic: TOPIC,
    clock,
    stats,
    log: silentLogger,
    random: () => 0.5,
    onMessage: (event, payload) => heard.push({ event, payload }),
    onJoined: () => joins++,
    onEnd: (end) => ends.push(end),
    ...options,
  });
  connection.start();
  return connection;
}

function joined(options: Partial<ConnectionOptions> = {}): Connection {
  const connection = open(options);
  platform.accept();
  expect(connection.state).toBe("joined");
  return connection;
}

test("a join names the topic and the payload, with a join_ref", () => {
  open({ joinPayload: { agents: ["shop"] } });
  platform.accept();
  expect(platform.last.sent[0]).toEqual({ joinRef: "1", ref: "1", topic: TOPIC, event: "phx_join", payload: { agents: ["shop"] } });
  expect(joins).toBe(1);
});

test("with the form object, frames are objects; both forms are heard", () => {
  const connection = joined({ form: "object" });
  expect(JSON.parse(platform.last.texts[0]!)).toMatchObject({ event: "phx_join", join_ref: "1" });
  platform.last.say(encodeFrame({ joinRef: null, ref: null, topic: TOPIC, event: "a", payload: {} }, "object"));
  platform.last.say(encodeFrame({ joinRef: "1", ref: null, topic: TOPIC, event: "b", payload: {} }, "array"));
  platform.last.say('{"type":"c","x":1}');
  expect(heard).toEqual([{ event: "a", payload: {} }, { event: "b", payload: {} }, { event: "c", payload: { x: 1 } }]);
  expect(connection.state).toBe("joined");
});

test("frames that are not for us are counted and end nothing", () => {
  const connection = joined();
  const socket = platform.last;
  socket.say("garbage");
  socket.say("x".repeat(MAX_FRAME_BYTES + 1));
  socket.events.onBinary(7);
  socket.frame({ topic: "customer:somebody", event: "tool_call_request" });
  socket.frame({ joinRef: "0", event: "tool_call_request" });
  socket.frame({ event: "phx_reply", ref: "999", payload: { status: "ok" } });
  socket.frame({ topic: "phoenix", event: "phx_reply", ref: "999" });
  expect(stats.dropped).toMatchObject({ frame_invalid: 1, frame_too_large: 1, binary: 1, foreign_topic: 1, stale_join_ref: 1, unknown_ref: 2 });
  expect(heard).toEqual([]);
  expect(connection.state).toBe("joined");
});

test("a handler that throws is counted, and the next frame is heard", () => {
  let calls = 0;
  const connection = joined({
    onMessage: () => {
      calls++;
      throw new Error("bug");
    },
  });
  platform.last.frame({ event: "a" });
  platform.last.frame({ event: "b" });
  expect(calls).toBe(2);
  expect(stats.dropped.handler_failed).toBe(2);
  expect(connection.state).toBe("joined");
});

test.each([1000, 1001, 1006, 1011, 1012])("a close by the server with code %i is noticed at once and connected again", async (code) => {
  const connection = joined();
  platform.last.drop({ code, reason: "closed" });
  expect(connection.state).toBe("waiting");
  await clock.advance(10);
  expect(platform.sockets).toHaveLength(2);
  platform.accept();
  expect(connection.state).toBe("joined");
  expect(platform.last.topic).toBe(TOPIC);
  expect(platform.last.last("phx_join").joinRef).not.toBe("1");
  expect(joins).toBe(2);
});

test("the delays are Phoenix's, drawn from 0 to the step", async () => {
  open({ random: () => 1 });
  const delays: number[] = [];
  for (let attempt = 0; attempt < 11; attempt++) {
    const before = clock.monotonic();
    const count = platform.sockets.length;
    platform.last.drop();
    while (platform.sockets.length === count) await clock.advance(5);
    delays.push(clock.monotonic() - before);
  }
  expect(delays).toEqual([10, 50, 100, 150, 200, 250, 500, 1_000, 2_000, 5_000, 5_000]);
});

test("each delay is drawn anew: a thousand clients do not come back at the same moment", async () => {
  const drawn = [0.9, 0.1, 0.5];
  open({ random: () => drawn.shift()! });
  for (const [attempt, delayMs] of [9, 5, 50].entries()) {
    platform.last.drop();
    await clock.advance(delayMs - 1);
    expect(platform.sockets).toHaveLength(attempt + 1);
    await clock.advance(1);
    expect(platform.sockets).toHaveLength(attempt + 2);
  }
});

test("an open socket alone does not begin the delays again, nor does a join that is lost at once", async () => {
  open({ random: () => 1 });
  for (const step of [10, 50, 100]) {
    platform.last.open();
    platform.last.drop();
    await clock.advance(step - 1);
    const count = platform.sockets.length;
    await clock.advance(1);
    expect(platform.sockets).toHaveLength(count + 1);
  }
  platform.accept();
  platform.last.drop();
  await clock.advance(149);
  expect(platform.sockets).toHaveLength(4);
  await clock.advance(1);
  platform.accept();
  await clock.advance("1s");
  platform.last.drop();
  await clock.advance(10);
  expect(platform.sockets).toHaveLength(6);
});

test("an upgrade that takes longer than 10 s is tried again", async () => {
  open();
  await clock.advance("9999ms");
  expect(platform.sockets[0]!.closedByClient).toBe(undefined);
  await clock.advance(1);
  expect(platform.sockets[0]!.closedByClient).toBe("terminated");
  await clock.advance(10);
  expect(platform.sockets).toHaveLength(2);
});

test("a join that is not answered within 10 s is tried again on a new connection", async () => {
  const connection = open();
  platform.last.open();
  await clock.advance("9999ms");
  expect(connection.state).toBe("joining");
  await clock.advance(1);
  expect(platform.sockets[0]!.closedByClient).toBe("terminated");
  await clock.advance(10);
  platform.accept();
  expect(connection.state).toBe("joined");
});

test("a former socket is not heard", async () => {
  const connection = joined();
  const former = platform.last;
  await clock.advance("60s");
  expect(former.closedByClient).toBe("terminated");
  await clock.advance(10);
  platform.accept();
  former.events.onText(encodeFrame({ joinRef: null, ref: null, topic: TOPIC, event: "phx_close", payload: {} }, "array"));
  former.events.onText(encodeFrame({ joinRef: null, ref: null, topic: TOPIC, event: "tool_call_request", payload: {} }, "array"));
  former.events.onClose({ code: 1006, reason: "late" });
  expect(heard).toEqual([]);
  expect(connection.state).toBe("joined");
});

test("a heartbeat every 30 s keeps the connection; one without a reply ends it after 30 s more", async () => {
  const connection = joined();
  const socket = platform.last;
  await clock.advance("30s");
  expect(socket.last("heartbeat")).toMatchObject({ joinRef: null, topic: "phoenix", payload: {} });
  socket.reply(socket.last("heartbeat"));
  await clock.advance("30s");
  expect(socket.all("heartbeat")).toHaveLength(2);
  await clock.advance("29s");
  expect(connection.state).toBe("joined");
  await clock.advance("1s");
  expect(socket.closedByClient).toBe("terminated");
  await clock.advance(10);
  expect(platform.sockets).toHaveLength(2);
});

test("the unanswered heartbeat of a lost connection does not disturb the next one", async () => {
  open({ connectTimeoutMs: 60_000 });
  platform.accept();
  await clock.advance("40s");
  platform.last.drop();
  await clock.advance("30s");
  expect(platform.sockets).toHaveLength(2);
  expect(platform.last.closedByClient).toBeUndefined();
});

test("phx_error joins again on the same socket with a new join_ref, and is not taken for joined meanwhile", async () => {
  const connection = joined();
  const socket = platform.last;
  socket.frame({ joinRef: "1", event: "phx_error" });
  expect(connection.state).toBe("errored");
  expect(await connection.push("x", {})).toEqual({ kind: "dropped" });
  socket.frame({ event: "tool_call_request" });
  expect(stats.dropped.not_joined).toBe(1);
  await clock.advance(10);
  const join = socket.last("phx_join");
  expect(join.joinRef).not.toBe("1");
  socket.frame({ joinRef: "1", event: "phx_error" });
  expect(stats.dropped.stale_join_ref).toBe(1);
  socket.reply(join);
  expect(connection.state).toBe("joined");
  expect(platform.sockets).toHaveLength(1);
});

test("phx_close ends the channel for good; a stale one does not", async () => {
  const connection = joined();
  platform.last.frame({ joinRef: "0", event: "phx_close" });
  expect(connection.state).toBe("joined");
  platform.last.frame({ joinRef: "1", event: "phx_close" });
  expect(connection.state).toBe("closed");
  expect(ends).toEqual([{ kind: "channel_closed" }]);
  await clock.advance("1h");
  expect(platform.sockets).toHaveLength(1);
});

test.each([400, 401, 403])("HTTP %i at the upgrade is final", async (httpStatus) => {
  const connection = open();
  platform.last.drop({ code: 1006, reason: "upgrade_refused", httpStatus });
  expect(connection.state).toBe("closed");
  expect(ends).toMatchObject([{ kind: "refused", error: { code: "connection_refused", fields: { httpStatus } } }]);
  await clock.advance("1h");
  expect(platform.sockets).toHaveLength(1);
});

test.each([302, 404, 429, 500, 502, 503])("HTTP %i at the upgrade is tried again", async (httpStatus) => {
  open();
  platform.last.drop({ code: 1006, reason: "upgrade_refused", httpStatus });
  await clock.advance(10);
  expect(platform.sockets).toHaveLength(2);
});

test.each(["authentication_failed", "invalid_credentials", "missing_credentials", "invalid_api_key", "unauthorized", "forbidden", "not authorized", "customer_suspended", "Unauthorized"])(
  "a join refused with %s is final",
  async (reason) => {
    open();
    platform.last.open();
    platform.last.reply(platform.last.last("phx_join"), "error", { reason });
    expect(ends).toMatchObject([{ kind: "refused", error: { code: "connection_refused" } }]);
    await clock.advance("1h");
    expect(platform.sockets).toHaveLength(1);
  },
);

test("a join refused for another reason is tried again, with growing delays", async () => {
  const connection = open({ random: () => 1 });
  const socket = platform.last;
  socket.open();
  for (const step of [10, 50, 100]) {
    socket.reply(socket.last("phx_join"), "error", { reason: "busy" });
    expect(connection.state).toBe("errored");
    const before = socket.all("phx_join").length;
    await clock.advance(step);
    expect(socket.all("phx_join")).toHaveLength(before + 1);
  }
  socket.reply(socket.last("phx_join"));
  expect(connection.state).toBe("joined");
});

test("pushes are matched to their replies in any order", async () => {
  const connection = joined();
  const first = connection.push("a", {});
  const second = connection.push("b", {});
  platform.last.reply(platform.last.last("b"), "error", { reason: "no" });
  platform.last.reply(platform.last.last("a"), "ok", { n: 1 });
  expect(await first).toEqual({ kind: "ok", response: { n: 1 } });
  expect(await second).toEqual({ kind: "error", response: { reason: "no" } });
});

test("a push without a reply settles after 10 s, or when the connection is lost", async () => {
  const connection = joined();
  const late = connection.push("a", {});
  await clock.advance("6s");
  const later = connection.push("b", {});
  await clock.advance("4s");
  expect(await late).toEqual({ kind: "no_reply" });
  platform.last.drop();
  expect(await later).toEqual({ kind: "dropped" });
});

test("an answer that was not replied to is sent again after the rejoin, in order and with the same text", async () => {
  const connection = joined();
  const socket = platform.last;
  connection.deliver("k1", "tool_call_response", ANSWER);
  connection.deliver("k2", "tool_call_response", new RawJson('{"n":2}'));
  connection.deliver("k3", "tool_call_response", new RawJson('{"n":3}'));
  socket.reply(socket.sent.at(-2)!);
  socket.drop();
  connection.deliver("k4", "tool_call_response", new RawJson('{"n":4}'));
  await clock.advance(10);
  platform.accept();
  const again = platform.last.texts.filter((text) => text.includes("tool_call_response"));
  expect(again.map((text) => text.slice(text.indexOf("{")))).toEqual([`${ANSWER.text}]`, '{"n":3}]', '{"n":4}]']);
  for (const frame of platform.last.all("tool_call_response")) platform.last.reply(frame);
  expect(connection.unconfirmed).toBe(0);
  expect(stats.resent).toBe(2);
});

test("an answer counts as delivered when the connection stayed up for 30 s, if the platform replies to nothing", async () => {
  const connection = joined();
  connection.deliver("k1", "tool_call_response", ANSWER);
  await clock.advance("20s");
  connection.deliver("k2", "tool_call_response", ANSWER);
  await clock.advance("10s");
  expect(connection.unconfirmed).toBe(1);
  await clock.advance("5s");
  platform.last.drop();
  await clock.advance(10);
  platform.accept();
  expect(platform.last.all("tool_call_response")).toHaveLength(1);
  await clock.advance("29s");
  expect(connection.unconfirmed).toBe(1);
  await clock.advance("1s");
  expect(connection.unconfirmed).toBe(0);
});

test("an answer to which the platform replied with an error is not sent for ever", async () => {
  const connection = joined();
  connection.deliver("k1", "tool_call_response", ANSWER);
  platform.last.reply(platform.last.last("tool_call_response"), "error", { reason: "unknown_call" });
  expect(connection.unconfirmed).toBe(0);
  expect(stats.pushesRefused).toBe(1);
});

test("a key that is kept is not taken twice; after its confirmation it is a new question", () => {
  const connection = joined();
  expect(connection.deliver("k1", "e", ANSWER)).toBe("accepted");
  expect(connection.deliver("k1", "e", ANSWER)).toBe("duplicate");
  platform.last.reply(platform.last.last("e"));
  expect(connection.deliver("k1", "e", ANSWER)).toBe("accepted");
  expect(platform.last.all("e")).toHaveLength(2);
});

test("a full outbox gives up what was sent already, never what was not", async () => {
  const connection = joined({ maxPushes: 2 });
  for (const key of ["k1", "k2", "k3"]) expect(connection.deliver(key, "e", new RawJson(`"${key}"`))).toBe("accepted");
  expect(stats.pushesLost).toBe(1);
  platform.last.drop();
  expect(connection.deliver("k4", "e", new RawJson('"k4"'))).toBe("accepted");
  expect(connection.deliver("k5", "e", new RawJson('"k5"'))).toBe("accepted");
  expect(connection.deliver("k6", "e", new RawJson('"k6"'))).toBe("full");
  await clock.advance(10);
  platform.accept();
  expect(platform.last.all("e").map((frame) => frame.payload)).toEqual(["k4", "k5"]);
});

test("the outbox is bounded in bytes too", () => {
  const connection = open({ maxPushBytes: 10 });
  expect(connection.deliver("k1", "e", new RawJson('"123456"'))).toBe("accepted");
  expect(connection.deliver("k2", "e", new RawJson('"123456"'))).toBe("full");
});

test("an answer that does not fit into a frame is refused, not cut and not sent", () => {
  const connection = joined();
  expect(connection.deliver("k1", "e", new RawJson(`"${"x".repeat(MAX_FRAME_BYTES)}"`))).toBe("too_large");
  expect(connection.deliver("k2", "e", new RawJson(`"${"€".repeat(MAX_FRAME_BYTES / 2)}"`))).toBe("too_large");
  expect(platform.last.all("e")).toHaveLength(0);
});

test("leave waits for what a replying platform has not confirmed, then says so and closes", async () => {
  const connection = joined();
  connection.deliver("k0", "e", ANSWER);
  platform.last.reply(platform.last.last("e"));
  connection.deliver("k1", "e", ANSWER);
  const left = connection.leave();
  await clock.advance(100);
  expect(connection.state).toBe("joined");
  platform.last.reply(platform.last.last("e"));
  await left;
  expect(platform.last.last("phx_leave").topic).toBe(TOPIC);
  expect(platform.last.closedByClient).toEqual({ code: 1000 });
  expect(connection.state).toBe("closed");
  expect(ends).toEqual([{ kind: "left" }]);
  await clock.advance("1h");
  expect(platform.sockets).toHaveLength(1);
});

test("leave does not wait longer than 2 s, also while there is no connection", async () => {
  const connection = joined();
  connection.deliver("k1", "e", ANSWER);
  platform.last.drop();
  const left = connection.leave();
  await clock.advance(2_000);
  await left;
  expect(connection.state).toBe("closed");
  expect(connection.deliver("k2", "e", ANSWER)).toBe("lost");
});

test("leave of a platform that replies to nothing closes at once: the answer goes first on the same stream", async () => {
  const connection = joined();
  connection.deliver("k1", "e", ANSWER);
  await connection.leave();
  expect(platform.last.sent.map((frame) => frame.event)).toEqual(["phx_join", "e", "phx_leave"]);
});

test("an event that overtakes the reply to the join is heard", () => {
  open();
  platform.last.open();
  const join = platform.last.last("phx_join");
  platform.last.frame({ joinRef: join.joinRef, event: "conversation_ready", payload: { x: 1 } });
  platform.last.reply(join);
  expect(heard).toEqual([{ event: "conversation_ready", payload: { x: 1 } }]);
});

test("only a connection that there was is said to be lost", async () => {
  const said: string[] = [];
  open({ log: { ...silentLogger, warn: (_fields, message) => void said.push(message) } });
  platform.last.drop();
  expect(said).toEqual(["there is no connection; trying again"]);
  await clock.advance(10);
  platform.accept();
  platform.last.drop();
  expect(said.slice(1)).toEqual(["the connection was lost; connecting again"]);
});
