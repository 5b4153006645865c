import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import { AgentHost } from "../../src/host/agent-host.ts";
import { CustomerData } from "../../src/host/customer-data.ts";
import { ConversimpleAgent, conversationState, customerState, session, tool, ToolError, workflow } from "../../src/index.ts";
import { HostDesk } from "../../src/inspector/host-desk.ts";
import { openEntry } from "../../src/state/journal.ts";
import { conversationOwner, type Store } from "../../src/state/store.ts";
import { openRecord } from "../../src/state/record.ts";
import { openMemory } from "../../src/stores/memory.ts";

class DeskAgent extends ConversimpleAgent {
  static override readonly agentId = "desk";
  readonly heard: unknown[] = [0];
  readonly state = conversationState(z.object({ names: z.array(z.string()).default([]), count: z.number().int().default(0), at: z.date().nullable().default(null), phone: z.string().default("").meta({ pii: true }) }), { version: 3, upgrade: { 1: (old) => old, 2: (old) => old } });
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly customer = customerState(z.object({ plan: z.enum(["basic", "gold"]).default("basic"), phone: z.string().default("").meta({ pii: true }) }));
  readonly booking = workflow({
    data: { guests: z.number().int().max(8) },
    check: ({ guests }) => guests !== 7 || "Seven do not fit.",
    initial: "asking",
    steps: { asking: { needs: ["guests"], to: ["asked"] }, asked: { deadlineMs: 3_600_000, onDeadline: "over", to: ["over"] }, over: { final: true } },
  });

  add = tool("Add", { name: z.string() }, ({ name }) => this.state.names.push(name));
  login = tool("Log in", { account: z.string() }, async ({ account }) => {
    await this.session.login(account, () => ({ id: account }));
    await this.customer.identify(account);
    return {};
  });
  plan = tool("Say the plan", {}, { requires: this.session }, () => this.customer.read());
  phone = tool("Say the phone", {}, { result: z.object({ phone: z.string().meta({ pii: true }) }) }, () => ({ phone: "555-canary" }));
  fail = tool("Fail", () => {
    throw new ToolError("No.");
  });

  override onError(error: unknown): void {
    this.heard.push(error);
  }

