import { expect, onTestFinished, test } from "vitest";

import { Dispatcher, type DispatcherOptions } from "../../src/adapters/conversimple/dispatcher.ts";
import type { AgentView, ConversationView, TimelinePage } from "../../src/inspector/api.ts";
import { LocalPlatform } from "../../src/platform/local-platform.ts";
import type { Logger } from "../../src/base/log.ts";
import { openMemory } from "../../src/stores/memory.ts";
import { cartAgent, Workplace } from "../cli/program.ts";
import { CARD, Shop } from "./shop.ts";

const KEY = "cs_test_of_the_inspector";
const TOKEN = "a-token-of-twenty-bytes";

async function serving(inspector: NonNullable<DispatcherOptions["inspector"]>): Promise<{ platform: LocalPlatform; dispatcher: Dispatcher; lines: string[]; origin: string }> {
  const platform = new LocalPlatform({ port: 0, apiKey: KEY });
  const { url } = await platform.start();
  onTestFinished(() => platform.stop());
  const lines: string[] = [];
  const log = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const dispatcher = new Dispatcher({ agents: [new Shop()], platformUrl: url, apiKey: KEY, store: openMemory(), secret: "the secret of the tests", connections: "shared", signals: false, logger, inspector: { port: 0, ...inspector } });
  await dispatcher.start();
  onTestFinished(() => dispatcher.stop());
  return { platform, dispatcher, lines, origin: new URL(dispatcher.inspectorUrl!).origin };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what is asked for is what is read
async function ask<T = unknown>(origin: string, path: string, token: string, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await fetch(`${origin}/inspector/api${path}`, { headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) }, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as T };
}

test("beside a dispatcher it reads what the agents do, masked, and writes nothing", async () => {
  const { platform, lines, origin, dispatcher } = await serving({ token: TOKEN });
  await platform.createConversation({ agentId: "shop", conversationId: "c1" });
  await platform.callTool({ conversationId: "c1", tool: "save_card", arguments: { number: CARD } });
  await platform.callTool({ conversationId: "c1", tool: "tell_card" });
  expect((await ask(origin, "/info", TOKEN)).body).toMatchObject({ mode: "production", canWrite: false, canReveal: false, canTalk: false, canReplay: false, store: "memory:" });
  expect((await ask<AgentView[]>(origin, "/agents", TOKEN)).body).toMatchObject([{ agentId: "shop", isServed: true }]);
  const view = await ask<ConversationView>(origin, "/conversations/c1", TOKEN);
  expect(view.body).toMatchObject({ parts: [{ name: "state", value: { card: "•••" }, maxBytes: 1_000_000 }, {}, {}, {}], sessions: [{ conversation: { attempts: 0, limit: 10, lockedUntilMs: null } }] });
  expect(view.body.offeredTools).toContain("save_card");
  const { body: timeline } = await ask<TimelinePage>(origin, "/conversations/c1/timeline", TOKEN);
  // The agents' code says what of a result is personal.
  expect(timeline.entries.at(-1)).toMatchObject({ name: "tell_card", result: { number: "•••", brand: "visa" } });
  expect((await ask(origin, "/conversations/c1/edit", TOKEN, { part: "state", patches: [["set", ["note"], "x"]] })).status).toBe(403);
  expect((await ask(origin, "/conversations/c1/reveal", TOKEN, { reason: "to see" })).status).toBe(403);
  expect(dispatcher.inspectorUrl).not.toContain(TOKEN);
  expect(lines.join("\n")).not.toContain(TOKEN);
  expect(lines.join("\n")).not.toContain(CARD);
});

test("what it may do beside is allowed one by one", async () => {
  const { platform, origin } = await serving({ token: TOKEN, allow: ["reveal"] });
  await platform.createConversation({ agentId: "shop", conversationId: "c1" });
  await platform.callTool({ conversationId: "c1", tool: "save_card", arguments: { number: CARD } });
  expect((await ask<ConversationView>(origin, "/conversations/c1/reveal", TOKEN, { reason: "to see" })).body).toMatchObject({ isRevealed: true, parts: [{ value: { card: CARD } }, {}, {}, {}] });
  expect((await ask(origin, "/conversations/c1/edit", TOKEN, { part: "state", patches: [["set", ["note"], "x"]] })).status).toBe(403);
});

