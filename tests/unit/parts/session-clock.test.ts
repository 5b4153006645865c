import { expect, test } from "vitest";

import { testAgent, type TestCall } from "../../../src/testing/index.ts";
import { ShopAgent, shopWith } from "./shop.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ENDED = { error: "not_authenticated", message: "Your session has ended. Please log in again." };
const kim = { account: "kim", pin: "1234" };

const loggedIn = async () => {
  const call = await testAgent(() => new ShopAgent(), { abandonedAfterMs: 100 * HOUR });
  await call.tool("login", kim);
  return call;
};
const isIn = async (call: TestCall<InstanceType<typeof ShopAgent>>) => (await call.tool<{ authenticated: boolean }>("who")).result.authenticated;

test("a session ends when nothing happens for its idle time, and not before", async () => {
  await using call = await loggedIn();
  await call.advance(15 * MINUTE - 1);
  expect((await call.tool("add", { product: "a" })).result).toBe(1);
  await call.advance(15 * MINUTE - 1);
  expect((await call.tool("add", { product: "a" })).result).toBe(2);
  await call.advance(15 * MINUTE);
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
  // Asking again is no sign of life of somebody who is logged in.
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
});

test("any tool call is a sign of life: also one that needs no login, that fails, or that runs in parallel", async () => {
  await using call = await loggedIn();
  for (const tool of ["wait", "look", "pay", "add_twice"]) {
    await call.advance("10m");
    await call.tool(tool);
  }
  await call.advance("10m");
  expect(await isIn(call)).toBe(true);
});

test("a session ends after its absolute time, whatever happens in it", async () => {
  await using call = await loggedIn();
  for (let passed = 0; passed < 8 * 60 - 10; passed += 10) {
    await call.advance("10m");
    expect(await isIn(call), `${passed} minutes`).toBe(true);
  }
  await call.advance("10m");
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
});

test("what is over is cleared from the record by the next call that is not refused", async () => {
  await using call = await loggedIn();
  await call.advance("15m");
  const turn = await call.tool("note");
  expect(turn.state.session).toEqual({ status: "expired", account: expect.stringMatching(/^account:/) as string });
  // The words are the same as before it was cleared.
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
  await call.tool("login", kim);
  expect((await call.tool("add", { product: "a" })).result).toBe(1);
});

test("another account may log in when the time of the first is over", async () => {
  await using call = await loggedIn();
  await call.advance("15m");
  expect((await call.tool("login", { account: "lee", pin: "1234" })).result).toMatchObject({ name: "lee" });
});

test("calls that read do not rewrite the record each time", async () => {
  await using call = await loggedIn();
  const stored = () => (call.state.session as { lastSeenMs: number }).lastSeenMs;
  const before = stored();
  for (let minute = 0; minute < 1.5; minute += 0.5) {
    await call.tool("wait");
    await call.advance("30s");
  }
  expect(stored()).toBe(before);
  await call.advance("1s");
  await call.tool("wait");
  expect(stored()).toBe(before + 91_000);
});

test("after a crash a session lasts no longer than it would have, and at most a tenth of its idle time less", async () => {
  await using call = await loggedIn();
  await call.advance("1m");
  await call.tool("wait");
  await call.crash();
  await call.advance(13.5 * MINUTE - 1);
  await call.restart();
  expect(await isIn(call)).toBe(true);
  await call.advance("15m");
  await call.crash();
  await call.restart();
  expect(await isIn(call)).toBe(false);
});

test("a clock that is set forward by an hour ends the session", async () => {
  await using call = await loggedIn();
  call.clock.jump(HOUR);
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
});

test("what ended by the clock stays ended when the clock is set right again", async () => {
  await using call = await loggedIn();
  call.clock.jump(HOUR);
  // A refused call stores nothing, and a parallel one could not.
  expect((await call.tool("look")).result).toEqual(ENDED);
  call.clock.jump(-HOUR);
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
});

test("a clock that is set back by an hour makes no session longer", async () => {
  await using call = await loggedIn();
  await call.advance("14m");
  call.clock.jump(-HOUR);
  await call.advance("59s");
  expect(await isIn(call)).toBe(true);
  call.clock.jump(-HOUR);
  await call.advance("15m");
  expect(await isIn(call)).toBe(false);
});

test("a process that finds a session that begins in the future ends it", async () => {
  await using call = await loggedIn();
  await call.crash();
  call.clock.jump(-HOUR);
  await call.restart();
  expect((await call.tool("add", { product: "a" })).result).toEqual(ENDED);
});

test("a process whose clock is a little behind goes on with the session", async () => {
  await using call = await loggedIn();
  await call.crash();
  call.clock.jump(-MINUTE);
  await call.restart();
  expect(await isIn(call)).toBe(true);
  await call.crash();
  call.clock.jump(-MINUTE);
  await call.restart();
  expect(await isIn(call)).toBe(false);
});

test.each([HOUR, -HOUR])("after the clock was set by %d ms callers can log in, and a fresh proof is fresh", async (jump) => {
  await using call = await testAgent(new ShopAgent());
  call.clock.jump(jump);
  await call.tool("login", kim);
  expect((await call.tool("pay")).result).toBe("paid");
  await call.advance("14m");
  expect(await isIn(call)).toBe(true);
  expect((await call.tool("pay")).result).toMatchObject({ error: "reauthentication_required" });
  await call.advance("15m");
  expect(await isIn(call)).toBe(false);
});

test.each([HOUR, -HOUR])("a fresh proof is not fresh for longer when the clock is set by %d ms", async (jump) => {
  await using call = await testAgent(new (shopWith({ idleTimeoutMs: 100 * HOUR, absoluteTimeoutMs: 100 * HOUR }))(), { abandonedAfterMs: 100 * HOUR });
  await call.tool("login", kim);
  await call.advance("30s");
  call.clock.jump(jump);
  await call.advance("30s");
  expect((await call.tool<{ error?: string }>("pay")).result.error).toMatch(/reauthentication_required|not_authenticated/);
});
