import { expect, test } from "vitest";

import { AgentHost } from "../../src/host/agent-host.ts";
import { HostDesk } from "../../src/inspector/host-desk.ts";
import { BusyAgent, PHONE, PIN } from "./busy-agent.ts";
import { EXAMPLES, recording } from "./desk-calls.ts";

async function busy() {
  const agent = new BusyAgent();
  const made = await recording(agent);
  const call = await made.ring("busy-1");
  return { agent, call, ...made };
}

test.each(Object.keys(EXAMPLES))("the dialogue of the example %s is the same when it is run again, and nothing of that is stored", async (name) => {
  const { agent, hold } = EXAMPLES[name]!;
  const made = await recording(await agent());
  const call = await hold(made);
  const [{ cursor }, caches] = [await made.host.store.feed(null), await made.desk.caches()];
  const replay = await made.desk.replay(call.id);
  expect(replay.steps.filter(({ differences, recorded, replayed }) => differences.length > 0 || (recorded !== replayed && replayed !== "not run"))).toEqual([]);
  expect(replay.isSame).toBe(true);
  expect(replay.steps.length).toBeGreaterThan(5);
  expect((await made.host.store.feed(null)).cursor).toBe(cursor);
  expect(await made.desk.caches()).toEqual(caches);
});

test("a replay does nothing outside: no check of a login, no effect, no load, no other conversation, no onError", async () => {
  const { agent, call, desk, host, clock, ring } = await busy();
  const other = await ring("busy-2");
  await call.tool("login", { pin: "000000" });
  await call.tool("login", { pin: PIN });
  await call.tool("price", { keys: ["a", "bb"] });
  await call.tool("price", { keys: ["none"] });
  await call.tool("pay", { fails: false });
  await call.tool("pay", { fails: true });
  await call.tool("tell", { id: other.id });
  await call.tool("boom");
  await call.during(desk.signal(call.id, "paid", { amount: 4 }, "inspector"));
  await clock.advance("6s");
  await call.end();
  const outside = async () => {
    await clock.advance("1s");
    return [[...agent.done], agent.seen.errors.length, await desk.caches(), (await host.store.load(`conversation:${other.id}`))?.version];
  };
  const before = await outside();
  const replay = await desk.replay(call.id);
  expect(replay.steps.filter(({ differences, recorded, replayed }) => differences.length > 0 || recorded !== replayed)).toEqual([]);
  expect(replay.isSame).toBe(true);
  expect(await outside()).toEqual(before);
  expect(replay.steps.map(({ unit, name }) => `${unit} ${name}`)).toContain("deadline form");
  expect(replay.remarks).toContain('The secret "pin" of login was a placeholder: secrets are not recorded.');
});

test("the agent goes on serving over its own host while a call of it is run again", async () => {
  const { agent, call, desk } = await busy();
  await call.tool("wait");
  const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  Object.assign(agent.seen, { gate: gate.promise, begun: begun.resolve });
  const replay = desk.replay(call.id);
  await begun.promise;
  await call.during(agent.updateState(call.id, { count: 7 }));
  expect((await agent.getState(call.id))?.count).toBe(7);
  gate.resolve();
  expect((await replay).isSame).toBe(true);
});

test("code that does something else now is found out: where, not what", async () => {
  const { agent, call, desk } = await busy();
  await call.tool("greet");
  await call.tool("phone", { phone: PHONE });
  await call.tool("greet");
  agent.seen.greeting = "canary-greeting";
  const replay = await desk.replay(call.id);
  expect(replay.isSame).toBe(false);
  expect(replay.steps.map(({ name, differences }) => [name, differences])).toEqual([
    ["onConversationStarted", []],
    ["greet", ["state.log[1]", "result.said"]],
    ["phone", ["state.log[1]"]],
    ["greet", ["state.log[1]", "state.log[2]", "result.said"]],
  ]);
  expect(JSON.stringify(replay)).not.toMatch(/canary|Hello/);
});

test("a tool that is refused, fails or asks for more than was recorded says so in its step", async () => {
  const { agent, call, desk } = await busy();
  await call.tool("greet");
  await call.tool("price", { keys: ["a"] });
  const before = (await desk.replay(call.id)).steps.at(-1)!;
  expect(before).toMatchObject({ recorded: "ok", replayed: "ok", differences: [] });
  // The code asks the cache twice now.
  const prices = agent.prices.get.bind(agent.prices);
  Object.defineProperty(agent.prices, "get", { value: async (key: string) => (await prices(key), prices(key)) });
  expect((await desk.replay(call.id)).steps.at(-1)).toMatchObject({ recorded: "ok", replayed: "failed", differences: expect.arrayContaining(["code"]) as string[] });
});

test("a call that another process went on with is run again over both", async () => {
  const { agent, call, desk, host, clock } = await busy();
  await call.tool("greet");
  await host.drain(0);
  const second = await AgentHost.start({ agents: [agent], store: host.store, clock, secret: "the secret of this host", record: true });
  await second.open(call.id, { agentId: "busy" });
  await second.invoke({ conversationId: call.id, callId: "x", tool: "greet", arguments: {} });
  const replay = await new HostDesk({ host: second }).replay(call.id);
  expect(replay.steps.map(({ name, differences }) => [name, differences])).toEqual([["onConversationStarted", []], ["greet", []], ["onConversationResumed", []], ["greet", []]]);
  expect(replay.isSame).toBe(true);
  expect(desk).toBeDefined();
});

