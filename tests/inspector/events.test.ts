import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";

import { SimulatedClock } from "../../src/base/simulated-clock.ts";
import type { CustomerView } from "../../src/inspector/api.ts";
import { conversationOwner, type Store } from "../../src/state/store.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { until } from "../cli/program.ts";
import { temporaryFiles } from "../stores/folder.ts";
import { Page, TOKEN } from "./page.ts";
import { CARD, PIN, Shop } from "./shop.ts";

const file = temporaryFiles("inspector-events");

async function opened(address = "memory:"): Promise<{ store: Store; clock: SimulatedClock }> {
  const clock = new SimulatedClock();
  const store = await openStore(address, { clock });
  onTestFinished(() => store.close());
  return { store, clock };
}

/** A store that counts what is asked of it, and whose feed can be away. */
function watched(store: Store): { store: Store; asked: Record<string, number>; away: { isAway: boolean } } {
  const asked: Record<string, number> = {};
  const away = { isAway: false };
  const proxy = new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...input: unknown[]) => {
        asked[String(key)] = (asked[String(key)] ?? 0) + 1;
        if (away.isAway) return Promise.reject(Object.assign(new Error("away"), {}));
        return (value as (...inputs: unknown[]) => unknown).apply(target, input);
      };
    },
  });
  return { store: proxy, asked, away };
}

test("a commit is heard with its row, its changes and its answer, masked", async () => {
  const { store, clock } = await opened(`sqlite:${file()}`);
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const page = await Page.of(store);
  const listener = await page.listen();
  await call.tool("saveCard", { number: CARD });
  await call.tool("tellCard");
  const saved = await listener.event("commit");
  expect(saved).toMatchObject({ row: { conversationId: "c1", agentId: "shop" }, entry: { version: 2, name: "save_card", changes: { state: [["set", ["card"], "•••"]] } }, before: { version: 1 } });
  const told = await listener.event("commit");
  expect(told).toMatchObject({ entry: { version: 3, name: "tell_card", result: "•••" }, before: { version: 2, commitMs: expect.any(Number) as number } });
  expect(JSON.stringify(listener.frames)).not.toContain(CARD);
});

test("who comes back with the last id hears what was missed, once and in order, also after a restart of the server", async () => {
  const { store, clock } = await opened(`sqlite:${file()}`);
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const page = await Page.of(store);
  const first = await page.listen();
  const other = await page.listen();
  await call.tool("add", { productId: "P1" });
  await first.event("commit");
  const { lastId } = first;
  first.leave();
  await call.tool("add", { productId: "P2" });
  await call.tool("add", { productId: "P3" });
  await other.next(({ event }) => event?.type === "commit" && event.entry.version === 4);

  const again = await page.listen(lastId);
  expect([await again.event("commit"), await again.event("commit")].map(({ entry }) => entry.version)).toEqual([3, 4]);

  await page.server.close();
  const later = await Page.of(store);
  const restarted = await later.listen(lastId);
  const heard = [await restarted.event("commit"), await restarted.event("commit")];
  expect(heard.map(({ entry }) => entry.version)).toEqual([3, 4]);
  expect(heard[0]!.entry.changes!["state"]).toContainEqual(["splice", ["cart"], 1, 0, [{ productId: "P2", quantity: 1 }]]);
});

test("who was away for too much, or has an id of another store, hears that everything has to be read again", async () => {
  const { store } = await opened();
  const page = await Page.of(store);
  const stranger = await page.listen("not-an-id-of-this-store");
  expect((await stranger.event("reset")).type).toBe("reset");
  const { lastId } = await page.listen();
  stranger.leave();
  const next = await page.listen("4711");
  expect((await next.event("reset")).type).toBe("reset");
  expect(lastId).toBeDefined();
});

