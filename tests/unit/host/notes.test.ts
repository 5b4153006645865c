import { expect, test } from "vitest";
import { z } from "zod";

import { cache, ConversimpleAgent, conversationState, customerState, session, tool } from "../../../src/index.ts";
import { AgentHost } from "../../../src/host/agent-host.ts";
import { openEntry } from "../../../src/state/journal.ts";
import { conversationOwner } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent, type TestCall } from "../../../src/testing/index.ts";

const SECRET = "canary-1234";

class NotedAgent extends ConversimpleAgent {
  static override readonly agentId = "noted";
  readonly state = conversationState(z.object({ count: z.number().default(0) }));
  readonly session = session({ user: z.object({ id: z.string() }), lockout: { attempts: 2, perConversation: 3, windowMs: 60_000 } });
  readonly customer = customerState(z.object({ visits: z.number().default(0) }));
  readonly prices = cache({ ttlMs: 1_000, staleMs: 1_000, load: (key: string) => (key === "none" ? Promise.reject(new Error("no such price")) : Promise.resolve(key.length)) });

  login = tool("Log in", { account: z.string(), pin: z.string().meta({ secret: true }) }, async ({ account, pin }) => {
    const user = await this.session.login(account, () => {
      if (pin === "broken") throw new Error("the service is away");
      return pin === SECRET ? { id: `id of ${account}` } : undefined;
    });
    return { success: user !== undefined };
  });
  know = tool("Say who it is", async () => {
    await this.customer.identify("C-1");
    await this.customer.update((profile) => void profile.visits++);
    return this.customer.read();
  });
  price = tool("Look up", { keys: z.array(z.string()) }, { parallel: true }, ({ keys }) => Promise.all(keys.map((key) => this.prices.get(key))));
  pay = tool("Pay", { fails: z.boolean().default(false) }, async ({ fails }) => {
    await this.effect("charge", () => 12);
    await this.effect("receipt", () => (fails ? Promise.reject(new Error("no paper")) : 1));
    return {};
  });
  add = tool("Count", () => ++this.state.count);
  many = tool("Ask a lot", async () => {
    for (let index = 0; index < 100; index++) await this.prices.get("a");
    return {};
  });
}

const start = () => testAgent(() => new NotedAgent());
const notesOf = async (call: TestCall<NotedAgent>) => (await call.journal()).filter(({ unit }) => unit === "tool").map(({ notes }) => notes);
const login = (call: TestCall<NotedAgent>, pin: string, account = "kim") => call.tool("login", { account, pin });

test("an entry says how a login went, how many attempts count, and why the right secret is refused", async () => {
  await using call = await start();
  await login(call, SECRET);
  await call.advance(100);
  await login(call, "wrong");
  await call.advance(100);
  await login(call, "wrong");
  const locked = await login(call, SECRET);
  expect(locked.result).toEqual({ success: false });
  const until = new Date("2026-01-01T00:01:00.100Z").getTime();
  expect(await notesOf(call)).toEqual([
    [{ kind: "login", part: "session", outcome: "accepted" }],
    [{ kind: "login", part: "session", outcome: "wrong", by: "account", attempts: 1, limit: 2 }],
    [{ kind: "login", part: "session", outcome: "wrong", by: "account", attempts: 2, limit: 2, untilMs: until }],
    [{ kind: "login", part: "session", outcome: "locked", by: "account", attempts: 2, limit: 2, untilMs: until }],
  ]);
  await call.advance(until - call.clock.now());
  expect((await login(call, SECRET)).result).toEqual({ success: true });
});

test("an entry says when it is the conversation that has tried enough", async () => {
  await using call = await start();
  for (const account of ["a", "b", "c", "d"]) await login(call, "wrong", account);
  const notes = (await notesOf(call)).flatMap((each) => each ?? []);
  expect(notes.map((note) => note.kind === "login" && [note.outcome, note.by, note.attempts, note.limit])).toEqual([
    ["wrong", "account", 1, 2],
    ["wrong", "account", 1, 2],
    ["wrong", "conversation", 3, 3],
    ["locked", "conversation", 3, 3],
  ]);
});

