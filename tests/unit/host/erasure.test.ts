import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, customerState, ephemeral, openState, session, tool } from "../../../src/index.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { TOMBSTONE_MS } from "../../../src/host/tombstones.ts";
import type { Store } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { interceptedStore } from "../../../src/testing/intercepted-store.ts";
import { testAgent, type TestCall } from "../../../src/testing/index.ts";

const SECRET = "the secret of every test";
const endings: unknown[] = [];

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly state = conversationState(z.object({ cart: z.array(z.string()).default([]), at: z.date().optional() }));
  readonly customer = customerState(z.object({ orders: z.array(z.string()).default([]), since: z.date().optional() }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  readonly client = ephemeral(() => "a client");
  /** What a slow tool waits for. */
  readonly wait: () => Promise<void>;
  constructor(wait: () => Promise<void> = () => Promise.resolve()) {
    super();
    this.wait = wait;
  }
  login = tool("Log in", { id: z.string() }, async ({ id }) => {
    const user = await this.session.login(`login of ${id}`, () => ({ id }));
    await this.customer.identify(user!.id);
  });
  failLogin = tool("Fail to log in", { id: z.string() }, ({ id }) => this.session.login(`login of ${id}`, () => undefined));
  loginSlowly = tool("Log in slowly", { id: z.string() }, async ({ id }) => {
    const user = await this.session.login(`login of ${id}`, () => ({ id }));
    await this.customer.identify(user!.id);
    await this.wait();
  });
  add = tool("Add", { item: z.string() }, async ({ item }) => {
    this.state.cart.push(item);
    this.state.at = this.now();
    await this.customer.update((known) => {
      known.orders.push(item);
      known.since ??= this.now();
    });
    return { size: this.state.cart.length };
  });
  addSlowly = tool("Add slowly", { item: z.string() }, async ({ item }) => {
    this.state.cart.push(item);
    await this.wait();
    return { size: this.state.cart.length };
  });
  updateSlowly = tool("Update the customer late", { item: z.string() }, async ({ item }) => {
    await this.wait();
    await this.customer.update((known) => known.orders.push(item));
  });
  read = tool("Read", async () => ({ id: this.customer.id ?? null, profile: this.customer.id === undefined ? null : await this.customer.read() }));
  override onConversationEnded(reason: string): void {
    endings.push([this.currentConversationId, reason, [...this.state.cart], this.customer.id, this.client.value]);
    this.state.cart.push("from the hook");
  }
}

const calls: TestCall<ShopAgent>[] = [];
afterEach(async () => {
  endings.length = 0;
  for (const call of calls.splice(0)) await call.close();
});
function gate() {
  const arrived = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const wait = () => {
    arrived.resolve();
    return opened.promise;
  };
  return { wait, arrived: arrived.promise, open: () => opened.resolve() };
}
async function start(options: { store?: Store; clock?: SimulatedClock; id?: string; wait?: () => Promise<void> } = {}): Promise<TestCall<ShopAgent>> {
  const { store, clock, id, wait } = options;
  const call = await testAgent(() => new ShopAgent(wait), { ...(store ? { store } : {}), ...(clock ? { clock } : {}), ...(id === undefined ? {} : { conversationId: id }) });
  calls.push(call);
  return call;
}
/** Two processes on one store. */
async function two(wait?: () => Promise<void>) {
  const clock = new SimulatedClock("2026-01-01T09:00:00Z");
  const store = openMemory({ clock });
  const first = await start({ store, clock, id: "c1", ...(wait ? { wait } : {}) });
  const access = await openState(store, { secret: SECRET, clock });
  return { clock, store, first, access };
}
/** Everything of a store as one text. */
async function everything(store: Store): Promise<string> {
  const { items } = await store.list({ limit: 1_000 });
  const texts = await Promise.all(items.map(async ({ owner }) => JSON.stringify([await store.load(owner), await store.history(owner), await store.inbox(owner)])));
  return texts.join("\n");
}
const code = async (call: TestCall<ShopAgent>, name: string, input: unknown = {}) => {
  const turn = await call.tool(name, input);
  return turn.error?.code ?? turn.result;
};

describe("forget", () => {
  test("erases the record, conversations that are over and that go on, accounts and journals, and says how much", async () => {
    const { store, clock, first, access } = await two();
    await first.tool("login", { id: "kim" });
    await first.tool("add", { item: "canary-1" });
    await first.hangUp();
    const second = await first.another({ conversationId: "c2" });
    await second.tool("fail_login", { id: "kim" });
    await second.tool("login", { id: "kim" });
    await second.tool("add", { item: "canary-2" });
    const stranger = await first.another({ conversationId: "c3" });
    await stranger.tool("login", { id: "lee" });
    await stranger.tool("add", { item: "other" });
    expect(await everything(store)).toContain("canary-1");

    const receipt = await access.forget("kim");
    expect(receipt).toMatchObject({ customer: expect.stringMatching(/^customer:[\w-]{43}$/) as string, erasedAt: new Date(clock.now()), rounds: 2, conversations: 2, accounts: 1, unreadable: 0, messages: 0 });
    expect(receipt.records).toBe(4);
    expect(receipt.entries).toBeGreaterThan(8);
    expect(JSON.stringify(receipt)).not.toContain("kim");
    const left = await everything(store);
    expect(left).not.toMatch(/canary|kim/);
    expect(left).toContain("other");
    expect(await access.forget("kim")).toMatchObject({ rounds: 1, conversations: 0, accounts: 0, records: 0, entries: 0 });
    expect(await code(stranger, "add", { item: "P2" })).toEqual({ size: 2 });
  });

  test("a conversation of this process ends at once: its hook finds nothing of what it remembered, and writes nothing", async () => {
    const call = await start({ id: "c1" });
    await call.tool("login", { id: "kim" });
    await call.tool("add", { item: "P1" });
    expect(await call.forget("kim")).toMatchObject({ conversations: 1 });
    expect(await code(call, "add", { item: "P2" })).toBe("conversation_ended");
    await call.restart();
    expect(endings).toEqual([["c1", "forgotten", [], undefined, "a client"]]);
    expect(await call.stored()).toMatchObject({ status: "forgotten", version: expect.any(Number) as number });
    expect(call.errors).toEqual([]);
  });

  test("a conversation of another process ends with its next call, which changes nothing", async () => {
    const { store, first, access } = await two();
    await first.tool("login", { id: "kim" });
    await access.forget("kim");
    const turn = await first.tool("add", { item: "canary" });
    expect(turn.error).toMatchObject({ code: "customer_forgotten" });
    expect(await code(first, "add", { item: "canary" })).toBe("conversation_ended");
    expect(await everything(store)).not.toContain("canary");
    await first.restart();
    expect(endings).toEqual([["c1", "forgotten", [], undefined, "a client"]]);
  });

  test("a call that is delivered again to another process hears that the conversation has ended, not that something was lost", async () => {
    const { first, access } = await two();
    await first.tool("login", { id: "kim" });
    const done = await first.tool("add", { item: "P1" });
    await access.forget("kim");
    const again = await first.tool("add", { item: "P1" }, { callId: done.callId });
    expect(again.error).toMatchObject({ code: "conversation_ended" });
    expect(first.errors).toEqual([]);
  });

  test("a conversation of another process that says nothing ends within a minute", async () => {
    const { first, access } = await two();
    await first.tool("login", { id: "kim" });
    await access.forget("kim");
    await first.advance("61s");
    expect(endings).toEqual([["c1", "forgotten", [], undefined, "a client"]]);
  });

  test("while a tool runs: its late write is refused, its caller hears that the call is over, and nothing comes back", async () => {
    const { wait, arrived, open } = gate();
    const { store, first, access } = await two(wait);
    await first.tool("login", { id: "kim" });
    const running = first.tool("add_slowly", { item: "canary" });
    await arrived;
    await access.forget("kim");
    open();
    expect((await running).error).toMatchObject({ code: "conversation_ended" });
    expect(await everything(store)).not.toContain("canary");
    expect(await access.forget("kim")).toMatchObject({ rounds: 1 });
  });

  test("while a tool runs that updates the customer: the update is refused", async () => {
    const { wait, arrived, open } = gate();
    const { store, first, access } = await two(wait);
    await first.tool("login", { id: "kim" });
    await first.tool("add", { item: "P1" });
    const running = first.tool("update_slowly", { item: "canary" });
    await arrived;
    await access.forget("kim");
    open();
    expect((await running).error).toMatchObject({ code: "customer_forgotten" });
    expect(await everything(store)).not.toContain("canary");
  });

  test("while somebody is just being identified: the conversation that would have been missed erases itself", async () => {
    const { wait, arrived, open } = gate();
    const { store, first, access } = await two(wait);
    // The customer's record is written, the conversation's own commit is not: the erasure cannot find it.
    const running = first.tool("login_slowly", { id: "kim" });
    await arrived;
    expect(await access.forget("kim")).toMatchObject({ conversations: 0, records: 2, accounts: 1 });
    open();
    expect((await running).error).toMatchObject({ code: "conversation_ended" });
    expect((await store.load("conversation:c1"))?.facts.status).toBe("forgotten");
    expect(await access.forget("kim")).toMatchObject({ rounds: 1, records: 0 });
    const other = await first.another();
    expect(await code(other, "login", { id: "kim" })).toBe("customer_forgotten");
  });

  test("while somebody is just being identified, and the store goes away: nothing more is stored before it was looked whether they were erased", async () => {
    const { wait, arrived, open } = gate();
    const { store, first, access } = await two(wait);
    const running = first.tool("login_slowly", { id: "kim" });
    await arrived;
    await access.forget("kim");
    first.faults.next("load", "refused");
    open();
    expect((await running).error).toMatchObject({ code: "state_unavailable" });
    expect((await store.load("conversation:c1"))?.facts.status).toBe("live");
    await first.hangUp();
    expect((await store.load("conversation:c1"))?.facts.status).toBe("forgotten");
    expect(await everything(store)).not.toContain("kim");
  });

  test("a conversation that nobody served meanwhile is erased when somebody opens or ends it", async () => {
    const clock = new SimulatedClock();
    const truth = openMemory({ clock });
    // An index that has not heard of the conversation yet.
    const store = interceptedStore(truth, async (request, run) => {
      if (request.method === "list" && (request.inputs as [{ customer?: string }?])[0]?.customer !== undefined) return { items: [], nextCursor: null } as never;
      return run();
    });
    const call = await start({ store, clock, id: "c1" });
    await call.tool("login", { id: "kim" });
    await call.tool("add", { item: "canary" });
    await call.crash();
    const access = await openState(store, { secret: SECRET, clock });
    await access.forget("kim");
    expect(await everything(truth)).toContain("canary");
    await call.restart();
    expect(await everything(truth)).not.toContain("canary");
    expect(await code(call, "read")).toBe("conversation_ended");
  });

  test("what has expired but was not swept is erased with it", async () => {
    const { store, clock, first, access } = await two();
    await first.tool("login", { id: "kim" });
    await first.tool("add", { item: "canary" });
    await first.hangUp();
    clock.jump(25 * 3_600_000);
    await access.forget("kim");
    clock.jump(-25 * 3_600_000);
    expect(await everything(store)).not.toContain("canary");
  });

  test("two days later the person is somebody new", async () => {
    const { store, clock, first, access } = await two();
    await first.tool("login", { id: "kim" });
    await first.tool("add", { item: "P1" });
    await access.forget("kim");
    await clock.advance(TOMBSTONE_MS - 1_000);
    const early = await start({ store, clock, id: "early" });
    expect(await code(early, "login", { id: "kim" })).toBe("customer_forgotten");
    await early.close();
    await clock.advance("2s");
    const later = await start({ store, clock, id: "later" });
    expect(await code(later, "login", { id: "kim" })).toBeNull();
    expect(await code(later, "read")).toEqual({ id: "kim", profile: { orders: [] } });
  });

  test("a damaged record is erased too, and said", async () => {
    const { store, first, access } = await two();
    await first.tool("login", { id: "kim" });
    const { owner } = (await store.list({ kind: "customer" })).items[0]!;
    const { record, version } = (await store.load(owner))!;
    await store.commit(owner, { writeId: "w", expectedVersion: version, epoch: 0, record: record!.replace("firstSeen", "firstSaen") });
    expect(await access.forget("kim")).toMatchObject({ unreadable: 1, accounts: 1 });
  });

  test("an id that cannot be one is refused", async () => {
    const { access } = await two();
    await expect(access.forget("")).rejects.toMatchObject({ code: "id_invalid" });
    await expect(access.export("a\nb")).rejects.toMatchObject({ code: "id_invalid" });
  });
});

describe("export", () => {
  test("gives record, conversations, journals, answers and accounts in their stored form", async () => {
    const { first, access } = await two();
    await first.tool("login", { id: "kim" });
    await first.tool("add", { item: "P1" });
    const stranger = await first.another({ conversationId: "c3" });
    await stranger.tool("login", { id: "lee" });
    const exported = await access.export("kim");
    expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
    expect(exported).toMatchObject({
      format: 1,
      record: { status: "live", parts: { customer: { version: 1, data: { orders: ["P1"], since: { $date: expect.any(Number) as number } } }, $meta: { data: { lastConversation: "c1" } } } },
      conversations: [{ id: "c1", agentId: "shop", parts: { state: { data: { cart: ["P1"] } }, customer: { data: { id: "kim" } } } }],
      accounts: [{ id: expect.stringMatching(/^[\w-]{43}$/) as string, parts: expect.any(Object) as object }],
    });
    expect(exported.conversations[0]!.journal.at(-1)).toMatchObject({ entry: { unit: "tool", name: "add", arguments: { item: "P1" } }, answer: { size: 1 } });
    expect(exported.record!.journal.map(({ entry }) => (entry as { name: string }).name)).toEqual(["customer identified", "customer update"]);
    expect(JSON.stringify(exported)).not.toContain("lee");
  });

  test("gives all messages that wait, however many they are", async () => {
    const { first, access } = await two();
    await first.tool("login", { id: "kim" });
    await first.crash();
    const names = Array.from({ length: 250 }, (_, index) => `signal-${index}`);
    for (const name of names) await access.signal("c1", name);
    const { inbox } = (await access.export("kim")).conversations[0]!;
    expect(inbox.map((message) => (message as { name: string }).name)).toEqual(names);
  });

  test("of somebody who is not known, or was erased, it is empty", async () => {
    const { first, access } = await two();
    expect(await access.export("nobody")).toMatchObject({ record: null, conversations: [], accounts: [] });
    await first.tool("login", { id: "kim" });
    await access.forget("kim");
    expect(await access.export("kim")).toMatchObject({ record: null, conversations: [], accounts: [] });
  });

  test("what cannot be read is in it as it is stored, with the reason", async () => {
    const { store, first, access } = await two();
    await first.tool("login", { id: "kim" });
    const { owner } = (await store.list({ kind: "customer" })).items[0]!;
    const { record, version } = (await store.load(owner))!;
    const damaged = record!.replace("firstSeen", "firstSaen");
    await store.commit(owner, { writeId: "w", expectedVersion: version, epoch: 0, record: damaged });
    expect((await access.export("kim")).record).toMatchObject({ parts: null, unreadable: { reason: expect.stringContaining("checksum") as string, text: damaged } });
  });
});

test("an erasure that is cut off loses no account: the next one finds them", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  let accountsFail = true;
  const faulty = interceptedStore(store, async ({ method, owner }, run) => {
    if (method === "forget" && owner?.startsWith("account:") && accountsFail) throw new Error("the process is killed");
    return run();
  });
  const call = await testAgent(() => new ShopAgent(), { store: faulty, clock });
  calls.push(call);
  await call.tool("login", { id: "C-1" });
  await call.tool("failLogin", { id: "C-1" });
  await expect(call.forget("C-1")).rejects.toThrow("killed");
  accountsFail = false;
  expect((await call.forget("C-1")).accounts).toBe(1);
});