test.each(["memory", "sqlite"])("an id of a store that was there before is found out, though its place is one that will come (%s)", async (kind) => {
  const { store, clock } = await opened(kind === "memory" ? "memory:" : `sqlite:${file()}`);
  const page = await Page.of(store);
  const listener = await page.listen("4711");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("add", { productId: "P1" });
  expect((await listener.next(({ event }) => event !== undefined)).event).toEqual({ type: "reset" });
  await listener.next(({ event }) => event?.type === "commit" && event.entry.name === "add");
});

test("whether an id is one of this store is not guessed while the store does not answer", async () => {
  const { store, clock } = await opened();
  const { store: shaky, away } = watched(store);
  const page = await Page.of(shaky);
  away.isAway = true;
  await (await fetch(`${page.origin}/inspector/api/events`, { headers: { Authorization: `Bearer ${TOKEN}`, "Last-Event-ID": "no id" } })).text();
  away.isAway = false;
  const listener = await page.listen("no id");
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("add", { productId: "P1" });
  await listener.event("reset");
  await listener.next(({ event }) => event?.type === "commit" && event.entry.name === "add");
  expect(page.faults).toEqual([]);
});

test("of a customer who was erased nothing is heard again by who comes back, and who listens hears that it is gone (P22)", async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const time = new SimulatedClock();
  const page = await Page.of(store, { clock: time });
  const [stays, goes] = [await page.listen(), await page.listen()];
  goes.leave();
  await call.tool("identify", { id: "K-1" });
  await call.tool("add", { productId: "canary-product" });
  page.server.inspector.poke();
  await stays.next(({ event }) => event?.type === "commit" && event.entry.name === "add");
  await store.forget(conversationOwner("c1"), { tombstone: true });
  const back = await page.listen(goes.lastId);
  await back.event("conversation");
  expect(JSON.stringify(back.frames)).not.toContain("canary-product");
  await stays.event("conversation");
  await store.commit(conversationOwner("c2"), { writeId: "w", expectedVersion: 0, epoch: 0, record: "x" });
  await time.advance("1s");
  await back.next(({ event }) => event?.type === "commit" && event.row.conversationId === "c2");
  // Told once.
  await time.advance("5m");
  expect(stays.frames.filter(({ event }) => event?.type === "conversation")).toHaveLength(1);
});

test("who listens hears that a conversation was erased, though nothing is committed by that (P22)", async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const time = new SimulatedClock();
  const page = await Page.of(store, { clock: time });
  const listener = await page.listen();
  await call.tool("add", { productId: "P1" });
  page.server.inspector.poke();
  await listener.event("commit");
  await store.forget(conversationOwner("c1"), { tombstone: true });
  await time.advance("1m");
  expect(await listener.event("conversation")).toEqual({ type: "conversation", conversationId: "c1" });
});

test("who listens hears that a customer was erased, and a conversation of which nothing was heard before (P22)", async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await call.tool("login", { username: "kim", pin: PIN });
  await call.tool("identify", { id: "K-1" });
  await call.hangUp();
  const time = new SimulatedClock();
  const page = await Page.of(store, { clock: time });
  const listener = await page.listen();
  const key = (await store.list({ kind: "customer" })).items[0]!.owner;
  expect((await page.get<CustomerView>(`/customers/${key}`)).body).toMatchObject({ status: "live", conversations: [{ conversationId: "c1" }] });
  await call.forget("K-1");
  await time.advance("1m");
  expect(await listener.event("conversation")).toEqual({ type: "conversation", conversationId: "c1" });
  const { version, ...event } = await listener.event("customer");
  expect(event).toEqual({ type: "customer", key });
  expect((await page.get<CustomerView>(`/customers/${key}`)).body).toMatchObject({ status: "forgotten", version, parts: [], conversations: [] });
  // Told once.
  await time.advance("5m");
  expect(listener.frames.filter(({ event: told }) => told !== undefined)).toHaveLength(2);
});

