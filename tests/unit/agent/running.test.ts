import { AsyncResource } from "node:async_hooks";
import { EventEmitter, once } from "node:events";

import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, ephemeral, snapshot, tool } from "../../../src/index.ts";
import { gate, HostBench } from "../host/bench.ts";

const outside = (wanted: string) => expect.objectContaining({ code: "no_conversation", message: expect.stringContaining(wanted) as string }) as Error;

class ContextAgent extends ConversimpleAgent {
  static override readonly agentId = "context";
  readonly state = conversationState(z.object({ n: z.number().default(0), names: z.array(z.string()).default([]) }));
  readonly memory = ephemeral(() => [] as string[]);
  readonly bus = new EventEmitter();
  readonly gates = { step: gate() };
  readonly said: unknown[] = [];

  add = tool("Add", () => ++this.state.n);
  /** Listeners run in the context of whoever emits: bind carries this conversation along. */
  listen = tool("Listen", () => {
    this.bus.on("plain", () => this.#say());
    this.bus.on("bound", this.bind(() => this.#say()));
    this.memory.value.push(this.currentConversationId!);
  });
  boundInside = tool("Bound inside", async () => {
    const add = this.bind((by: number) => (this.state.n += by));
    await new Promise<void>((resolve) => {
      this.bus.once("go", () => {
        add(5);
        resolve();
      });
      this.bus.emit("ready");
    });
    return this.state.n;
  });
  steps = tool("Steps", { name: z.string() }, async ({ name }) => {
    const seen: unknown[] = [];
    const look = () => seen.push(this.currentConversationId, this.conversation.id, this.call.callId.length > 0);
    look();
    await Promise.resolve();
    look();
    await new Promise((resolve) => setImmediate(resolve));
    look();
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    await this.gates.step.opened;
    look();
    this.state.names.push(name);
    for (const _ of [1, 2, 3]) {
      await new Promise((resolve) => setImmediate(resolve));
      this.state.names.push(name);
      this.memory.value.push(name);
    }
    return { seen: [...new Set(seen)], names: this.state.names, memory: this.memory.value };
  });
  info = tool("Info", () => ({ now: this.now(), created: this.conversation.createdAt, key: this.call.idempotencyKey, same: this.getState() === this.state, copy: snapshot(this.state) }));
  own = tool("Own", async () => {
    await this.updateState({ n: 5 });
    await this.updateState(this.currentConversationId!, { names: ["x"] });
    const committed = await this.getState(this.currentConversationId!);
    return { draft: this.state.n, committed: committed?.n };
  });
  #say() {
    try {
      this.said.push(this.state.n);
    } catch (thrown) {
      this.said.push((thrown as { code: string }).code);
    }
  }
}

const start = async () => {
  const agent = new ContextAgent();
  const bench = await HostBench.start(agent);
  await bench.open();
  return { agent, bench };
};

test("outside of a handler there is no conversation, before and after the host takes the agent over", async () => {
  const fresh = new ContextAgent();
  const { agent } = await start();
  expect(agent.currentConversationId).toBeUndefined();
  expect(() => agent.state).toThrow(outside("this.state"));
  expect(() => agent.memory.value).toThrow(outside("this.memory"));
  expect(() => agent.now()).toThrow(outside("this.now()"));
  expect(() => agent.call).toThrow(outside("this.call"));
  expect(() => agent.conversation).toThrow(outside("this.conversation"));
  expect(() => agent.bind(() => 1)).toThrow(outside("bind()"));
  expect(() => agent.getState()).toThrow(outside("getState()"));
  await expect((async () => agent.effect("e", () => 1))()).rejects.toThrow(outside("this.effect()"));
  await expect((async () => agent.update(() => 1))()).rejects.toThrow(outside("this.update()"));
  await expect(agent.updateState({ n: 1 })).rejects.toThrow(outside("updateState()"));
  await expect(agent.add()).rejects.toThrow(outside("add"));
  await expect((async () => fresh.getState("c1"))()).rejects.toThrow(outside("getState()"));
  await expect(fresh.updateState("c1", { n: 1 })).rejects.toThrow(outside("updateState()"));
});

test("a handler keeps its conversation over awaits and timers, beside others that do the same (D)", async () => {
  const { agent, bench } = await start();
  await bench.open("c2");
  const calls = ["c1", "c2"].map((conversationId) => bench.result("steps", { name: conversationId }, { conversationId }));
  agent.gates.step.open();
  expect(await Promise.all(calls)).toEqual([
    { seen: ["c1", true], names: ["c1", "c1", "c1", "c1"], memory: ["c1", "c1", "c1"] },
    { seen: ["c2", true], names: ["c2", "c2", "c2", "c2"], memory: ["c2", "c2", "c2"] },
  ]);
});

test("a listener runs where it is called; bind carries its conversation along, whose unit is over then", async () => {
  const { agent, bench } = await start();
  await bench.call("listen");
  agent.bus.emit("plain");
  agent.bus.emit("bound");
  expect(agent.said).toEqual(["no_conversation", "unit_ended"]);
});

test("bind carries the running unit into a callback of somebody else", async () => {
  const { agent, bench } = await start();
  const ready = once(agent.bus, "ready");
  const elsewhere = new AsyncResource("elsewhere");
  const result = bench.result("bound_inside");
  await ready;
  elsewhere.runInAsyncScope(() => agent.bus.emit("go"));
  expect(await result).toBe(5);
  expect(await bench.stored()).toMatchObject({ n: 5 });
});

test("a handler is told when it is, where it is, and what it is called with", async () => {
  const { bench } = await start();
  await bench.world.clock.advance("1m");
  expect(await bench.result("info", {}, { callId: "a" })).toEqual({
    now: "2026-01-01T00:01:00.000Z",
    created: "2026-01-01T00:00:00.000Z",
    key: "c1:a",
    same: true,
    copy: { n: 0, names: [] },
  });
});

test("updateState of the own conversation joins the unit; getState by id shows what is committed", async () => {
  const { bench } = await start();
  expect(await bench.result("own")).toEqual({ draft: 5, committed: 0 });
  expect(await bench.stored()).toEqual({ n: 5, names: ["x"] });
  expect(await bench.journal()).toHaveLength(2);
});
