import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { ConversimpleAgent, conversationState, openState, tool } from "../../../src/index.ts";
import { AgentHost } from "../../../src/host/agent-host.ts";
import { openMemory } from "../../../src/stores/memory.ts";

class Orders extends ConversimpleAgent {
  static override readonly agentId = "orders";
  readonly state = conversationState(z.object({ status: z.enum(["open", "paid"]).default("open"), signals: z.array(z.string()).default([]), note: z.string().default("") }), { maxBytes: 1_000 });
  override onSignal(name: string, payload: unknown): void {
    this.state.signals.push(`${name}:${String(payload)}`);
  }
  read = tool("Read", () => this.state.status);
  write = tool("Write", { length: z.number() }, ({ length }) => {
    this.state.note = "n".repeat(length);
    return { done: true };
  });
}

async function served() {
  const store = openMemory();
  const host = await AgentHost.start({ agents: [new Orders()], store });
  await host.open("c1", { agentId: "orders" });
  return { store, host };
}

test("a program outside changes a conversation that is served elsewhere, and hears that it was applied", async () => {
  const { store, host } = await served();
  const outside = await openState(store, { agents: [new Orders()], source: "webhook" });
  await outside.updateState("c1", { status: "paid" });
  await outside.signal("c1", "parcel", 7);
  expect(await outside.getState("c1")).toMatchObject({ status: "paid", signals: ["parcel:7"] });
  const outcome = await host.invoke({ conversationId: "c1", callId: "k", tool: "read", arguments: {} });
  expect(outcome).toMatchObject({ kind: "result", json: '"paid"' });
  await outside.close();
  await host.drain(0);
});

test("a program outside takes over a conversation that nobody serves, for its one change", async () => {
  const { store, host } = await served();
  await host.drain(0);
  const outside = await openState(store, { agents: [new Orders()] });
  await outside.updateState("c1", { status: "paid" });
  expect(await outside.getState("c1")).toMatchObject({ status: "paid" });
  await outside.close();
  expect((await store.load("conversation:c1"))?.process).toBeNull();
});

test("an agent that a host serves goes on with that host when the program outside is done with it", async () => {
  const store = openMemory();
  const agent = new Orders();
  const host = await AgentHost.start({ agents: [agent], store });
  await host.open("c1", { agentId: "orders" });
  const elsewhere = openMemory();
  const outside = await openState(elsewhere, { agents: [agent] });
  await outside.close();
  await agent.updateState("c1", { status: "paid" });
  expect(await agent.getState("c1")).toMatchObject({ status: "paid" });
  await host.drain(0);
});

test("a change from outside that the schema refuses is refused with its code, and consumed", async () => {
  const { store, host } = await served();
  const outside = await openState(store, { agents: [new Orders()] });
  await expect(outside.updateState("c1", { status: "stolen" })).rejects.toMatchObject({ code: "state_invalid" });
  expect(await outside.getState("c1")).toMatchObject({ status: "open" });
  expect((await store.load("conversation:c1"))?.mail).toBe(0);
  await outside.close();
  await host.drain(0);
});

test("without the agents a change waits in the inbox for the next owner", async () => {
  const { store, host } = await served();
  await host.drain(0);
  const outside = await openState(store);
  await outside.updateState("c1", { status: "paid" });
  expect(await outside.getState("c1")).toMatchObject({ status: "open" });
  await outside.close();
  const next = await AgentHost.start({ agents: [new Orders()], store });
  await next.open("c1", { agentId: "orders" });
  expect(await next.invoke({ conversationId: "c1", callId: "k", tool: "read", arguments: {} })).toMatchObject({ json: '"paid"' });
  await next.drain(0);
});

test("a conversation that does not exist, or is over, is not written", async () => {
  const { store, host } = await served();
  const outside = await openState(store, { agents: [new Orders()] });
  await expect(outside.updateState("c2", {})).rejects.toMatchObject({ code: "conversation_not_found" });
  await host.close("c1", "done");
  await expect(outside.signal("c1", "late")).rejects.toMatchObject({ code: "conversation_ended" });
  await outside.close();
  await host.drain(0);
});

test("a state that passes 80 % of its limit is warned of once, with sizes and no values", async () => {
  const lines: unknown[] = [];
  const line = (fields: unknown, message: string) => void lines.push({ fields, message });
  const host = await AgentHost.start({ agents: [new Orders()], store: openMemory(), logger: { debug() {}, info() {}, warn: line, error: line } });
  await host.open("c1", { agentId: "orders" });
  const write = (callId: string, length: number) => host.invoke({ conversationId: "c1", callId, tool: "write", arguments: { length } });
  await write("k1", 100);
  expect(lines).toEqual([]);
  await write("k2", 800);
  await write("k3", 810);
  expect(lines).toMatchObject([{ fields: { conversation: "c1", part: "state", limit: 1_000 }, message: expect.stringContaining("near its limit") }]);
  expect(await write("k4", 2_000)).toMatchObject({ kind: "error", code: "state_too_large" });
  await host.drain(0);
});

test("a store that is not there is an error for who only looks; with create, or with agents that may serve, it is made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "open-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const address = (name: string) => `sqlite:${join(folder, name, "state.db")}`;
  await expect(openState(address("typo"))).rejects.toMatchObject({ code: "store_misconfigured", message: `There is no store at ${address("typo")}. One is made when agents run on it.` });
  expect(existsSync(join(folder, "typo"))).toBe(false);
  await (await openState(address("made"), { create: true })).close();
  await (await openState(address("served"), { agents: [new Orders()] })).close();
  await (await openState(address("served"))).close();
  await expect(openState(address("other"), { agents: [new Orders()], create: false })).rejects.toMatchObject({ code: "store_misconfigured" });
});
