import { expect, onTestFinished, test } from "vitest";

import { ConversimpleError, StateQuarantinedError } from "../../src/base/errors.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import type { AgentView, ConversationView, TimelinePage } from "../../src/inspector/api.ts";
import type { AgentDesk } from "../../src/inspector/desks.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { until } from "../cli/program.ts";
import { Page } from "./page.ts";
import { Shop } from "./shop.ts";

const SHOP: AgentView = {
  agentId: "shop", isServed: true, parts: [{ name: "state", kind: "state", maxBytes: 1_000_000 }],
  tools: [{ name: "add", description: "", parameters: {}, examples: [], secrets: [], masks: [], resultMasks: [], guards: [], isParallel: false, isOnce: false, timeoutMs: 1_000 }],
};

const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** A desk whose members do what a test says, and count that they were asked. */
function desk(members: Partial<AgentDesk>): { desk: AgentDesk; asked: string[] } {
  const asked: string[] = [];
  const proxy = new Proxy({}, {
    get: (_target, name) => (...inputs: unknown[]) => {
      asked.push(String(name));
      const member = members[name as keyof AgentDesk] as ((...given: unknown[]) => unknown) | undefined;
      return member ? member(...inputs) : Promise.reject(new ConversimpleError("state_unavailable", "Not in this test."));
    },
  });
  return { desk: proxy as AgentDesk, asked };
}

async function shop(): Promise<{ store: Awaited<ReturnType<typeof openStore>> }> {
  const clock = new SimulatedClock();
  const store = await openStore("memory:", { clock });
  onTestFinished(() => store.close());
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("add", { productId: "P1" });
  return { store };
}

test("agents that hang delay a page once, and not the next ones", async () => {
  const { store } = await shop();
  const { desk: hanging, asked } = desk({ agents: never, offered: never, caches: never });
  const clock = new SimulatedClock();
  const page = await Page.of(store, { desk: hanging, clock });
  const first = page.get<ConversationView>("/conversations/c1");
  await until(() => asked.length === 2);
  await clock.advance("1500ms");
  expect((await first).body).toMatchObject({ parts: [{ value: { cart: [{ productId: "P1" }] } }, {}, {}, {}], offeredTools: [] });
  // Time stands still: what waited would wait for ever.
  expect((await page.get<ConversationView>("/conversations/c1")).status).toBe(200);
  expect((await page.get("/agents")).body).toEqual([]);
  expect((await page.get("/caches")).body).toEqual([]);
  expect(asked).toEqual(["agents", "offered"]);
});

test("what was known of the agents is used when they are gone, and nobody serves them then", async () => {
  const { store } = await shop();
  let isGone = false;
  const gone = (): Promise<never> => Promise.reject(new ConversimpleError("state_unavailable", "The agents are not there."));
  const { desk: leaving } = desk({ agents: () => (isGone ? gone() : Promise.resolve([SHOP])), offered: () => (isGone ? gone() : Promise.resolve(["add"])) });
  const page = await Page.of(store, { desk: leaving });
  expect((await page.get<ConversationView>("/conversations/c1")).body).toMatchObject({ offeredTools: ["add"], parts: [{ maxBytes: 1_000_000 }, {}, {}, {}] });
  expect((await page.get<TimelinePage>("/conversations/c1/timeline")).body.entries.at(-1)).toMatchObject({ result: { size: 1 } });
  isGone = true;
  page.server.inspector.tell({ type: "agents" });
  expect((await page.get<AgentView[]>("/agents")).body).toEqual([{ ...SHOP, isServed: false }]);
  expect((await page.get<ConversationView>("/conversations/c1")).body).toMatchObject({ offeredTools: [], parts: [{ maxBytes: 1_000_000 }, {}, {}, {}] });
  expect((await page.get<TimelinePage>("/conversations/c1/timeline")).body.entries.at(-1)).toMatchObject({ result: { size: 1 } });
});

test("a conversation that the agents' code cannot use is shown so, with what is stored", async () => {
  const { store } = await shop();
  const { desk: refusing } = desk({ agents: () => Promise.resolve([SHOP]), offered: () => Promise.reject(new StateQuarantinedError("conversation:c1", "state has schema version 2, this code knows 1")) });
  const page = await Page.of(store, { desk: refusing });
  expect((await page.get<ConversationView>("/conversations/c1")).body).toMatchObject({ quarantine: { code: "state_quarantined", message: expect.stringContaining("schema version 2") as string, remedy: expect.stringContaining("quarantine show") as string }, parts: [{ value: { cart: [{ productId: "P1" }] } }, {}, {}, {}] });
});

test("what a desk refuses is said with its code and what to do; what nobody foresaw says nothing", async () => {
  const { store } = await shop();
  const edit = { part: "state", patches: [["set", ["note"], "x"]] };
  const { desk: refusing } = desk({ edit: () => Promise.reject(new ConversimpleError("version_conflict", "The conversation is at version 9.")), signal: () => Promise.reject(new Error("pw=canary")) });
  const page = await Page.of(store, { desk: refusing });
  expect(await page.post("/conversations/c1/edit", edit)).toMatchObject({ status: 409, body: { error: { type: "version_conflict", message: "The conversation is at version 9.", remedy: expect.stringContaining("again") as string } } });
  const answer = await page.post("/conversations/c1/signal", { name: "x" });
  expect([answer.status, answer.text.includes("canary")]).toEqual([500, false]);
  const { desk: hanging, asked } = desk({ edit: never });
  const clock = new SimulatedClock();
  const slow = await Page.of(store, { desk: hanging, clock });
  const waiting = slow.post("/conversations/c1/edit", edit);
  await until(() => asked.length > 0);
  await clock.advance("3m");
  expect(await waiting).toMatchObject({ status: 504, body: { error: { type: "tool_timeout" } } });
});
