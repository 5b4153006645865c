import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";

import type { ConversationRow, ConversationView, CustomerView, PartsView, TimelinePage } from "../../src/inspector/api.ts";
import type { Page as Rows } from "../../src/inspector/api.ts";
import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import { conversationOwner, type Store } from "../../src/state/store.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { temporaryFiles } from "../stores/folder.ts";
import { Page } from "./page.ts";
import { CARD, PIN, Shop } from "./shop.ts";

const file = temporaryFiles("inspector");

async function storeAt(address: string): Promise<{ store: Store; clock: SimulatedClock }> {
  const clock = new SimulatedClock();
  const store = await openStore(address, { clock });
  onTestFinished(() => store.close());
  return { store, clock };
}

test.each(["memory", "sqlite"])("a conversation is shown with its parts, its journal and its answers, masked (%s)", async (kind) => {
  const { store, clock } = await storeAt(kind === "memory" ? "memory:" : `sqlite:${file()}`);
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("add", { productId: "P1", quantity: 2 });
  await call.tool("saveCard", { number: CARD });
  await call.tool("tellCard", {});
  await call.tool("order", {});
  await call.tool("explode", {});
  const page = await Page.of(store);

  const { body: view } = await page.get<ConversationView>("/conversations/c1");
  expect(view).toMatchObject({ conversationId: "c1", agentId: "shop", status: "live", mail: 0, isRevealed: false, sessions: [{ part: "session", status: "anonymous" }], offeredTools: [] });
  expect(view.parts.map(({ name, kind: of }) => [name, of])).toEqual([["state", "state"], ["session", "session"], ["profile", "customer"], ["form", "workflow"]]);
  expect(view.parts[0]).toMatchObject({ masks: ["card"], value: { cart: [{ productId: "P1", quantity: 2 }], card: "•••", addedAt: { $date: clock.now() } } });

  const { body: timeline } = await page.get<TimelinePage>("/conversations/c1/timeline");
  expect(timeline.nextAfter).toBeNull();
  const [, add, save, tell, order, explode] = timeline.entries;
  expect(add).toMatchObject({ version: 2, unit: "tool", name: "add", outcome: "ok", arguments: { productId: "P1", quantity: 2 } });
  expect(add!.changes!["state"]).toContainEqual(["splice", ["cart"], 0, 0, [{ productId: "P1", quantity: 2 }]]);
  expect(save).toMatchObject({ name: "save_card", arguments: { number: "•••" }, changes: { state: [["set", ["card"], "•••"]] } });
  expect(tell).toMatchObject({ name: "tell_card", outcome: "ok", result: "•••" });
  expect(order).toMatchObject({ name: "order", outcome: "refused", code: "not_authenticated" });
  expect(order!.remedy).toContain("log");
  expect(explode).toMatchObject({ name: "explode", outcome: "failed", code: "tool_execution_error" });
  expect(typeof add!.commitMs).toBe("number");
  expect(explode!.commitMs).toBeNull();

  const { body: past } = await page.get<PartsView>("/conversations/c1/at/2");
  expect(past).toMatchObject({ version: 2, isRevealed: false });
  expect(past.parts[0]!.value).toMatchObject({ cart: [{ productId: "P1" }], card: null });
  expect(JSON.stringify([view, timeline, past])).not.toContain(CARD);
  expect(page.faults).toEqual([]);
});

test("pages of a timeline are the same, however they are cut", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  for (let index = 0; index < 40; index++) await call.tool("add", { productId: `P${index}` });
  const page = await Page.of(store);
  const { body: whole } = await page.get<TimelinePage>("/conversations/c1/timeline?limit=1000");
  for (const limit of [1, 7, 41]) {
    const cut = [];
    for (let after: number | null = 0; after !== null; ) {
      const { body }: { body: TimelinePage } = await page.get<TimelinePage>(`/conversations/c1/timeline?limit=${limit}&after=${after}`);
      cut.push(...body.entries);
      after = body.nextAfter;
    }
    expect(cut).toEqual(whole.entries);
  }
  expect(whole.entries).toHaveLength(41);
});

