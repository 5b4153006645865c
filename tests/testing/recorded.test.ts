import { expect, test } from "vitest";

import { testAgent } from "../../src/testing/index.ts";
import { BusyAgent, PIN } from "../inspector/busy-agent.ts";

test("what is recorded for a call takes the place of the real thing; what is not is real", async () => {
  await using call = await testAgent(() => new BusyAgent(), {
    recorded: {
      "hook onConversationStarted": { effects: [{ name: "who", result: "Kim" }] },
      login: { logins: [{ outcome: "accepted", user: { id: "U-9" } }] },
      pay: { effects: [{ name: "pay", result: { id: "P-9" } }] },
      price: { caches: [{ part: "prices", value: { price: 9 }, cached: true, ageMs: 5 }] },
      "signal paid": { effects: [{ name: "book", result: 1 }, { name: "book", result: 2 }] },
    },
  });
  const { done } = call.agent;
  call.expectState({ state: { caller: "Kim" } });
  expect((await call.tool("login", { pin: "000000" }, { callId: "login" })).state.session).toMatchObject({ status: "authenticated", user: { id: "U-9" } });
  await call.tool("login", { pin: PIN });
  expect((await call.tool("pay", { fails: false }, { callId: "pay" })).result).toEqual({ id: "P-9" });
  expect((await call.tool("pay", { fails: false })).result).toEqual({ id: "P-1", at: "1970-01-01T00:00:00.005Z" });
  expect((await call.tool("price", { keys: ["a", "bb"] }, { callId: "price" })).result).toMatchObject([{ price: 9 }, { price: 3 }]);
  expect(done).toEqual(["verify", "pay", "load bb"]);
  // Several units of one name follow each other.
  for (const amount of [10, 20, 30]) await call.signal("paid", { amount });
  expect(call.state.state.log.slice(-3)).toEqual(["paid 1", "paid 2", "paid 60"]);
});

test("a login, an effect and a load that are recorded as failed fail", async () => {
  await using call = await testAgent(() => new BusyAgent(), {
    recorded: { a: { logins: [{ outcome: "failed" }] }, b: { logins: [{ outcome: "locked" }] }, c: { effects: [{ name: "pay", failed: true }] }, d: { caches: [{ part: "prices", failed: true }] } },
  });
  expect((await call.tool("login", { pin: PIN }, { callId: "a" })).error?.code).toBe("tool_execution_error");
  expect((await call.tool("login", { pin: PIN }, { callId: "b" })).result).toEqual({ ok: false });
  expect((await call.tool("pay", { fails: false }, { callId: "c" })).error?.cause).toMatchObject({ message: expect.stringContaining("failed when this call was recorded") as string });
  expect((await call.tool("price", { keys: ["a"] }, { callId: "d" })).error?.code).toBe("tool_execution_error");
  expect(call.agent.done).toEqual(["who"]);
});

test("a restart uses up the same recording", async () => {
  await using call = await testAgent(() => new BusyAgent(), { recorded: { "signal paid": { effects: [{ name: "book", result: 1 }, { name: "book", result: 2 }] } } });
  await call.signal("paid", { amount: 10 });
  await call.restart();
  await call.signal("paid", { amount: 10 });
  expect(call.state.state.log).toEqual(["started", "paid 1", "resumed", "paid 2"]);
});

test("a call begins with the parts that it is given, as after a restart", async () => {
  await using call = await testAgent(() => new BusyAgent(), { parts: { state: { log: ["before"], count: 4 }, form: { step: "late", data: {} } } });
  call.expectState({ state: { log: ["before", "resumed"], count: 4, phone: "" }, form: { step: "late" }, session: { status: "anonymous" } });
  await expect(testAgent(() => new BusyAgent(), { parts: { cart: {} } })).rejects.toMatchObject({ code: "option_invalid", message: expect.stringContaining("state, session, form") as string });
  await expect(testAgent(() => new BusyAgent(), { parts: { form: { step: "late" } } })).rejects.toMatchObject({ code: "option_invalid", message: expect.stringMatching(/^parts\.form cannot be: form\.data is not an object/) as string });
});

test("a part is edited by hand, and the part checks it", async () => {
  await using call = await testAgent(() => new BusyAgent());
  await call.edit("form", [["set", ["step"], "late"]]);
  call.expectState({ form: { step: "late" } });
  await expect(call.edit("form", [["set", ["step"], "nowhere"]])).rejects.toMatchObject({ code: "state_invalid" });
});