  override onSignal(name: string, payload: unknown): void {
    if (name === "bad") throw new Error("no such signal");
    this.heard.push([name, payload]);
  }
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function deskOn(store: Store = openMemory(), secret = "a secret of sixteen bytes") {
  const host = await AgentHost.start({ agents: [new DeskAgent()], store, secret });
  closing.push(() => host.drain(0));
  const desk = new HostDesk({ host, sources: new Map([["desk", { file: `${process.cwd()}/agents/desk.ts`, name: "DeskAgent", isInstance: false }]]) });
  return { host, desk, store, agent: [...host.definitions.values()][0]!.agent as DeskAgent };
}

async function served(conversationId = "c1") {
  const all = await deskOn();
  await all.host.open(conversationId, { agentId: "desk" });
  return all;
}

async function stored(store: Store, id: string) {
  const loaded = (await store.load(conversationOwner(id)))!;
  return { ...loaded, parts: Object.fromEntries(openRecord(loaded.owner, loaded.version, loaded.record!)) };
}

async function lastEntry(store: Store, id: string) {
  const owner = conversationOwner(id);
  return openEntry(owner, (await store.history(owner)).at(-1)!.text!);
}

test("the agents are described with the file that exports them", async () => {
  const { desk } = await deskOn();
  expect(await desk.agents()).toMatchObject([{ agentId: "desk", isServed: true, file: "agents/desk.ts" }]);
});

test("who edits hears why it was refused, and nobody else: it is no failure of the agent", async () => {
  const { desk, agent } = await served();
  await expect(desk.edit("c1", { part: "state", patches: [["set", ["count"], "many"]] }, "inspector")).rejects.toMatchObject({ code: "state_invalid" });
  await expect(desk.edit("c1", { part: "booking", patches: [["set", ["data", "guests"], 7]] }, "inspector")).rejects.toMatchObject({ code: expect.any(String) as string });
  expect(agent.heard).toEqual([0]);
  // A signal's handler is the agent's own code.
  await expect(desk.signal("c1", "bad", null, "inspector")).rejects.toMatchObject({ code: expect.any(String) as string });
  expect(agent.heard).toEqual([0, expect.objectContaining({ message: "no such signal" })]);
});

test("an edit is a unit of its owner: checked, journalled with its source, and its version is told", async () => {
  const { desk, host, store } = await served();
  const at = { $date: 1_767_225_600_000 };
  const { version } = await desk.edit("c1", { part: "state", patches: [["splice", ["names"], 0, 0, ["Kim"]], ["set", ["at"], at]], expectedVersion: 1 }, "inspector");
  expect(version).toBe(2);
  expect(await stored(store, "c1")).toMatchObject({ version: 2, parts: { state: { version: 3, data: { names: ["Kim"], at: new Date("2026-01-01") } } } });
  expect(await lastEntry(store, "c1")).toMatchObject({ unit: "outside", name: "edit", outcome: "ok", source: "inspector" });
  // The owner goes on from it.
  expect(await host.invoke({ conversationId: "c1", callId: "1", tool: "add", arguments: { name: "Lee" } })).toMatchObject({ json: "2" });
});

test("an edit of a conversation that nobody serves is applied, and it is given up again", async () => {
  const { desk, host, store } = await served();
  await host.drain(0);
  const second = await deskOn(store);
  expect(await second.desk.edit("c1", { part: "state", patches: [["set", ["count"], 5]] }, "inspector")).toEqual({ version: 2 });
  expect((await stored(store, "c1")).process).toBeNull();
  expect(second.host.conversations.size).toBe(0);
  expect(await desk.offered("c1")).toEqual([]);
});

const REFUSED: readonly [name: string, part: string, patch: unknown, code: string, message: RegExp][] = [
  ["a value that the schema refuses", "state", ["set", ["count"], "many"], "state_invalid", /state\.count is not valid/],
  ["a field that the schema does not name", "state", ["set", ["total"], 1], "state_invalid", /state\.total/],
  ["a step that leads nowhere", "state", ["set", ["cart", "items"], 1], "state_invalid", /state\.cart\.items lies in something/],
  ["a hole in a list", "state", ["set", ["names", 5], "x"], "state_invalid", /use splice/],
  ["a step into a prototype", "state", ["set", ["__proto__", "polluted"], true], "state_invalid", /prototype/],
  ["a step into the prototype of a list", "state", ["set", ["names", "constructor", "prototype", "polluted"], true], "state_invalid", /prototype/],
  ["a mask that was shown in the place of a value", "state", ["set", ["phone"], "•••"], "state_invalid", /mask/],
  ["what is no step", "state", ["grow", ["names"]], "state_invalid", /none of set, cut and splice/],
  ["a tag that stands for nothing", "state", ["set", ["at"], { $date: "never" }], "state_invalid", /cannot be read/],
  ["a part that is not there", "cart", ["set", ["x"], 1], "option_invalid", /has no durable part "cart".*state, session, customer, booking/],
  ["somebody who is logged in by hand", "session", ["set", [], { status: "authenticated" }], "read_only", /nobody becomes logged in/],
  ["another customer", "customer", ["set", ["id"], "C-2"], "read_only", /only the agent's own code identifies/],
  ["a step that a workflow does not have", "booking", ["set", ["step"], "paid"], "state_invalid", /not a step/],
  ["fields of a workflow that are not valid", "booking", ["set", ["data", "guests"], 80], "state_invalid", /booking\.guests/],
  ["fields of a workflow that do not fit together", "booking", ["set", ["data", "guests"], 7], "refused", /refused/],
];

test.each(REFUSED)("an edit is refused, journalled and changes nothing: %s", async (_name, part, patch, code, message) => {
  const { desk, store } = await served();
  const before = (await stored(store, "c1")).parts;
  await expect(desk.edit("c1", { part, patches: [patch as never] }, "inspector")).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  expect((await stored(store, "c1")).parts).toEqual(before);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test("an edit of another version than the conversation has by then is a conflict", async () => {
  const { desk, host, store } = await served();
  await host.invoke({ conversationId: "c1", callId: "1", tool: "add", arguments: { name: "Kim" } });
  await expect(desk.edit("c1", { part: "state", patches: [["set", ["count"], 1]], expectedVersion: 1 }, "inspector")).rejects.toMatchObject({ code: "version_conflict", message: expect.stringContaining("version 2") as string });
  expect(await lastEntry(store, "c1")).toMatchObject({ outcome: "failed", code: "version_conflict", source: "inspector" });
});

test("a workflow that is set to a step by hand is there since now", async () => {
  const { desk, store } = await served();
  const before = Date.now();
  await desk.edit("c1", { part: "booking", patches: [["set", ["step"], "asked"]] }, "inspector");
  const { since } = (await stored(store, "c1")).parts.booking!.data as { since: number };
  expect(since).toBeGreaterThanOrEqual(before);
});

test("edits of conversations that are over or not there are refused", async () => {
  const { desk } = await served();
  await desk.end("c1", "done");
  const edit = { part: "state", patches: [["set", ["count"], 1]] } as const;
  await expect(desk.edit("c1", edit, "inspector")).rejects.toMatchObject({ code: "conversation_ended" });
  await expect(desk.edit("c2", edit, "inspector")).rejects.toMatchObject({ code: "conversation_not_found" });
  await expect(desk.end("c2", "done")).rejects.toMatchObject({ code: "conversation_not_found" });
});

test("a signal reaches its hook, and a hook that refuses it is told", async () => {
  const { desk, agent } = await served();
  expect(await desk.signal("c1", "paid", { amount: 3 }, "inspector")).toEqual({ version: 2 });
  expect(agent.heard).toEqual([0, ["paid", { amount: 3 }]]);
  await expect(desk.signal("c1", "bad", {}, "inspector")).rejects.toMatchObject({ code: "tool_execution_error" });
});

test("a customer is prepared before the first call, by the schema and with a source", async () => {
  const { desk, host, store } = await served();
  const { key, version } = await desk.editCustomer("desk", "C-1", [["set", ["plan"], "gold"]], "inspector");
  expect(version).toBe(1);
  const entry = openEntry(key as never, (await store.history(key as never)).at(-1)!.text!);
  expect(entry).toMatchObject({ unit: "outside", name: "customer edit", source: "inspector" });
  await host.invoke({ conversationId: "c1", callId: "1", tool: "login", arguments: { account: "C-1" } });
  expect(await desk.call("c1", "plan", {}, "2")).toEqual({ kind: "result", callId: "2", result: { plan: "gold", phone: "" } });
  await expect(desk.editCustomer("desk", "C-1", [["set", ["plan"], "iron"]], "inspector")).rejects.toMatchObject({ code: "state_invalid" });
  await expect(desk.editCustomer("nobody", "C-1", [], "inspector")).rejects.toMatchObject({ code: "option_invalid" });
});

test("a call gives its masked result, or its error; where it is not served it says so", async () => {
  const { desk, store } = await served();
  expect(await desk.call("c1", "phone", undefined, "1")).toEqual({ kind: "result", callId: "1", result: { phone: "•••" } });
  expect(await desk.call("c1", "add", { name: 5 }, "2")).toMatchObject({ kind: "error", error: { type: "invalid_parameters" } });
  expect(await desk.call("c1", "fail", {}, undefined)).toMatchObject({ kind: "result", result: { error: "tool_error" } });
  const other = await deskOn(store);
  await expect(other.desk.call("c1", "phone", {}, "3")).rejects.toMatchObject({ code: "conversation_not_found" });
  await expect(other.desk.end("c1", "done")).rejects.toMatchObject({ code: "conversation_not_found" });
});

test("a fork has the state of its version with schema version and masks, no answers, and says where it comes from", async () => {
  const { desk, host, store } = await served();
  await host.invoke({ conversationId: "c1", callId: "1", tool: "login", arguments: { account: "C-1" } });
  for (const name of ["Kim", "Lee", "Ann"]) await host.invoke({ conversationId: "c1", callId: name, tool: "add", arguments: { name } });
  const made = await desk.fork("c1", 4, undefined, "inspector");
  const again = await desk.fork("c1", 4, undefined, "inspector");
  expect(made).toMatchObject({ version: 1, agentId: "desk" });
  expect(made.conversationId).toMatch(/^c1-fork-[a-z2-9]{4}$/);
  expect(again.conversationId).not.toBe(made.conversationId);
  // Of a fork too the first one is named: ids do not grow from fork to fork.
  expect((await desk.fork(made.conversationId, 1, undefined, "inspector")).conversationId).toMatch(/^c1-fork-[a-z2-9]{4}$/);
  const found = await stored(store, made.conversationId);
  expect(found).toMatchObject({ version: 1, process: null, calls: [], mail: 0, facts: { status: "live", agentId: "desk", customer: (await stored(store, "c1")).facts.customer } });
  expect(found.parts).toMatchObject({ state: { version: 3, mask: ["phone"], data: { names: ["Kim", "Lee"] } }, session: { data: { status: "authenticated" } } });
  expect(await lastEntry(store, made.conversationId)).toMatchObject({ unit: "outside", name: "fork", source: "inspector", reason: "from c1 at version 4", snapshot: { state: { version: 3, mask: ["phone"] } } });
  // It goes on: the same call id is another call there, and the source does not notice.
  await host.open(made.conversationId, { agentId: "desk" });
  expect(await host.invoke({ conversationId: made.conversationId, callId: "Kim", tool: "add", arguments: { name: "Zoe" } })).toMatchObject({ json: "3", repeated: false });
  expect((await stored(store, "c1")).parts.state).toMatchObject({ data: { names: ["Kim", "Lee", "Ann"] } });
});

test("a conversation that is over can be forked; a version, an id or an agent that is not there cannot", async () => {
  const { desk, store } = await served();
  await desk.end("c1", "done");
  expect((await desk.fork("c1", 1, "new", "inspector")).conversationId).toBe("new");
  await expect(desk.fork("c1", 1, "new", "inspector")).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining("already") as string });
  await expect(desk.fork("c1", 9, undefined, "inspector")).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining("no version 9") as string });
  await expect(desk.fork("c2", 1, undefined, "inspector")).rejects.toMatchObject({ code: "conversation_not_found" });
  await expect(desk.fork("c1", 1, "a\nb", "inspector")).rejects.toMatchObject({ code: "id_invalid" });
  await store.commit(conversationOwner("other"), { writeId: "1", expectedVersion: 0, epoch: 0, record: "x", facts: { agentId: "other" } });
  await expect(desk.fork("other", 1, undefined, "inspector")).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining('No agent "other"') as string });
});