test("what is masked is shown for a reason, which is in the journal before it is shown", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("saveCard", { number: CARD });
  const { version } = (await store.load(conversationOwner("c1")))!;
  const page = await Page.of(store);
  expect(await page.post("/conversations/c1/reveal", {})).toMatchObject({ status: 400 });
  expect(await page.post("/conversations/c1/reveal", { reason: "  " })).toMatchObject({ status: 400 });
  expect((await store.inbox(conversationOwner("c1"))).length).toBe(0);

  const { body } = await page.post<PartsView>("/conversations/c1/reveal", { reason: "the customer called" });
  expect(body).toMatchObject({ isRevealed: true, version, parts: [{ value: { card: CARD } }, {}, {}, {}] });
  await call.advance("2m");
  const { body: timeline } = await page.get<TimelinePage>("/conversations/c1/timeline");
  expect(timeline.entries.find(({ name }) => name === "reveal")).toMatchObject({ unit: "outside", reason: "the customer called", source: "inspector" });

  await call.hangUp();
  const past = await page.post<PartsView>("/conversations/c1/reveal", { reason: "again", version });
  expect(past.body).toMatchObject({ isRevealed: true, version, parts: [{ value: { card: CARD } }, {}, {}, {}] });
  const { body: after } = await page.get<TimelinePage>("/conversations/c1/timeline?after=4");
  expect(after.entries.at(-1)).toMatchObject({ name: "reveal", reason: "again" });
});

test("nothing is shown in clear when the reason cannot be written down", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("saveCard", { number: CARD });
  const page = await Page.of(new Proxy(store, { get: (target, key) => (key === "post" ? () => Promise.reject(new Error("the disk is full")) : Reflect.get(target, key, target).bind?.(target) ?? Reflect.get(target, key, target)) }));
  const { status, text } = await page.post("/conversations/c1/reveal", { reason: "to see" });
  expect(status).toBe(500);
  expect(text).not.toContain(CARD);
  expect(page.faults).toHaveLength(1);
});

test("a customer is found by who they are, and shown by a key that says nothing of it", async () => {
  const { store, clock } = await storeAt(`sqlite:${file()}`);
  const { secretFor } = await import("../../src/stores/secret.ts");
  const secret = await secretFor(store, "the secret of the tests");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("login", { username: "kim", pin: PIN });
  await call.tool("identify", { id: "kim@example.com" });
  const page = await Page.of(store, { secret: () => Promise.resolve(secret) });
  // The host of testAgent has a secret of its own: by the key that the conversation names.
  const { body: view } = await page.get<ConversationView>("/conversations/c1");
  const { body: customer } = await page.get<CustomerView>(`/customers/${view.customer}`);
  expect(customer).toMatchObject({ key: view.customer, status: "live", parts: [{ name: "profile", kind: "customer", value: { visits: 1, phone: "•••" } }], conversations: [{ conversationId: "c1" }] });
  expect(await page.get(`/conversations?customer=${view.customer}`)).toMatchObject({ body: { items: [{ conversationId: "c1" }] } });
  expect(await page.post("/customers/find", { customerId: "nobody" })).toMatchObject({ status: 200, body: { key: null } });
  expect(await page.get(`/customers/customer:${"x".repeat(43)}`)).toMatchObject({ status: 404 });
  expect(JSON.stringify([view, customer])).not.toContain("kim@example");

  await call.forget("kim@example.com");
  expect(await page.get(`/customers/${view.customer}`)).toMatchObject({ status: 200, body: { status: "forgotten", parts: [], conversations: [] } });
  expect(await page.get("/conversations/c1")).toMatchObject({ body: { status: "forgotten", parts: [] } });
  expect(await page.post("/conversations/c1/reveal", { reason: "to see" })).toMatchObject({ status: 409 });
});

test("what is masked of a customer is shown from a call of theirs, for a reason in that call's journal", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const page = await Page.of(store);
  const reveal = (fields: object, path = "/conversations/c1/reveal") => page.post<PartsView>(path, { reason: "ticket 4711", customer: true, ...fields });
  expect(await reveal({})).toMatchObject({ status: 404, body: { error: { message: expect.stringContaining("who its customer is") as string } } });
  await call.tool("login", { username: "kim", pin: PIN });
  await call.tool("identify", { id: "kim@example.com" });
  for (const wrong of [{ reason: " " }, { customer: "yes" }, { version: 1 }]) expect(await reveal(wrong)).toMatchObject({ status: 400 });
  expect((await store.inbox(conversationOwner("c1"))).length).toBe(0);

  const { body } = await reveal({});
  expect(body).toMatchObject({ isRevealed: true, parts: [{ name: "profile", kind: "customer", masks: ["phone"], value: { phone: CARD } }] });
  await call.advance("2m");
  const { body: timeline } = await page.get<TimelinePage>("/conversations/c1/timeline");
  expect(timeline.entries.find(({ name }) => name === "reveal")).toMatchObject({ unit: "outside", reason: "the customer's record: ticket 4711", source: "inspector" });

  // Nothing is shown that nobody could write down, and nothing of who was erased.
  const full = await Page.of(new Proxy(store, { get: (target, key) => (key === "post" ? () => Promise.reject(new Error("the disk is full")) : Reflect.get(target, key, target).bind?.(target) ?? Reflect.get(target, key, target)) }));
  const refused = await full.post("/conversations/c1/reveal", { reason: "to see", customer: true });
  expect(refused.status).toBe(500);
  expect(refused.text).not.toContain(CARD);
  await call.forget("kim@example.com");
  expect(await reveal({})).toMatchObject({ status: 409 });
});

