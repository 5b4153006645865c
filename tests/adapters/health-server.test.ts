import { afterEach, expect, test } from "vitest";
import { type HealthServer, openHealthServer } from "../../src/adapters/conversimple/health-server.ts";
import { PlatformLink } from "../../src/adapters/conversimple/platform-link.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { PaperPlatform } from "../wire/paper-socket.ts";
import { MemoryHost } from "./memory-host.ts";

const opened: HealthServer[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function serve() {
  const host = new MemoryHost();
  const paper = new PaperPlatform();
  const clock = new SimulatedClock();
  const link = new PlatformLink({ host, connect: paper.connect, clock, connections: "shared" });
  const server = await openHealthServer({ host, link, port: 0 });
  opened.push(server);
  void link.start();
  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
  return { host, paper, clock, link, server, get };
}

test("health is 503 until the link has joined, then 200, and 503 while the host drains", async () => {
  const { get, paper, host } = await serve();
  const before = await get("/health");
  expect(before.status).toBe(503);
  expect(await before.json()).toMatchObject({ status: "ok", connection: "connecting" });
  paper.accept();
  const joined = await get("/health");
  expect(joined.status).toBe(200);
  expect(await joined.json()).toEqual({ status: "ok", agents: ["shop"], conversations: 0, waiting: 0, store: "memory:", connection: "joined" });
  host.status = "draining";
  expect((await get("/health")).status).toBe(503);
});

test("metrics tell frames, drops, reconnects, outcomes and durations, each time as they are", async () => {
  const { get, paper, clock, host } = await serve();
  host.run = ({ callId }) => (callId === "bad" ? { kind: "error", code: "tool_timeout", message: "late" } : { kind: "result", json: "1", repeated: false });
  const socket = paper.accept();
  socket.frame({ event: "conversation_ready", payload: { conversation_id: "v1", agent_id: "shop" } });
  await clock.advance(0);
  for (const callId of ["a", "b", "bad"]) socket.frame({ event: "tool_call_request", payload: { call_id: callId, tool_name: "add", conversation_id: "v1" } });
  socket.say("garbage");
  socket.drop();
  await clock.advance("1s");
  for (let read = 0; read < 2; read++) {
    const response = await get("/metrics");
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    expect(text).toContain('conversimple_tool_calls_total{outcome="result"} 2');
    expect(text).toContain('conversimple_tool_calls_total{outcome="tool_timeout"} 1');
    expect(text).toContain('conversimple_frames_dropped_total{reason="frame_invalid"} 1');
    expect(text).toContain("conversimple_reconnects_total 1");
    expect(text).toContain("conversimple_tool_duration_seconds_count 3");
    expect(text).toContain("conversimple_conversations 1");
    expect(text).toContain("conversimple_connected 0");
  }
});

test("a port that is taken is a typed error", async () => {
  const { host, link, server } = await serve();
  await expect(openHealthServer({ host, link, port: server.port })).rejects.toMatchObject({ code: "option_invalid" });
});

test("another path is not there", async () => {
  const { get } = await serve();
  expect((await get("/")).status).toBe(404);
});
