import { expect, test } from "vitest";

import { KeyedHash } from "../../../src/base/keyed-hash.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import type { Owner, Store } from "../../../src/state/store.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent, type TestCall } from "../../../src/testing/index.ts";
import { shopWith } from "./shop.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const kim = { account: "kim", pin: "1234" };
const wrong = { account: "kim", pin: "0000" };
const NO = { success: false, error: "Invalid credentials" };

/** Where the attempts on kim's account are counted, under the secret of the test kit. */
const KIM: Owner = `account:${new KeyedHash("the secret of every test").of("account", "kim")}`;
/** Long enough that no clock that is set ends a call. */
const abandonedAfterMs = 1_000 * HOUR;
type Call = TestCall<InstanceType<ReturnType<typeof shopWith>>>;
const start = (options: Parameters<typeof shopWith>[0] = {}, rest: { store?: Store; clock?: SimulatedClock } = {}) => testAgent(() => new (shopWith(options))(), { abandonedAfterMs, ...rest });

async function fail(call: Call, times: number): Promise<void> {
  for (let time = 0; time < times; time++) expect((await call.tool("login", wrong)).result).toEqual(NO);
}
const looks = (call: Call) => call.agent.looks.list.length;

test("after five wrong secrets the right one is answered as a wrong one, and nobody looks at it", async () => {
  await using call = await start();
  await fail(call, 5);
  const locked = await call.tool("login", kim);
  expect(JSON.stringify(locked.result)).toBe(JSON.stringify(NO));
  expect(looks(call)).toBe(5);
  expect((await call.tool("who")).result).toEqual({ authenticated: false });
});

test("an account is locked in all conversations, another one is not", async () => {
  await using call = await start();
  await fail(call, 5);
  const other = await call.another();
  expect((await other.tool("login", kim)).result).toEqual(NO);
  expect((await other.tool("login", { account: "lee", pin: "1234" })).result).toMatchObject({ success: true });
});

test("50 wrong secrets at the same time over 5 conversations: five are looked at", async () => {
  await using call = await start();
  const calls = [call, ...(await Promise.all(Array.from({ length: 4 }, () => call.another())))];
  const turns = await Promise.all(calls.flatMap((each) => Array.from({ length: 10 }, () => each.tool("login", wrong))));
  expect(new Set(turns.map(({ result }) => JSON.stringify(result)))).toEqual(new Set([JSON.stringify(NO)]));
  expect(looks(call)).toBe(5);
});

test("attempts are forgotten one by one, each after its window", async () => {
  await using call = await start();
  await fail(call, 3);
  await call.advance("10m");
  await fail(call, 2);
  await call.advance(5 * MINUTE - 1);
  expect((await call.tool("login", kim)).result).toEqual(NO);
  expect(looks(call)).toBe(5);
  await call.advance(1);
  await fail(call, 3);
  expect(looks(call)).toBe(8);
  await call.tool("login", wrong);
  expect(looks(call)).toBe(8);
});

