import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { Credentials } from "../../src/platform/credentials.ts";
import { DataFile } from "../../src/platform/data-file.ts";
import { Deadlines } from "../../src/platform/deadlines.ts";
import { devKey, LocalPlatform } from "../../src/platform/index.ts";
import { isDeeperThan, isSameJson } from "../../src/platform/json-measure.ts";

function folder() {
  const path = mkdtempSync(join(tmpdir(), "platform-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test("deadlines run in order, once, never early, and not after they were removed", async () => {
  const clock = new SimulatedClock();
  const deadlines = new Deadlines(clock);
  const ran: [string, number][] = [];
  const note = (name: string) => () => void ran.push([name, clock.monotonic()]);
  deadlines.set(500, note("b"));
  deadlines.set(100, note("a"));
  const removed = deadlines.set(300, note("never"));
  deadlines.set(600_000, () => (note("c")(), void deadlines.set(10, note("d"))));
  deadlines.remove(removed);
  deadlines.remove(removed);
  await clock.advance("11m");
  expect(ran.map(([name]) => name)).toEqual(["a", "b", "c", "d"]);
  const due = [100, 500, 600_000, 600_010];
  for (const [index, [, at]] of ran.entries()) expect([at >= due[index]!, at <= due[index]! + 20]).toEqual([true, true]);
});

test("keys of any length are compared without an exception", () => {
  const credentials = new Credentials("cs_test_secret");
  expect(credentials.accepts("cs_test_secret")).toBe(true);
  for (const wrong of [undefined, "", "c", "cs_test_secre", "cs_test_secret1", "x".repeat(100_000), "é"]) expect(credentials.accepts(wrong)).toBe(false);
});

test("the developer's key is made once, is private, and comes back", () => {
  using home = folder();
  const path = join(home.path, ".conversimple", "dev.json");
  const key = devKey(path);
  expect(key).toMatch(/^cs_test_[0-9a-f]{32}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o644);
  expect(devKey(path)).toBe(key);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ apiKey: key });
});

test("a key file that is none is an error that does not repeat it", () => {
  using home = folder();
  const path = join(home.path, "dev.json");
  for (const text of ["", "{", "null", '{"apiKey":5}', '{"apiKey":"canary secret"}']) {
    writeFileSync(path, text);
    expect(() => devKey(path)).toThrow(/holds no API key/);
    expect(() => devKey(path)).not.toThrow(/canary/);
  }
});

test("writes of one turn are one transaction, durable before they are told, and readable at once", async () => {
  const file = new DataFile(undefined);
  const add = file.prepare("INSERT INTO conversations (id, agent_id, created_at) VALUES (?, 'a', 0)");
  const told: string[] = [];
  file.write(() => void add.run("x"), () => void told.push("x"));
  file.write(() => void add.run("x"), (error) => void told.push(error!.code));
  file.write(() => void add.run("y"), () => void told.push("y"));
  file.afterWrites(() => void told.push("after"));
  expect(told).toEqual([]);
  expect(file.prepare("SELECT count(*) AS n FROM conversations").get()).toEqual({ n: 2 });
  await new Promise(setImmediate);
  expect(told).toEqual(["state_unavailable", "x", "y", "after"]);
  file.close();
});

test("a full data file refuses the call, delivers nothing, and the platform goes on", async () => {
  const file = new DataFile(undefined);
  file.prepare("PRAGMA max_page_count=20").get();
  const add = file.prepare("INSERT INTO conversations (id, agent_id, caller, created_at) VALUES (?, 'a', ?, 0)");
  const codes: (string | undefined)[] = [];
  file.write(() => void add.run("small", "x"), (error) => void codes.push(error?.code));
  file.write(() => void add.run("big", "x".repeat(1_000_000)), (error) => void codes.push(error?.code));
  await new Promise(setImmediate);
  expect(codes).toContain("state_unavailable");
  const stored = file.prepare("SELECT id FROM conversations").all().map((row) => row["id"]);
  expect(stored).toEqual(codes.includes(undefined) ? ["small"] : []);
  file.write(() => void add.run("next", "x"), (error) => void codes.push(error?.code ?? "stored"));
  await new Promise(setImmediate);
  expect(codes.at(-1)).toBe("stored");
  file.close();
});

test("depth is measured without recursion, JSON is compared without the order of keys", () => {
  const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`) as unknown;
  expect(isDeeperThan(deep, 64)).toBe(true);
  expect([isDeeperThan([[[]]], 3), isDeeperThan([[[]]], 2), isDeeperThan("x", 0)]).toEqual([false, true, false]);
  expect(isSameJson('{"a":1,"b":[{"c":2,"d":3}]}', '{"b":[{"d":3,"c":2}],"a":1}')).toBe(true);
  for (const [left, right] of [['{"a":1}', '[["a",1]]'], ['[1,2]', '[2,1]'], ['{"a":1}', '{"a":"1"}'], ["{}", "[]"]]) expect(isSameJson(left!, right!)).toBe(false);
});

test("options that cannot be are refused before anything is opened", () => {
  for (const options of [{ port: -1 }, { port: 70_000 }, { port: 1.5 }, { silenceMs: 0 }, { maxBufferedBytes: NaN }, { apiKey: "short" }]) {
    expect(() => new LocalPlatform(options)).toThrow(/The platform's option/);
  }
});

test("scripts hear what happens, and a listener that throws stops nothing", async () => {
  const local = new LocalPlatform({ port: 0, apiKey: "cs_test_0123456789" });
  await local.start();
  const heard: string[] = [];
  local.on(() => {
    throw new Error("no");
  });
  const stop = local.on((event) => void heard.push(event.type));
  await local.createConversation({ agentId: "a", conversationId: "c1" });
  await local.endConversation("c1");
  stop();
  await local.createConversation({ agentId: "a" });
  expect(heard).toEqual(["conversation_created", "conversation_ended"]);
  await expect(local.callTool({ conversationId: "c1", tool: "x", arguments: { n: 1n } })).rejects.toMatchObject({ code: "invalid_parameters" });
  await local.stop();
  await expect(local.createConversation({ agentId: "a" })).rejects.toMatchObject({ status: 503 });
  await local.stop();
});
