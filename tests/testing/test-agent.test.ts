// The face of testAgent: what a test can say and see.

import { AssertionError } from "node:assert";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { ConversimpleAgent, conversationState, tool } from "../../src/index.ts";
import { SimulatedClock, testAgent } from "../../src/testing/index.ts";
import { BankAgent } from "./bank-agent.ts";

test("a tool is called by its name on the wire or by its field, and gives a turn", async () => {
  await using call = await testAgent(new BankAgent());
  const byWire = await call.tool("deposit", { amount: 5 });
  expect(byWire).toMatchObject({ callId: "call-1", tool: "deposit", arguments: { amount: 5 }, outcome: "result", result: { balance: 105, runs: 1 }, error: undefined, repeated: false });
  await call.tool("login", { user: "ann" });
  expect((await call.tool("getBalance")).result).toEqual({ balance: 105 });
  expect((await call.tool("get_balance")).tool).toBe("get_balance");
});

test("a name that no tool has is an error that lists the tools", async () => {
  await using call = await testAgent(new BankAgent());
  await expect(call.tool("deposits")).rejects.toThrow(/has no tool "deposits"\. It has: login, get_balance, deposit,/);
  await expect(call.tool("state")).rejects.toMatchObject({ code: "tool_not_found" });
});

test("arguments and results pass JSON, as they do on the wire", async () => {
  class Echo extends ConversimpleAgent {
    static override readonly agentId = "echo";
    readonly seen = tool("Echoes", { at: z.string(), left: z.string().optional() }, ({ at, left }) => ({ at: new Date(at), left }));
  }
  await using call = await testAgent(new Echo());
  const turn = await call.tool("seen", { at: new Date(0), left: undefined });
  expect(turn.arguments).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  expect(turn.result).toEqual({ at: "1970-01-01T00:00:00.000Z" });
});

test("wrong arguments are the turn's error, with the path and without the value", async () => {
  await using call = await testAgent(new BankAgent());
  const turn = await call.tool("deposit", { amount: "lots", note: "x" });
  expect(turn.outcome).toBe("error");
  expect(turn.error?.code).toBe("invalid_parameters");
  expect(turn.error?.message).not.toContain("lots");
  turn.expectState({ state: { balance: 100 } });
});

test("what a tool threw is the cause of the turn's error, and what a test reads when it expected a result", async () => {
  const lost = new TypeError("no catalogue");
  class Shop extends ConversimpleAgent {
    static override readonly agentId = "shop";
    readonly state = conversationState(z.object({ n: z.number().default(0) }));
    readonly find = tool("Finds", () => {
      throw lost;
    });
    readonly count = tool("Counts", () => {
      this.state.n = "x" as never;
    });
  }
  await using call = await testAgent(new Shop());
  const turn = await call.tool("find");
  expect(turn.error).toMatchObject({ code: "tool_execution_error", message: expect.stringMatching(/^The tool failed\. Reference /), cause: lost });
  expect(() => turn.result).toThrow(expect.objectContaining({ code: "tool_execution_error", message: "There is no result: find (call-1) failed with tool_execution_error: TypeError: no catalogue", cause: lost }));
  expect(() => turn.expectState({ state: { n: 1 } })).toThrow("After find (call-1), which failed with tool_execution_error: TypeError: no catalogue: ");
  expect(() => JSON.stringify(turn) + inspect(turn)).not.toThrow();

  const refused = await call.tool("count");
  expect(refused.error?.cause).toMatchObject({ code: "state_invalid", message: refused.error?.message });
  expect(() => refused.result).toThrow(/^There is no result: count \(call-2\) failed with state_invalid: state\.n/);
});

test("state is a plain copy by part, of what was stored", async () => {
  await using call = await testAgent(new BankAgent(), { now: "2026-01-01T09:00Z" });
  await call.tool("login", { user: "ann" });
  expect(call.state).toEqual({ state: { user: "ann", balance: 100, log: [{ what: "login ann", at: new Date("2026-01-01T09:00Z") }], tags: new Map() } });
  call.state.state.log.pop();
  expect(call.state.state.log).toHaveLength(1);
});

test("each turn keeps the state as it was after it, also when several were sent together", async () => {
  await using call = await testAgent(new BankAgent());
  const turns = await Promise.all([call.tool("deposit", { amount: 1 }), call.tool("depositAndFail", { amount: 50 }), call.tool("deposit", { amount: 2 })]);
  expect(turns.map((turn) => turn.state.state.balance)).toEqual([101, 101, 103]);
});

test("an expectation names some fields; lists count with their length, other values as a whole", async () => {
  await using call = await testAgent(new BankAgent(), { now: "2026-01-01T09:00Z" });
  const turn = await call.tool("login", { user: "ann" });
  await call.tool("tag", { name: "vip" });
  turn.expectState({ state: { user: "ann" } });
  turn.expectState({ state: { log: [{ what: "login ann" }], tags: new Map() } });
  call.expectState({ state: { tags: new Map([["vip", 1n]]), log: [{ at: new Date("2026-01-01T09:00Z") }] } });
  call.expectState({ state: { balance: expect.any(Number) as number } });
  expect(() => call.expectState({ state: { log: [] } })).toThrow(AssertionError);
  expect(() => call.expectState({ state: { log: [{ at: new Date(0) }] } })).toThrow(AssertionError);
  expect(() => call.expectState({ state: { tags: new Map([["vip", 2n]]) } })).toThrow(AssertionError);
  const misspelt = { booking: { step: "idle" } } as Parameters<typeof call.expectState>[0];
  expect(() => call.expectState(misspelt)).toThrow('Conversation test-1: "booking" is no durable part that is stored. There are: state.');
});