test("two forks to one id at the same time: one is made", async () => {
  const { desk } = await served();
  const made = await Promise.allSettled([desk.fork("c1", 1, "new", "a"), desk.fork("c1", 1, "new", "b")]);
  expect(made.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

test("what is quarantined or was erased is not forked", async () => {
  const { desk, host, store } = await served();
  await host.invoke({ conversationId: "c1", callId: "1", tool: "login", arguments: { account: "C-1" } });
  const before = await stored(store, "c1");
  await store.commit(before.owner, { writeId: "broken", expectedVersion: before.version, epoch: before.epoch, record: "{}" });
  await expect(desk.fork("c1", 1, undefined, "inspector")).rejects.toMatchObject({ code: "state_quarantined" });
  await host.open("c2", { agentId: "desk" });
  await host.invoke({ conversationId: "c2", callId: "1", tool: "login", arguments: { account: "C-2" } });
  await new CustomerData(host.settings).forget("C-2");
  await expect(desk.fork("c2", 1, undefined, "inspector")).rejects.toMatchObject({ code: "conversation_not_found" });
});

test("where real people call, nobody is logged in in a fork, and its end is no call of the customer", async () => {
  const { desk, host, store } = await served();
  await host.invoke({ conversationId: "c1", callId: "1", tool: "login", arguments: { account: "C-1" } });
  await host.invoke({ conversationId: "c1", callId: "2", tool: "add", arguments: { name: "Kim" } });
  await desk.end("c1", "done");
  const production = new HostDesk({ host, isProduction: true });
  const { facts } = await stored(store, "c1");
  const made = await production.fork("c1", 3, "copy", "inspector");
  const found = await stored(store, made.conversationId);
  expect(found.facts.customer).toBe(facts.customer);
  expect(found.parts).toMatchObject({ state: { data: { names: ["Kim"] } }, session: { data: { status: "anonymous" } }, customer: { data: { id: null } } });
  const before = (await store.load(facts.customer as never))!.version;
  await host.open("copy", { agentId: "desk" });
  expect(await host.invoke({ conversationId: "copy", callId: "3", tool: "plan", arguments: {} })).toMatchObject({ json: expect.stringContaining("not_authenticated") as string });
  await production.end("copy", "done");
  expect((await store.load(facts.customer as never))!.version).toBe(before);
});

test.each([["in dev", false], ["where real people call", true]])("an erased customer's forks go with them %s, also one of a version before they were identified", async (_where, isProduction) => {
  const { host, store } = await served();
  const desk = new HostDesk({ host, isProduction });
  await host.invoke({ conversationId: "c1", callId: "1", tool: "login", arguments: { account: "C-1" } });
  for (const [id, version] of [["early", 1], ["late", 2]] as const) await desk.fork("c1", version, id, "inspector");
  await host.forget("C-1");
  for (const id of ["early", "late"]) expect(await store.load(conversationOwner(id))).toMatchObject({ record: null, facts: { status: "forgotten" } });
});

test("a conversation that was erased while it was forked leaves no fork", async () => {
  const { desk, store } = await served();
  const { commit } = store;
  store.commit = async (owner, change) => {
    if (owner === conversationOwner("copy")) await store.forget(conversationOwner("c1"), { tombstone: true });
    return commit.call(store, owner, change);
  };
  await expect(desk.fork("c1", 1, "copy", "inspector")).rejects.toMatchObject({ code: "customer_forgotten" });
  expect(await store.load(conversationOwner("copy"))).toMatchObject({ record: null, facts: { status: "forgotten" } });
});

test("the length of a list is no item of it", async () => {
  const { desk } = await served();
  await expect(desk.edit("c1", { part: "state", patches: [["set", ["names", "length"], 0]] }, "inspector")).rejects.toMatchObject({ code: "state_invalid" });
});