test("attempts to log in are counted in the panel of the session", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("login", { username: "kim", pin: PIN });
  const page = await Page.of(store);
  const { body } = await page.get<ConversationView>("/conversations/c1");
  expect(body.sessions).toMatchObject([{ status: "authenticated", user: { id: "u1", name: "•••" } }]);
  expect(JSON.stringify(body)).not.toContain("Canaryname");
});

test("a damaged record is shown with the reason and what to do; the others and the journal stay readable", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("saveCard", { number: CARD });
  const owner = conversationOwner("c1");
  const damaged = new Proxy(store, {
    get(target, key) {
      if (key === "load") return async (wanted: typeof owner) => {
        const loaded = await target.load(wanted);
        return loaded?.record ? { ...loaded, record: loaded.record.replace('"state"', '"stale"') } : loaded;
      };
      if (key === "history") return async (...input: Parameters<Store["history"]>) => (await target.history(...input)).map((entry) => (entry.version === 2 ? { ...entry, text: `${entry.text}x` } : entry));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
  await call.tool("add", { productId: "P1" });
  // A new process begins with a snapshot: what it changed cannot be told behind an entry that is damaged.
  await call.restart();
  await call.tool("add", { productId: "P2" });
  await call.tool("add", { productId: "P3" });
  const page = await Page.of(damaged);
  const { body: view } = await page.get<ConversationView>("/conversations/c1");
  expect(view).toMatchObject({ parts: [], sessions: [], quarantine: { code: "state_quarantined" } });
  expect(view.quarantine!.remedy).toContain("conversimple state quarantine show");
  const { body } = await page.get<TimelinePage>("/conversations/c1/timeline");
  expect(body.entries.filter(({ isUnreadable }) => isUnreadable).map(({ version }) => version)).toEqual([2]);
  const added = body.entries.filter(({ name }) => name === "add");
  expect(added.map(({ changes }) => changes && Object.keys(changes))).toEqual([["state"], null, ["state"]]);
  expect(JSON.stringify([view, body])).not.toContain(CARD);
  expect(await page.get("/conversations/c1/at/1")).toMatchObject({ status: 200 });
  expect(await page.get("/conversations/c1/at/2")).toMatchObject({ status: 404, body: { error: { type: "not_found" } } });
});

test("an encrypted store is read with its keys; without them what is stored is shown as unreadable", async () => {
  const path = file();
  const clock = new SimulatedClock();
  const key = (id: string) => ({ keys: [{ id, key: randomBytes(32) }] });
  const store = await openStore(`sqlite:${path}`, { clock, encryption: key("2026") });
  onTestFinished(() => store.close());
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("add", { productId: "P1" });
  const page = await Page.of(store);
  expect(await page.get("/conversations/c1")).toMatchObject({ body: { parts: [{ value: { cart: [{ productId: "P1" }] } }, {}, {}, {}] } });

  const other = await openStore(`sqlite:${path}`, { clock, encryption: key("2027") });
  onTestFinished(() => other.close());
  const blind = await Page.of(other);
  expect(await blind.get("/conversations")).toMatchObject({ body: { items: [{ conversationId: "c1" }] } });
  expect(await blind.get<ConversationView>("/conversations/c1")).toMatchObject({ status: 200, body: { parts: [], quarantine: { code: "state_quarantined" } } });
  const { body } = await blind.get<TimelinePage>("/conversations/c1/timeline");
  expect(body.entries.every(({ isUnreadable }) => isUnreadable)).toBe(true);
  expect(body.entries.length).toBeGreaterThan(1);
});

test("a state of 900 KiB and markup in it go through as they are, as JSON", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("fill", { kibibytes: 900 });
  const text = `<img src=x onerror="alert(1)">${"x".repeat(900 * 1_024)}`;
  const page = await Page.of(store);
  const answer = await page.get<ConversationView>("/conversations/c1");
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.body.parts[0]).toMatchObject({ value: { note: text }, bytes: expect.any(Number) as number });
  const { body } = await page.get<TimelinePage>("/conversations/c1/timeline");
  expect(body.entries.at(-1)!.changes).toMatchObject({ state: [["set", ["note"], text]] });
});