test("a failed expectation shows the place, the difference, and nothing else of the state", async () => {
  await using call = await testAgent(new BankAgent());
  const turn = await call.tool("deposit", { amount: 5 });
  const failure = catchError(() => turn.expectState({ state: { balance: 1 } }));
  expect(failure).toMatchObject({ actual: { state: { balance: 105 } }, expected: { state: { balance: 1 } } });
  expect(failure.message).toMatch(/^After deposit \(call-1\): /);
  expect(failure.message.split("105")).toHaveLength(2);
  expect(failure.stack).toContain("After deposit (call-1): ");
  expect(failure.stack?.split("\n").find((line) => line.trimStart().startsWith("at "))).toContain("test-agent.test.ts");
});

test("services are replaced before the agent is sealed; what is no service is refused", async () => {
  const payments = { charge: () => "fake" };
  await using call = await testAgent(new BankAgent(), { override: { payments } });
  expect((await call.tool("charge")).result).toEqual({ receipt: "fake" });
  const other = { payment: payments } as unknown as Partial<BankAgent>;
  await expect(testAgent(new BankAgent(), { override: other })).rejects.toThrow("override.payment names a field that the agent does not have");
  await expect(testAgent(new BankAgent(), { override: { state: {} } as unknown as Partial<BankAgent> })).rejects.toThrow("names a part or a tool");
  await expect(testAgent(call.agent, { override: { payments: { charge: () => "late" } } })).rejects.toThrow("comes too late");
});

test("two conversations of one agent share nothing that they remember", async () => {
  await using call = await testAgent(new BankAgent());
  const other = await call.another({ caller: { number: "+1" } });
  expect([call.id, other.id]).toEqual(["test-1", "test-2"]);
  await Promise.all([call.tool("deposit", { amount: 1 }), other.tool("deposit", { amount: 2 })]);
  call.expectState({ state: { balance: 101 } });
  other.expectState({ state: { balance: 102 } });
});

test("what hooks and tools throw is in call.errors; a speakable error is not", async () => {
  await using call = await testAgent(new BankAgent());
  const other = await call.another();
  const failed = await call.tool("depositAndFail", { amount: 1 });
  expect(failed.error).toMatchObject({ code: "tool_execution_error" });
  expect(failed.error?.message).not.toContain("hunter2");
  await call.tool("depositAndDecline", { amount: 1 });
  await expect(call.signal("broken")).rejects.toMatchObject({ code: "tool_execution_error" });
  expect(call.errors.map((error) => (error as Error).message)).toEqual(["pw=hunter2", "no such signal"]);
  expect(other.errors).toEqual([]);
});

test("the journal tells every unit, failed ones too", async () => {
  await using call = await testAgent(new BankAgent());
  await call.tool("deposit", { amount: 5 });
  await call.tool("depositAndFail", { amount: 5 });
  await call.update({ balance: 7 });
  await call.signal("ping");
  const lines = await call.journal();
  expect(lines.map(({ unit, name, outcome }) => `${unit} ${name} ${outcome}`)).toEqual([
    "hook onConversationStarted ok",
    "tool deposit ok",
    "tool deposit_and_fail failed",
    "outside update ok",
    "signal ping ok",
  ]);
  expect(lines[1]).toMatchObject({ version: 2, callId: "call-1", arguments: { amount: 5 }, at: new Date("2026-01-01T00:00Z") });
});

test("a change from outside is applied, or refused with the reason, in its turn", async () => {
  await using call = await testAgent(new BankAgent());
  const first = call.tool("deposit", { amount: 1 });
  await call.update({ balance: 7 });
  expect((await first).result).toMatchObject({ balance: 101 });
  call.expectState({ state: { balance: 7 } });
  await expect(call.update({ balance: "x" as unknown as number })).rejects.toMatchObject({ code: "state_invalid" });
  call.expectState({ state: { balance: 7 } });
});

test("the sqlite store behaves the same under a simulated clock, over a day", async () => {
  const { mkdtempSync, rmSync } = await import("node:fs");
  const folder = mkdtempSync(`${(await import("node:os")).tmpdir()}/conversimple-`);
  try {
    await using call = await testAgent(() => new BankAgent(), { store: `sqlite:${folder}/state.db`, abandonedAfterMs: 48 * 3_600_000 });
    await call.tool("deposit", { amount: 5 });
    await call.advance("1d");
    await call.crash();
    await call.restart();
    const turn = await call.tool("deposit", { amount: 5 });
    expect(turn.repeated).toBe(false);
    turn.expectState({ state: { balance: 110, log: [{ what: "resumed", at: new Date("2026-01-02T00:00Z") }] } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("two processes of one test share a store and a clock; the second waits for the lease of the first", async () => {
  const clock = new SimulatedClock();
  const { openStore } = await import("../../src/stores/index.ts");
  const store = await openStore("memory:", { clock });
  await using first = await testAgent(new BankAgent(), { store, clock, leaseMs: 10_000 });
  await expect(testAgent(new BankAgent(), { store, clock })).rejects.toThrow('Another process serves the conversation "test-1" until 2026-01-01T00:00:10.000Z');
  await first.tool("deposit", { amount: 5 });
  await first.crash();
  await clock.advance("10s");
  await using second = await testAgent(new BankAgent(), { store, clock });
  const turn = await second.tool("deposit", { amount: 5 });
  expect(turn.repeated).toBe(false);
  turn.expectState({ state: { balance: 110 } });
});

test("an agent that cannot be is refused before anything is started", async () => {
  class Broken extends ConversimpleAgent {
    static override readonly agentId = "broken";
    readonly memory = conversationState(z.object({}));
  }
  await expect(testAgent(new Broken())).rejects.toMatchObject({ code: "definition_invalid" });
});

function catchError(run: () => void): Error {
  try {
    run();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("nothing was thrown");
}
