// What somebody writes who guesses: no compiler looks when Node strips the types, so the definition has to say what it was.

import { describe, expect, test } from "vitest";
import { z } from "zod";

import { cache, conversationState, ConversimpleAgent, customerState, Dispatcher, ephemeral, openState, session, tool, workflow } from "../../../src/index.ts";
import { defineAgent } from "../../../src/agent/definition.ts";
import { LocalPlatform } from "../../../src/platform/index.ts";
import { openStore } from "../../../src/stores/index.ts";
import { testAgent } from "../../../src/testing/index.ts";

/** What no compiler has seen: it fits everywhere. */
const written = (value: unknown) => value as never;

const user = z.object({ id: z.string() });
const empty = z.object({ cart: z.array(z.string()).default([]) });
const oneStep = { data: {}, initial: "only", steps: { only: { final: true } } };

class Desk extends ConversimpleAgent {
  static override readonly agentId = "desk";
  readonly session = session({ user });
  readonly state = conversationState(empty);
}

/** An agent with one tool, declared by hand. */
function withTool(make: (desk: Desk) => unknown): ConversimpleAgent {
  const desk = new Desk();
  return Object.assign(desk, { pay: make(desk) });
}

describe("a name that means nothing is refused, not ignored", () => {
  test("a tool with `require` in the place of `requires` is not open to everybody", () => {
    const agent = withTool((desk) => tool("Pay", {}, written({ require: desk.session }), () => 1));
    expect(() => defineAgent(agent)).toThrow("Tool pay: require is none of its options: requires, step, timeoutMs, parallel, once, result, examples, name.");
  });

  test.each<[string, () => unknown, string]>([
    ["a session", () => session(written({ user, idleTimeout: 1 })), "session: idleTimeout is none of its options: user, idleTimeoutMs, absoluteTimeoutMs, lockout, refusal."],
    ["a lockout", () => session(written({ user, lockout: { maxAttempts: 3 } })), "session: lockout.maxAttempts is none of its options: attempts, perConversation, windowMs."],
    ["a cache", () => cache(written({ ttlMs: 1, maxEntries: 1, load: () => 1 })), "cache: maxEntries is none of its options: ttlMs, max, staleMs, scope, loadTimeoutMs, load."],
    ["a conversation state", () => conversationState(empty, written({ maxSize: 1 })), "conversationState: maxSize is none of its options: version, upgrade, maxBytes, resume."],
    ["what is carried over", () => conversationState(empty, written({ resume: { within: 1, carry: ["cart"] } })), "conversationState: resume.within is none of its options: withinMs, carry."],
    ["a customer state", () => customerState(empty, written({ ttlMs: 1 })), "customerState: ttlMs is none of its options: version, upgrade, maxBytes, retentionMs."],
    ["a workflow", () => workflow(written({ ...oneStep, validate: () => true })), "workflow: validate is none of its options: data, check, initial, steps, version, upgrade."],
    ["a step", () => workflow(written({ ...oneStep, steps: { only: { final: true, timeoutMs: 1 } } })), "workflow: steps.only.timeoutMs is none of its options: prompt, refusal, needs, to, final, deadlineMs, onDeadline."],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: "definition_invalid", message }));
  });

  test("a dispatcher and a test", async () => {
    await expect(new Dispatcher(written({ agents: [new Desk()], healthPort: 9_000 })).start()).rejects.toThrow("Dispatcher: healthPort is none of its options: agents, apiKey,");
    await expect(testAgent(new Desk(), written({ at: "2026-01-01" }))).rejects.toThrow("testAgent: at is none of its options: conversationId, caller, now,");
  });

  test("a store, its state from outside, and a platform", async () => {
    await expect(openStore("memory:", written({ encrytion: { keys: [] } }))).rejects.toThrow("openStore: encrytion is none of its options: clock, timeoutMs, encryption, create, logger.");
    await expect(openState("memory:", written({ agent: new Desk() }))).rejects.toThrow("openState: agent is none of its options: agents, source, secret, encryption, create, clock.");
    expect(() => new LocalPlatform(written({ dataFile: "x.json" }))).toThrow("The platform's option dataFile is none of its options: port, host, apiKey, dataPath,");
  });
});

describe("what stands in the wrong place is told from what is missing", () => {
  test("options where a tool's parameters are", () => {
    const agent = withTool((desk) => tool("Pay", written({ requires: desk.session }), () => 1));
    expect(() => defineAgent(agent)).toThrow("requires of tool pay is an option, and stands where its parameters are. Options come after them, {} for none: tool(description, {}, { requires: ... }, run).");
  });

  test("parameters that are called as an option is", async () => {
    const call = await testAgent(withTool(() => tool("Note", { step: z.string(), examples: z.number() }, ({ step, examples }) => step.repeat(examples))));
    expect((await call.tool("pay", { step: "a", examples: 2 })).result).toBe("aa");
    await call.close();
  });

  test("a workflow's guard that was not called", () => {
    const flow = workflow({ data: {}, initial: "only", steps: { only: { final: true } } });
    const agent = withTool(() => tool("Pay", {}, written({ step: flow.at }), () => 1));
    expect(() => defineAgent(agent)).toThrow('step of tool pay is a method that was not called. Call it: this.session.within(ms), this.booking.at("step").');
  });

  test.each<[string, () => unknown, string]>([
    ["a record of schemas as a state", () => conversationState(written({ cart: z.array(z.string()) })), 'conversationState: it takes one object schema. Write for example z.object({ name: z.string().default("") }).'],
    ["a record of schemas as a customer", () => customerState(written({ points: z.number() })), "customerState: it takes one object schema."],
    ["an object schema as a workflow's data", () => workflow(written({ ...oneStep, data: z.object({ guests: z.number() }) })), "workflow: data is a record with a schema for each field, {} for none. Write for example data: { guests: z.number() }."],
    ["no data", () => workflow(written({ initial: "only", steps: oneStep.steps })), "workflow: data is a record with a schema for each field, {} for none."],
    ["no steps", () => workflow(written({ data: {}, initial: "only" })), "workflow: it has no steps."],
    ["a step's name in the place of a list", () => workflow(written({ data: {}, initial: "one", steps: { one: { to: "two" }, two: { final: true } } })), 'workflow: to of step "one" must be a list: to: ["next"].'],
    ["a field's name in the place of a list", () => workflow(written({ data: { a: z.string() }, initial: "one", steps: { one: { needs: "a", to: ["two"] }, two: { final: true } } })), 'workflow: needs of step "one" must be a list: needs: ["field"].'],
    ["a field's name in the place of what is carried", () => conversationState(empty, written({ resume: { withinMs: 1, carry: "cart" } })), "conversationState: resume.carry must be a list of field names."],
    ["a value in the place of what makes it", () => ephemeral(written({ count: 0 })), "ephemeral: it takes a function that makes the value, one per conversation: ephemeral(() => initial)."],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringContaining(message) as string }));
  });

  test("a class where an agent is meant", async () => {
    await expect(testAgent(written(Desk))).rejects.toThrow("testAgent got the class Desk. Give an instance, or a function that makes one: testAgent(() => new Desk()).");
    const dispatcher = (agents: unknown) => new Dispatcher({ agents: written(agents), apiKey: "cs_test_key", store: "memory:", platformUrl: "ws://127.0.0.1:9" }).start();
    await expect(dispatcher([Desk])).rejects.toThrow("agents[0] is a class or a function; give an instance: new Desk().");
    await expect(dispatcher(new Desk())).rejects.toThrow("agents must be a list: agents: [new ShopAgent()].");
  });
});