test("who comes back hears of what was erased meanwhile, also after a restart of the server; who begins, of nothing before (P22)", async () => {
  const { store } = await opened();
  const keys = ["customer:a", "customer:b", "customer:c"] as const;
  for (const key of keys) await store.commit(key, { writeId: key, expectedVersion: 0, epoch: 0, record: "x" });
  await store.forget(keys[0], { tombstone: true });
  const time = new SimulatedClock();
  const first = await Page.of(store, { clock: time });
  const [stays, goes] = [await first.listen(), await first.listen()];
  goes.leave();
  await store.forget(keys[1], { tombstone: true });
  await time.advance("1m");
  expect(await stays.event("customer")).toMatchObject({ key: keys[1] });
  expect(await (await first.listen(goes.lastId)).event("customer")).toMatchObject({ key: keys[1] });
  await store.forget(keys[2], { tombstone: true });
  const second = await Page.of(store, { clock: time });
  await store.commit("conversation:later", { writeId: "later", expectedVersion: 0, epoch: 0, record: "x" });
  const back = await second.listen(goes.lastId);
  expect([await back.event("customer"), await back.event("customer"), await back.event("customer")].map((event) => event.key).toSorted()).toEqual(keys);
  expect(stays.frames.flatMap(({ event }) => (event?.type === "customer" ? event.key : []))).not.toContain(keys[0]);
});

test("more erasures than anybody can look at are one reset", async () => {
  const { store } = await opened();
  const time = new SimulatedClock();
  const page = await Page.of(store, { clock: time });
  const listener = await page.listen();
  await Promise.all(Array.from({ length: 1_100 }, (_, index) => store.forget(conversationOwner(`c${index}`), { tombstone: true })));
  await time.advance("1m");
  await listener.event("reset");
  expect(listener.frames.filter(({ event }) => event !== undefined)).toHaveLength(1);
});

test("more commits than anybody can look at are one reset, and the ones after it are heard", async () => {
  const { store } = await opened();
  const page = await Page.of(store);
  const listener = await page.listen();
  await Promise.all(Array.from({ length: 3_000 }, (_, index) => store.commit(conversationOwner(`c${index}`), { writeId: `w${index}`, expectedVersion: 0, epoch: 0, record: "x" })));
  page.server.inspector.poke();
  await listener.event("reset");
  await store.commit(conversationOwner("last"), { writeId: "last", expectedVersion: 0, epoch: 0, record: "x" });
  await listener.next(({ event }) => event?.type === "commit" && event.row.conversationId === "last");
  expect(listener.frames.length).toBeLessThan(1_100);
});

test("however many listen, the store is asked once; nobody listens, nothing is asked", async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const { store: counted, asked } = watched(store);
  const time = new SimulatedClock();
  const page = await Page.of(counted, { clock: time });
  const listeners = await Promise.all(Array.from({ length: 20 }, () => page.listen()));
  const before = asked["load"] ?? 0;
  await call.tool("add", { productId: "P1" });
  page.server.inspector.poke();
  await Promise.all(listeners.map((listener) => listener.event("commit")));
  expect((asked["load"] ?? 0) - before).toBe(1);
  for (const listener of listeners) listener.leave();
  await until(() => page.server.inspector.listeners === 0);
  const feeds = asked["feed"];
  await time.advance("1m");
  expect(asked["feed"]).toBe(feeds);
  // Who comes later begins where it is now.
  await call.tool("add", { productId: "P2" });
  const late = await page.listen();
  await call.tool("add", { productId: "P3" });
  page.server.inspector.poke();
  expect((await late.event("commit")).entry.version).toBe(4);
});