test("a fork is run again from where it began", async () => {
  const { call, desk, host } = await busy();
  await call.tool("greet");
  await call.tool("phone", { phone: PHONE });
  const { conversationId } = await desk.fork(call.id, 3, undefined, "inspector");
  await host.open(conversationId, { agentId: "busy" });
  await host.invoke({ conversationId, callId: "x", tool: "greet", arguments: {} });
  const replay = await desk.replay(conversationId);
  expect(replay.steps.map(({ name, replayed, differences }) => [name, replayed, differences])).toEqual([["onConversationResumed", "ok", []], ["greet", "ok", []]]);
});

test("a call that was forked is run again as if it had not been", async () => {
  const { call, desk, host } = await busy();
  await call.tool("greet");
  await desk.fork(call.id, 2, undefined, "inspector");
  host.deliver(call.id);
  await call.tool("phone", { phone: PHONE });
  const replay = await desk.replay(call.id);
  expect(replay.steps.map(({ name }) => name)).toContain("forked");
  expect(replay.isSame).toBe(true);
});

test("changes from outside are made again; what cannot be done again is said", async () => {
  const { agent, call, desk } = await busy();
  await call.during(agent.updateState(call.id, { count: 5 }));
  await call.during(desk.edit(call.id, { part: "form", patches: [["set", ["step"], "late"]] }, "inspector"));
  await expect(call.during(desk.edit(call.id, { part: "state", patches: [["set", ["count"], "x"]] }, "inspector"))).rejects.toThrow("state.count");
  await call.tool("pay", { fails: 5 });
  const replay = await desk.replay(call.id);
  expect(replay.steps.map(({ name, recorded, replayed, differences }) => [name, recorded, replayed, differences])).toEqual([
    ["onConversationStarted", "ok", "ok", []],
    ["update", "ok", "ok", []],
    ["edit", "ok", "ok", []],
    ["edit", "failed", "not run", []],
    ["pay", "failed", "not run", []],
  ]);
  expect(replay.isSame).toBe(true);
  expect(replay.remarks.join(" ")).toMatch(/refused is not made again.*schema refused are not kept/);
});

test("what is recorded has no secret in it, and only a host that was told to record does", async () => {
  const { agent, call, desk, host } = await busy();
  await call.tool("login", { pin: PIN });
  await call.tool("secret_price", { pin: PIN });
  const entries = (await host.store.history(`conversation:${call.id}`)).map(({ text }) => text).join("\n");
  expect(entries).toContain('"recorded"');
  expect(entries).not.toContain(PIN);
  expect((await desk.replay(call.id)).remarks.join(" ")).toContain('A value of the cache "prices" was not kept');
  const plain = await recording(agent, { record: false });
  const other = await plain.ring("plain");
  await other.tool("price", { keys: ["a"] });
  expect((await plain.host.store.history("conversation:plain")).map(({ text }) => text).join("\n")).not.toContain('"recorded"');
  expect((await plain.desk.replay("plain")).remarks.join(" ")).toContain("What caches gave was not recorded");
});

test("a conversation that is not there, or whose beginning is gone, cannot be run again", async () => {
  const { desk, host } = await busy();
  await expect(desk.replay("nobody")).rejects.toMatchObject({ code: "conversation_not_found" });
  await host.store.commit("conversation:old", { writeId: "1", expectedVersion: 0, epoch: 0, record: "x", facts: { agentId: "busy" } });
  await expect(desk.replay("old")).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining("does not reach back") as string });
});

test("a tool that does not come to its end ends the replay, not the page's patience", { timeout: 30_000 }, async () => {
  const { agent, call, desk } = await busy();
  await call.tool("wait");
  await call.tool("greet");
  agent.seen.gate = new Promise(() => {});
  const replay = await desk.replay(call.id);
  expect(replay.steps.map(({ name, replayed }) => [name, replayed])).toEqual([["onConversationStarted", "ok"], ["wait", "not run"], ["greet", "not run"]]);
  expect(replay.isSame).toBe(false);
  expect(replay.remarks.at(-1)).toBe('"wait" did not come to its end within 10 s; nothing after it was run.');
  expect((await desk.call(call.id, "greet", {}, "still here")).kind).toBe("result");
});

test("a time that a slow unit stored differs by no more than that unit took, also for the units behind it", async () => {
  const { agent, call, desk, clock } = await busy();
  const gate = Promise.withResolvers<void>();
  agent.seen.gate = gate.promise;
  const slow = call.tool("wait");
  await clock.advance("3s");
  gate.resolve();
  await slow;
  agent.seen.gate = Promise.resolve();
  await call.tool("pay", { fails: false });
  const replay = await desk.replay(call.id);
  expect(replay.steps.map(({ differences }) => differences)).toEqual([[], [], []]);
});

test("a deadline that passed while no process was there is on time when it is run again, and that is no difference", async () => {
  const { agent, call, host, clock } = await busy();
  await call.tool("greet");
  await host.drain(0);
  await clock.advance("10m");
  const second = await AgentHost.start({ agents: [agent], store: host.store, clock, secret: "the secret of this host", record: true });
  await second.open(call.id, { agentId: "busy" });
  await second.invoke({ conversationId: call.id, callId: "x", tool: "greet", arguments: {} });
  const replay = await new HostDesk({ host: second }).replay(call.id);
  expect(replay.steps.map(({ unit, name }) => `${unit} ${name}`)).toContain("deadline form");
  expect(replay.steps.filter(({ differences, recorded, replayed }) => differences.length > 0 || recorded !== replayed)).toEqual([]);
});