test("knocking on a locked account does not keep it locked, and writes nothing", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  await using call = await start({ lockout: { perConversation: 1_000 } }, { store, clock });
  await fail(call, 5);
  const before = await store.load(KIM);
  expect(before?.version).toBe(5);
  for (let minute = 0; minute < 14; minute++) {
    await call.advance("1m");
    await call.tool("login", kim);
  }
  expect(await store.load(KIM)).toEqual(before);
  await call.advance("1m");
  expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test("a right secret takes back its own attempt, and forgives no other", async () => {
  await using call = await start();
  await fail(call, 4);
  for (let time = 0; time < 3; time++) {
    expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
    await call.tool("logout");
  }
  await fail(call, 1);
  expect((await call.tool("login", kim)).result).toEqual(NO);
});

test("an attempt counts whatever becomes of it: an error, a tool that throws, a time that runs out", async () => {
  await using call = await start();
  call.agent.outside.verify = () => {
    throw new Error("the bank is closed");
  };
  for (let time = 0; time < 2; time++) expect((await call.tool("login", kim)).error?.code).toBe("tool_execution_error");
  call.agent.outside.verify = () => {};
  await call.tool("login", { ...wrong, after: "throw" });
  await call.tool("login", { account: "kim", pin: "odd" });
  call.agent.outside.verify = () => new Promise(() => {});
  const late = call.tool("login", kim);
  await call.advance("31s");
  expect((await late).error?.code).toBe("tool_timeout");
  call.agent.outside.verify = () => {};
  expect(looks(call)).toBe(5);
  expect((await call.tool("login", kim)).result).toEqual(NO);
  expect(looks(call)).toBe(5);
});

test("a login that threw and is delivered again tries again, and that counts", async () => {
  await using call = await start();
  const turn = await call.tool("login", { ...wrong, after: "throw" });
  for (let time = 0; time < 10; time++) await call.redeliver(turn);
  expect(looks(call)).toBe(5);
});

test("one conversation tries at most ten secrets, on whatever accounts", async () => {
  await using call = await start();
  for (let account = 0; account < 12; account++) await call.tool("login", { account: `account ${account}`, pin: "0000" });
  expect(looks(call)).toBe(10);
  expect((await call.tool("login", kim)).result).toEqual(NO);
  const other = await call.another();
  // What the locked conversation asked for is counted for no account.
  for (let time = 0; time < 5; time++) await other.tool("login", { account: "account 11", pin: "0000" });
  expect(looks(call)).toBe(15);
  await call.advance("15m");
  expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test("who logs in again and again with the right secret is not locked", async () => {
  await using call = await start();
  for (let time = 0; time < 12; time++) expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test.each(["KIM", " kim ", "k i m", "ＫＩＭ", "k\u200Bim", "kim\n", "\u202Ekim"])("%j is counted as kim", async (account) => {
  await using call = await start();
  await fail(call, 5);
  expect((await call.tool("login", { account, pin: "1234" })).result).toEqual(NO);
  expect(looks(call)).toBe(5);
});

test("letters that are the same in upper case are one account", async () => {
  await using call = await start();
  for (let time = 0; time < 5; time++) await call.tool("login", { account: "Straße", pin: "0000" });
  await call.tool("login", { account: "STRASSE", pin: "1234" });
  expect(looks(call)).toBe(5);
});

test("the limits are the agent's", async () => {
  await using call = await start({ lockout: { attempts: 2, windowMs: MINUTE } });
  await fail(call, 3);
  expect(looks(call)).toBe(2);
  await call.advance("1m");
  expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test("a service that counts itself is asked each time", async () => {
  const store = openMemory();
  await using call = await start({ lockout: false }, { store });
  await fail(call, 12);
  expect(looks(call)).toBe(12);
  expect((await store.list({ kind: "account" })).items).toEqual([]);
});

test("a restart forgets no attempt", async () => {
  await using call = await start();
  await fail(call, 5);
  await call.crash();
  await call.restart();
  expect((await call.tool("login", kim)).result).toEqual(NO);
  expect(looks(call)).toBe(0);
});

test.each([HOUR, -HOUR])("a clock that is set by %d ms unlocks nothing early", async (jump) => {
  await using call = await start();
  await fail(call, 5);
  call.clock.jump(jump);
  for (const pass of ["0s", "10m", "4m"]) {
    await call.advance(pass);
    expect((await call.tool("login", kim)).result).toEqual(NO);
  }
  call.clock.jump(-jump);
  await call.advance("59s");
  expect((await call.tool("login", kim)).result).toEqual(NO);
  expect(looks(call)).toBe(5);
});

test.each([HOUR, -HOUR])("attempts that are made while the clock is wrong by %d ms lock for their window, and not for ever", async (jump) => {
  await using call = await start();
  call.clock.jump(jump);
  await fail(call, 5);
  call.clock.jump(-jump);
  await call.advance("14m");
  expect((await call.tool("login", kim)).result).toEqual(NO);
  expect(looks(call)).toBe(5);
  await call.advance("15m");
  expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test.each([HOUR, -HOUR])("after the clock was set by %d ms a lockout lasts its window, and no longer", async (jump) => {
  await using call = await start();
  await fail(call, 3);
  call.clock.jump(jump);
  await fail(call, 2);
  await call.advance(15 * MINUTE - 1);
  expect((await call.tool("login", kim)).result).toEqual(NO);
  await call.advance(1);
  expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test("attempts of another process are counted until they are surely past", async () => {
  const store = openMemory({ clock: new SimulatedClock() });
  await using first = await start({}, { store, clock: new SimulatedClock() });
  await fail(first, 5);
  const clock = new SimulatedClock("2026-01-01T00:01Z");
  await using second = await testAgent(new (shopWith())(), { store, clock, conversationId: "second", abandonedAfterMs });
  clock.jump(HOUR);
  await clock.advance(14 * MINUTE - 1);
  expect((await second.tool("login", kim)).result).toEqual(NO);
  await clock.advance(1);
  expect((await second.tool("login", kim)).result).toMatchObject({ success: true });
});

test("attempts that a process with a wrong clock made lock for a window, and not for ever", async () => {
  const store = openMemory({ clock: new SimulatedClock() });
  const ahead = await testAgent(new (shopWith())(), { store, clock: new SimulatedClock("2027-01-01T00:00Z"), conversationId: "ahead" });
  for (let time = 0; time < 5; time++) await ahead.tool("login", wrong);
  await ahead.close();
  await using call = await testAgent(new (shopWith())(), { store, conversationId: "here", abandonedAfterMs });
  expect((await call.tool("login", kim)).result).toEqual(NO);
  await call.advance(15 * MINUTE - 1);
  expect((await call.tool("login", kim)).result).toEqual(NO);
  await call.advance(1);
  expect((await call.tool("login", kim)).result).toMatchObject({ success: true });
});

test("what is stored names no account, and goes away", async () => {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  await using call = await start({}, { store, clock });
  await call.tool("login", { account: "Quintessa@example.com", pin: "0000" });
  const { items } = await store.list({ kind: "account" });
  expect(items).toHaveLength(2);
  for (const { owner } of items) {
    expect(owner).toMatch(/^account:[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify([await store.load(owner), await store.history(owner)])).not.toMatch(/quintessa/i);
  }
  await call.advance("24h");
  expect((await store.list({ kind: "account" })).items).toHaveLength(2);
  await call.advance("16m");
  await store.sweep();
  expect((await store.list({ kind: "account" })).items).toEqual([]);
});