test("attempts that count, and when the next one is allowed, are in the session's panel", async () => {
  const { platform, origin } = await serving({ token: TOKEN });
  await platform.createConversation({ agentId: "shop", conversationId: "c1" });
  for (let index = 0; index < 4; index++) await platform.callTool({ conversationId: "c1", tool: "login", arguments: { username: "kim", pin: "0000" } });
  const { body } = await ask<ConversationView>(origin, "/conversations/c1", TOKEN);
  expect(body.sessions).toMatchObject([{ status: "anonymous", conversation: { limit: 10 } }]);
  const { body: timeline } = await ask<TimelinePage>(origin, "/conversations/c1/timeline", TOKEN);
  expect(timeline.entries.at(-1)!.notes).toMatchObject([{ kind: "login", outcome: "locked", by: "account", limit: 3 }]);
});

test("a conversation that tried too often is locked in the panel, and until when", async () => {
  const { platform, origin } = await serving({ token: TOKEN });
  await platform.createConversation({ agentId: "shop", conversationId: "c1" });
  const beginMs = Date.now();
  for (let index = 0; index < 11; index++) await platform.callTool({ conversationId: "c1", tool: "login", arguments: { username: `kim-${index}`, pin: "0000" } });
  const { body } = await ask<ConversationView>(origin, "/conversations/c1", TOKEN);
  const { conversation } = body.sessions[0]!;
  expect(conversation).toMatchObject({ attempts: 10, limit: 10, windowMs: 900_000 });
  expect(conversation!.lockedUntilMs! - 900_000).toBeGreaterThanOrEqual(beginMs);
  expect(conversation!.lockedUntilMs! - 900_000).toBeLessThanOrEqual(Date.now());
  expect(body.sessions[0]!.account).toBeUndefined();
});

test("one without a token makes one on this machine, and beyond it nothing starts", async () => {
  const { dispatcher, origin } = await serving({});
  const [, token = ""] = /#token=(.+)$/.exec(dispatcher.inspectorUrl!)!;
  expect((await ask(origin, "/info", token)).status).toBe(200);
  for (const inspector of [{ hostname: "0.0.0.0" }, { token: "short" }, { allow: ["everything" as "write"] }]) {
    const other = new Dispatcher({ agents: [new Shop()], platformUrl: "ws://127.0.0.1:9", apiKey: KEY, store: openMemory(), secret: "the secret of the tests", signals: false, inspector: { port: 0, ...inspector } });
    await expect(other.start(), JSON.stringify(inspector)).rejects.toMatchObject({ code: "option_invalid" });
  }
});

test("`conversimple start --inspector-port` says where its page is", async () => {
  const platform = new LocalPlatform({ port: 0, apiKey: KEY });
  const { url } = await platform.start();
  onTestFinished(() => platform.stop());
  const place = new Workplace();
  place.write("agent.ts", cartAgent());
  const program = place.start(["start", "agent.ts", "--platform-url", url, "--store", "sqlite:state.db", "--inspector-port", "0"], { CONVERSIMPLE_API_KEY: KEY });
  const line = JSON.parse((await program.says(/\{[^\n]*"the inspector listens"[^\n]*\}/))[0]) as { url: string };
  const page = new URL(line.url);
  expect((await ask(page.origin, "/info", page.hash.slice("#token=".length))).status).toBe(200);
  expect((await program.kill("SIGTERM")).code).toBe(0);
  const refused = await place.run(["start", "agent.ts", "--inspector-port", "0", "--inspector-host", "0.0.0.0"], { environment: { CONVERSIMPLE_API_KEY: KEY } });
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("CONVERSIMPLE_INSPECTOR_TOKEN") as string });
});