test("an entry of a login whose check threw says that its attempt counts", async () => {
  await using call = await start();
  await login(call, "broken");
  expect(await notesOf(call)).toEqual([[{ kind: "login", part: "session", outcome: "failed", by: "account", attempts: 1, limit: 2 }]]);
});

test("an entry says what caches gave, and parallel calls keep theirs apart", async () => {
  await using call = await start();
  await Promise.all([call.tool("price", { keys: ["a"] }), call.tool("price", { keys: ["bb", "none"] })]);
  await call.advance("1500ms");
  await call.tool("price", { keys: ["a", "bb"] });
  await call.tool("price", { keys: ["a"] });
  const cached = (outcome: string) => ({ kind: "cache", part: "prices", outcome });
  expect(await notesOf(call)).toEqual([
    [expect.objectContaining(cached("loaded"))],
    [expect.objectContaining(cached("loaded")), expect.objectContaining(cached("failed"))],
    [cached("stale"), cached("stale")],
    [cached("hit")],
  ]);
});

test("an entry says which effects ran, which an earlier delivery had done, and which failed", async () => {
  await using call = await start();
  const failed = await call.tool("pay", { fails: true });
  await call.redeliver(failed);
  const outcomes = (await notesOf(call)).map((notes) => notes?.map((note) => note.kind === "effect" && `${note.name} ${note.outcome}`));
  expect(outcomes).toEqual([
    ["charge ran", "receipt failed"],
    ["charge kept", "receipt failed"],
  ]);
});

test("an entry says what was done with the customer's record, and which version was read", async () => {
  await using call = await start();
  await login(call, SECRET);
  await call.tool("know");
  expect((await notesOf(call))[1]).toEqual([
    { kind: "customer", part: "customer", outcome: "identified", version: 1 },
    { kind: "customer", part: "customer", outcome: "updated", version: 2 },
    { kind: "customer", part: "customer", outcome: "read", version: 2 },
  ]);
});

test("an entry of a unit that did nothing else has no notes, and no unit has more than 32", async () => {
  await using call = await start();
  await call.tool("add");
  await call.tool("many");
  const journal = await call.journal();
  expect(journal.map((entry) => "notes" in entry)).toEqual([false, false, true]);
  expect(journal[2]!.notes).toHaveLength(32);
});

test("no note holds a secret, a key, an id or a value", async () => {
  await using call = await start();
  await login(call, SECRET);
  await call.tool("know");
  await call.tool("price", { keys: [SECRET] });
  const text = JSON.stringify(await notesOf(call));
  for (const value of [SECRET, "kim", "id of kim", "C-1"]) expect(text).not.toContain(value);
});

test("the next entry says how long the platform took to confirm the answer of the one before", async () => {
  const host = await AgentHost.start({ agents: [new NotedAgent()], store: openMemory() });
  const conversationId = "c-1";
  await host.open(conversationId, { agentId: "noted" });
  const call = (callId: string) => host.invoke({ conversationId, callId, tool: "add", arguments: {} });
  await call("1");
  host.confirmed(conversationId, "another", 1);
  host.confirmed(conversationId, "1", 12.34);
  await call("2");
  await call("3");
  // It came late: the call is not the last one any more.
  host.confirmed(conversationId, "2", 99);
  await call("4");
  const owner = conversationOwner(conversationId);
  const entries = (await host.store.history(owner)).map(({ text }) => openEntry(owner, text!));
  expect(entries.map(({ callId, replyBeforeMs }) => [callId, replyBeforeMs])).toEqual([[undefined, undefined], ["1", undefined], ["2", 12.3], ["3", undefined], ["4", undefined]]);
  await host.drain(0);
});
