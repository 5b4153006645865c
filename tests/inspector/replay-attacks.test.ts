import { readCall } from "../../src/host/replay/recorded-call.ts";
import { z } from "zod";
import { expect, onTestFinished, test } from "vitest";

import { ConversimpleAgent, conversationState, tool } from "../../src/index.ts";
import { BusyAgent } from "./busy-agent.ts";
import { recording } from "./desk-calls.ts";

test.each(["__proto__", "constructor", "toString"])("a call with the id %s is recorded, replayed and saved like any other: nothing of it reaches a prototype", async (callId) => {
  const { desk, ring } = await recording(new BusyAgent());
  const call = await ring("busy-1");
  await call.tool("pay", { fails: false }, callId);
  const before = [Object.keys(Object.prototype), Object.keys(Object), Object.keys(Object.prototype.toString)];
  onTestFinished(() => {
    for (const holder of [Object.prototype, Object, Object.prototype.toString]) for (const key of Object.keys(holder)) Reflect.deleteProperty(holder, key);
  });
  const replay = await desk.replay(call.id);
  expect([Object.keys(Object.prototype), Object.keys(Object), Object.keys(Object.prototype.toString)]).toEqual(before);
  expect(replay.isSame).toBe(true);
  expect((await desk.test(call.id, false)).text).toContain('"P-1"');
});

const pii = z.string().meta({ pii: true });

class Clinic extends ConversimpleAgent {
  static override readonly agentId = "clinic";
  readonly state = conversationState(z.object({ name: pii.default(""), short: pii.default(""), born: z.number().meta({ pii: true }).default(0) }));
  setName = tool("Name", { name: pii }, ({ name }) => {
    this.state.name = name;
    return {};
  });
  shorten = tool("Short", { short: pii }, ({ short }) => {
    this.state.short = short;
    return {};
  });
  forgetName = tool("Forget the name", () => {
    this.state.name = "";
    return {};
  });
  record = tool("Read", {}, { result: z.object({ doctor: pii }) }, () => this.effect("crm", () => ({ doctor: "Canary Doctor" })));
}

test("what is personal in the parts that a fork begins with, and in results, has a placeholder in a saved test too", async () => {
  const { desk, ring, host } = await recording(new Clinic());
  const call = await ring("c-1");
  await call.tool("set_name", { name: "Canary Name" });
  const { conversationId } = await desk.fork(call.id, 2, "forked", "inspector");
  await host.open(conversationId, { agentId: "clinic", caller: {} });
  await call.during(Promise.resolve());
  await host.invoke({ conversationId, callId: "a", tool: "forget_name", arguments: {} });
  await host.invoke({ conversationId, callId: "b", tool: "record", arguments: {} });
  const saved = await desk.test(conversationId, false);
  expect(saved.text).not.toMatch(/Canary/);
});

test("a personal text that is too short for a placeholder is said to be in the test as it is", async () => {
  const { desk, ring } = await recording(new Clinic());
  const call = await ring("c-1");
  await call.tool("shorten", { short: "Bo" });
  const { text, remarks } = await desk.test(call.id, false);
  expect(!text.includes('"Bo"') || remarks.some((remark) => remark.includes("Personal values"))).toBe(true);
});

test("a long recording is read as large as its journal: what a unit did not change is there once", async () => {
  const { desk, ring, host } = await recording(new BusyAgent());
  const call = await ring("busy-1");
  await call.tool("greet");
  await call.tool("phone", { phone: "555" });
  await call.during(desk.edit(call.id, { part: "state", patches: [["set", ["count"], 3]] }, "inspector"));
  const { steps } = await readCall(host.store, host.definitions, call.id);
  const logs = steps.slice(-3).map(({ after }) => (after["state"] as { log: unknown }).log);
  expect(steps.at(-1)!.after["state"]).toMatchObject({ count: 3, phone: "555" });
  expect(steps.at(-3)!.after["state"]).toMatchObject({ count: 0, phone: "" });
  expect(logs.every((log) => log === logs[0])).toBe(true);
});