test("a page of a timeline is bounded in bytes; what is left is on the next one", { timeout: 60_000 }, async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  for (let index = 0; index < 12; index++) await call.tool("fill", { kibibytes: 890 + index });
  const page = await Page.of(store);
  const versions: number[] = [];
  let pages = 0;
  for (let after: number | null = 0; after !== null; pages++) {
    const { body, text }: { body: TimelinePage; text: string } = await page.get<TimelinePage>(`/conversations/c1/timeline?limit=1000&after=${after}`);
    versions.push(...body.entries.map(({ version }) => version));
    expect(text.length).toBeLessThan(6 * 1_048_576);
    after = body.nextAfter;
  }
  expect(versions).toEqual((await store.history(conversationOwner("c1"))).map(({ version }) => version));
  expect(versions.at(-1)).toBe(13);
  expect(pages).toBeGreaterThan(2);
});

test("an export is one JSON file of the whole call, masked", async () => {
  const { store, clock } = await storeAt("memory:");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: 'a "call"' });
  await call.tool("saveCard", { number: CARD });
  const page = await Page.of(store);
  const { headers, body, text } = await page.get<{ conversation: ConversationView; timeline: unknown[] }>(`/conversations/${encodeURIComponent('a "call"')}/export`);
  expect(headers.get("content-disposition")).toBe('attachment; filename="conversation-a__call_.json"');
  expect(body).toMatchObject({ format: 1, conversation: { conversationId: 'a "call"' }, timeline: [{ version: 1 }, { version: 2 }] });
  expect(text).not.toContain(CARD);
});

test("10,000 conversations are listed page by page, found by a part of their id, and none twice", { timeout: 60_000 }, async () => {
  const { store } = await storeAt("memory:");
  for (let index = 0; index < 10_000; index++) await store.commit(conversationOwner(`call-${index}`), { writeId: `w${index}`, expectedVersion: 0, epoch: 0, record: "x", facts: { status: index % 2 ? "live" : "ended", agentId: index % 3 ? "shop" : "desk", customer: null, endReason: null, expiresAtMs: null } });
  const page = await Page.of(store);
  const all = await listed(page, "limit=500");
  expect(all).toHaveLength(10_000);
  expect(new Set(all).size).toBe(10_000);
  expect(await listed(page, "search=call-99&limit=10")).toHaveLength(111);
  expect(await listed(page, "search=CALL-4711")).toEqual(["call-4711"]);
  expect(await listed(page, "search=call-1&limit=3")).toHaveLength(1_111);
  expect(await listed(page, "status=ended&agent=desk&limit=500")).toHaveLength(1_667);
  expect(await listed(page, "search=nowhere")).toEqual([]);
  // What was typed whole stands first.
  expect((await page.get<Rows<ConversationRow>>("/conversations?search=call-1&limit=2")).body.items[0]).toMatchObject({ conversationId: "call-1" });
});

test("a journal of 5,000 entries is read page by page, from any place, without reading it all", { timeout: 60_000 }, async () => {
  const { store, clock } = await storeAt(`sqlite:${file()}`);
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  for (let index = 0; index < 5_000; index++) await call.tool("touch", { value: index });
  let read = 0;
  const counted = new Proxy(store, {
    get(target, key) {
      if (key === "history") return async (...input: Parameters<Store["history"]>) => {
        const entries = await target.history(...input);
        read += entries.length;
        return entries;
      };
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
  const page = await Page.of(counted);
  const { body: last } = await page.get<TimelinePage>("/conversations/c1/timeline?after=4900&limit=200");
  expect(last.entries.map(({ version }) => version)).toEqual(Array.from({ length: 101 }, (_, index) => 4_901 + index));
  expect(last.entries.at(-1)!.changes).toEqual({ state: [["set", ["value"], 4_999]] });
  expect(read).toBeLessThan(101 + 2 * 512);
  read = 0;
  const { body: past } = await page.get<PartsView>("/conversations/c1/at/2501");
  expect(past.parts[0]!.value).toMatchObject({ value: 2_499 });
  expect(read).toBeLessThan(2 * 512 + 1);
  let entries = 0;
  for (let after: number | null = 0; after !== null; ) {
    const { body }: { body: TimelinePage } = await page.get<TimelinePage>(`/conversations/c1/timeline?limit=1000&after=${after}`);
    entries += body.entries.length;
    // Also where a snapshot stands in the journal: what changed is the one field.
    expect(body.entries.filter(({ version, changes }) => version > 2 && JSON.stringify(changes) !== JSON.stringify({ state: [["set", ["value"], version - 2]] }))).toEqual([]);
    after = body.nextAfter;
  }
  expect(entries).toBe(5_001);
});

async function listed(page: Page, query: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: { body: Rows<ConversationRow> } = await page.get<Rows<ConversationRow>>(`/conversations?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    ids.push(...body.items.map(({ conversationId }) => conversationId));
    cursor = body.nextCursor;
  }
  return ids;
}
