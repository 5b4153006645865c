import { randomUUID } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";

import type { ConversationView, TimelinePage } from "../../src/inspector/api.ts";
import { AgentHost } from "../../src/host/agent-host.ts";
import { HostDesk } from "../../src/inspector/host-desk.ts";
import { conversationOwner } from "../../src/state/store.ts";
import { openStore } from "../../src/stores/open.ts";
import { testAgent } from "../../src/testing/test-agent.ts";
import { sharedServer } from "../servers/desk.ts";
import { Page } from "./page.ts";
import { CARD, PIN, Shop } from "./shop.ts";

const redis = await sharedServer("redis");
const cluster = await sharedServer("redis-cluster");
const postgres = await sharedServer("postgres");

const places = [
  ["redis", redis && `${redis}?prefix=inspector-${randomUUID()}:`],
  ["redis cluster", cluster && `${cluster}?prefix=inspector-${randomUUID()}:`],
  ["postgres", postgres && `${postgres}?pool=4&schema=inspector_${randomUUID().replaceAll("-", "")}`],
] as const;

for (const [name, address] of places.filter(([, given]) => given !== undefined)) {
  test(`lists, timelines and events are the same on ${name}`, { timeout: 60_000 }, async () => {
    const [store, reading] = await Promise.all([openStore(address), openStore(address)]);
    onTestFinished(async () => void (await Promise.all([store.close(), reading.close()])));
    await using call = await testAgent(() => new Shop(), { store, conversationId: "c1" });
    // The inspector is another process, with a store of its own.
    const page = await Page.of(reading);
    const listener = await page.listen();
    await call.tool("add", { productId: "P1", quantity: 2 });
    await call.tool("saveCard", { number: CARD });
    const added = await listener.event("commit");
    expect(added).toMatchObject({ row: { conversationId: "c1" }, entry: { version: 2, name: "add", result: "•••" } });
    expect(added.entry.changes!["state"]).toContainEqual(["splice", ["cart"], 0, 0, [{ productId: "P1", quantity: 2 }]]);
    expect(await listener.event("commit")).toMatchObject({ entry: { version: 3, changes: { state: [["set", ["card"], "•••"]] } } });
    await using other = await call.another({ conversationId: "c2" });
    expect(other.id).toBe("c2");
    const listed = await page.get<{ items: { conversationId: string }[] }>("/conversations?agent=shop&status=live");
    expect(listed.body.items.map(({ conversationId }) => conversationId)).toEqual(["c2", "c1"]);
    expect((await page.get<{ items: unknown[] }>("/conversations?search=C1&limit=1")).body.items).toHaveLength(1);
    expect((await page.get<ConversationView>("/conversations/c1")).body).toMatchObject({ version: 3, parts: [{ value: { cart: [{ productId: "P1" }], card: "•••" } }, {}, {}, {}] });
    const { body: timeline } = await page.get<TimelinePage>("/conversations/c1/timeline?after=1");
    expect(timeline).toMatchObject({ entries: [{ name: "add", result: "•••" }, { name: "save_card" }], nextAfter: null });
    const { lastId } = listener;
    listener.leave();
    await call.tool("touch", { value: 1 });
    expect(await (await page.listen(lastId)).event("commit")).toMatchObject({});
    expect(page.faults).toEqual([]);
  });

  test(`an erased customer's forks go with them on ${name}, also those from before they were identified`, { timeout: 60_000 }, async () => {
    const store = await openStore(address);
    onTestFinished(() => store.close());
    const host = await AgentHost.start({ agents: [new Shop()], store, secret: "a secret of sixteen bytes" });
    onTestFinished(() => host.drain(0));
    const desk = new HostDesk({ host });
    const call = (tool: string, input: unknown) => host.invoke({ conversationId: "source", callId: tool, tool, arguments: input });
    await host.open("source", { agentId: "shop" });
    await call("save_card", { number: CARD });
    await desk.fork("source", 2, "child", "inspector");
    await desk.fork("child", 1, "grandchild", "inspector");
    await call("login", { username: "kim", pin: PIN });
    await call("identify", { id: "K-1" });
    expect(await host.forget("K-1")).toMatchObject({ conversations: 3, unreadable: 0 });
    for (const id of ["source", "child", "grandchild"]) expect(await store.load(conversationOwner(id))).toMatchObject({ record: null, facts: { status: "forgotten" } });
  });
}