test("a reader that does not read is cut; the others hear everything", { timeout: 60_000 }, async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const page = await Page.of(store);
  const listener = await page.listen();
  const socket = connect(page.server.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /inspector/api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await new Promise((resolve) => socket.once("readable", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  // Nothing is read of it from here on: 30 events of 900 KiB are more than any buffer between.
  for (let index = 0; index < 30; index++) {
    await call.tool("fill", { kibibytes: index % 2 ? 900 : 890 });
    await listener.next(({ event }) => event?.type === "commit");
  }
  expect(page.server.inspector.listeners).toBe(1);
  let bytes = 0;
  socket.on("data", (chunk) => (bytes += chunk.length));
  await closed;
  expect(bytes).toBeLessThan(20 * 900 * 1_024);
  await call.tool("add", { productId: "P1" });
  await listener.next(({ event }) => event?.type === "commit" && event.entry.name === "add");
});

test("one more listener than there may be is told so, and there is a place again when one leaves", async () => {
  const { store } = await opened();
  const page = await Page.of(store);
  const listeners = await Promise.all(Array.from({ length: 64 }, () => page.listen()));
  expect(await page.get("/events")).toMatchObject({ status: 503, body: { error: { type: "overloaded" } } });
  listeners[0]!.leave();
  await listeners[0]!.over;
  for (;;) if (await page.listen().then(() => true, () => false)) break;
});

test("what happens beside the store is heard without a place in it", async () => {
  const { store } = await opened();
  const page = await Page.of(store);
  const listener = await page.listen();
  page.server.inspector.tell({ type: "threw", message: "TypeError: a fuse blew", places: ["agent.ts:1:1"] });
  const frame = await listener.next(({ event }) => event?.type === "threw");
  expect(frame).toEqual({ id: undefined, event: { type: "threw", message: "TypeError: a fuse blew", places: ["agent.ts:1:1"] } });
});

test("whoever comes while the agents cannot run hears why, and no more once they can", async () => {
  const { store } = await opened();
  const page = await Page.of(store);
  const broken = { type: "agents", failure: { message: "agent.ts:1: SyntaxError" } } as const;
  page.server.inspector.tell(broken);
  const came = await page.listen();
  expect(await came.next(({ event }) => event?.type === "agents")).toEqual({ id: undefined, event: broken });
  page.server.inspector.tell({ type: "agents" });
  const later = await page.listen();
  page.server.inspector.tell({ type: "threw", message: "later", places: [] });
  expect((await later.next(({ event }) => event !== undefined)).event).toMatchObject({ type: "threw" });
});

test("a store that is away for a while loses no event", { timeout: 30_000 }, async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  const { store: shaky, away } = watched(store);
  const page = await Page.of(shaky);
  const listener = await page.listen();
  away.isAway = true;
  await call.tool("add", { productId: "P1" });
  page.server.inspector.poke();
  await until(() => page.faults.length > 0);
  away.isAway = false;
  await call.tool("add", { productId: "P2" });
  expect([(await listener.event("commit")).entry.version, (await listener.event("commit")).entry.version]).toEqual([2, 3]);
});

test("a commit that cannot be shown is heard of, and stops no other", async () => {
  const { store, clock } = await opened();
  await using call = await testAgent(() => new Shop(), { store, clock, conversationId: "c1" });
  await using other = await call.another({ conversationId: "c2" });
  const broken = new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...input: unknown[]) => (key === "history" && input[0] === conversationOwner("c1") ? Promise.reject(new Error("nobody foresaw this")) : (value as (...inputs: unknown[]) => unknown).apply(target, input));
    },
  });
  const page = await Page.of(broken);
  const listener = await page.listen();
  await call.tool("add", { productId: "P1" });
  await other.tool("add", { productId: "P2" });
  expect(await listener.event("conversation")).toEqual({ type: "conversation", conversationId: "c1" });
  expect(await listener.event("commit")).toMatchObject({ row: { conversationId: "c2" }, entry: { name: "add" } });
  expect(page.faults).toHaveLength(1);
});

test("a comment now and then tells a silent page that the server is there", async () => {
  const { store } = await opened();
  const time = new SimulatedClock();
  const page = await Page.of(store, { clock: time });
  const listener = await page.listen();
  await time.advance("31s");
  await until(() => listener.comments.length >= 3);
  expect(listener.comments).toEqual([": listening", ": still here", ": still here"]);
});

test("the streams end when the inspector ends", async () => {
  const { store } = await opened();
  const page = await Page.of(store);
  const listener = await page.listen();
  expect(page.server.inspector.listeners).toBe(1);
  await page.server.close();
  await listener.over;
  expect(page.server.inspector.listeners).toBe(0);
});
