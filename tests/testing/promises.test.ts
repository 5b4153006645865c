// The promises of the state core, played with testAgent on the memory store. (P1..P6, P12, P13, P16)

import { expect, test } from "vitest";
import { testAgent } from "../../src/testing/index.ts";
import { BankAgent, type Payments } from "./bank-agent.ts";

/** A payment service that answers when the test says so. */
class SlowPayments implements Payments {
  readonly #asked = Promise.withResolvers<void>();
  readonly #receipt = Promise.withResolvers<string>();
  readonly asked = this.#asked.promise;
  readonly answer = this.#receipt.resolve;

  charge(): Promise<string> {
    this.#asked.resolve();
    return this.#receipt.promise;
  }
}

test("P1: login and get_balance sent together run in order", async () => {
  await using call = await testAgent(new BankAgent());
  const [login, balance] = await Promise.all([call.tool("login", { user: "ann" }), call.tool("get_balance")]);
  expect(login.result).toEqual({ user: "ann" });
  expect(balance.result).toEqual({ balance: 100 });
});

test("P1: the other way round get_balance is refused, in words that can be said", async () => {
  await using call = await testAgent(new BankAgent());
  const [balance] = await Promise.all([call.tool("get_balance"), call.tool("login", { user: "ann" })]);
  expect(balance.result).toEqual({ error: "refused", message: "Please log in first." });
});

test("P1: a call whose caller gave up while it waited does not run", async () => {
  await using call = await testAgent(new BankAgent());
  const hanging = call.tool("hang", { amount: 1 });
  const waiting = call.tool("deposit", { amount: 5 }, { timeoutMs: 1_000 });
  await call.advance("1s");
  expect((await waiting).error?.code).toBe("tool_timeout");
  await call.advance("29s");
  expect((await hanging).error?.code).toBe("tool_timeout");
  expect((await call.tool("deposit", { amount: 2 })).result).toEqual({ balance: 102, runs: 1 });
});

test("P2: parallel tools run beside the others, and none loses the update of another", async () => {
  const payments = new SlowPayments();
  await using call = await testAgent(new BankAgent(), { override: { payments } });
  const beside = [call.tool("depositBeside", { amount: 1 }), call.tool("depositBeside", { amount: 2 })];
  await payments.asked;
  expect((await call.tool("deposit", { amount: 4 })).result).toMatchObject({ balance: 104 });
  payments.answer("receipt");
  expect((await Promise.all(beside)).map(({ outcome }) => outcome)).toEqual(["result", "result"]);
  call.expectState({ state: { balance: 107 } });
});

test("P2: what a parallel tool reads it cannot write", async () => {
  await using call = await testAgent(new BankAgent());
  const turn = await call.tool("meddleBeside");
  expect(turn.error?.code).toBe("read_only");
  turn.expectState({ state: { balance: 100 } });
});

test("P3: a tool that throws, declines or times out leaves the state as it was", async () => {
  await using call = await testAgent(new BankAgent());
  (await call.tool("depositAndFail", { amount: 5 })).expectState({ state: { balance: 100 } });
  const declined = await call.tool("depositAndDecline", { amount: 5 });
  expect(declined.result).toEqual({ error: "closed", message: "We are closed." });
  declined.expectState({ state: { balance: 100 } });
  const hanging = call.tool("hang", { amount: 5 });
  await call.advance("30s");
  (await hanging).expectState({ state: { balance: 100 } });
});

test("P4: nothing is answered before the commit, and a commit that is refused changes nothing", async () => {
  await using call = await testAgent(new BankAgent());
  const held = call.faults.hold("commit");
  let isAnswered = false;
  const pending = call.tool("deposit", { amount: 5 }).finally(() => (isAnswered = true));
  await held.reached;
  await call.advance("1m");
  expect(isAnswered).toBe(false);
  call.expectState({ state: { balance: 100 } });
  held.release();
  (await pending).expectState({ state: { balance: 105 } });

  call.faults.next("commit", "refused");
  const refused = await call.tool("deposit", { amount: 5 });
  expect(refused.error?.code).toBe("state_unavailable");
  call.expectState({ state: { balance: 105 } });
  expect((await call.redeliver(refused)).result).toMatchObject({ balance: 110 });
});

test("P4: an answer lost at commit is resolved by the write id: applied once, answered truly", async () => {
  await using call = await testAgent(new BankAgent());
  call.faults.next("commit", "unanswered");
  const turn = await call.tool("deposit", { amount: 5 });
  expect(turn.result).toEqual({ balance: 105, runs: 1 });
  expect((await call.journal()).filter(({ name }) => name === "deposit")).toHaveLength(1);
});

test("P4: a commit that was lost on its way is sent again", async () => {
  await using call = await testAgent(new BankAgent());
  call.faults.next("commit", "unsent", "unanswered", "unsent");
  expect((await call.tool("deposit", { amount: 5 })).result).toEqual({ balance: 105, runs: 1 });
});

test("P4: what stays unresolved is state_unavailable, and a redelivery gives the true answer", async () => {
  await using call = await testAgent(new BankAgent(), { resolveTimeoutMs: 2_000 });
  call.faults.next("commit", "unanswered");
  call.faults.down("5s");
  const lost = await call.tool("deposit", { amount: 5 });
  expect(lost.error?.code).toBe("state_unavailable");
  await call.advance("5s");
  const again = await call.redeliver(lost);
  expect(again.result).toEqual({ balance: 105, runs: 1 });
  again.expectState({ state: { balance: 105 } });
});

test("P4: a refused repetition says nothing about the commit whose answer was lost", async () => {
  await using call = await testAgent(new BankAgent());
  call.faults.next("commit", "unanswered", "refused", "refused");
  expect((await call.tool("deposit", { amount: 5 })).result).toEqual({ balance: 105, runs: 1 });
  expect((await call.tool("deposit", { amount: 1 })).result).toEqual({ balance: 106, runs: 2 });
});

test("P4: a unit after an unresolved one waits for its outcome", async () => {
  await using call = await testAgent(new BankAgent());
  call.faults.next("commit", "unsent", "unsent");
  const [first, second] = await Promise.all([call.tool("deposit", { amount: 5 }), call.tool("deposit", { amount: 1 })]);
  expect([first.result, second.result]).toEqual([{ balance: 105, runs: 1 }, { balance: 106, runs: 2 }]);
});

test("P5: a redelivered call answers the same and runs once", async () => {
  await using call = await testAgent(new BankAgent());
  const first = await call.tool("deposit", { amount: 5 });
  const again = await call.redeliver(first);
  expect(again).toMatchObject({ result: first.result, repeated: true });
  again.expectState({ state: { balance: 105 } });
  expect((await call.tool("deposit", { amount: 1 })).result).toMatchObject({ runs: 2 });
});

test("P5: a call that arrives again while it runs joins the run", async () => {
  await using call = await testAgent(new BankAgent());
  const turns = await Promise.all([1, 2, 3].map(() => call.tool("deposit", { amount: 5 }, { callId: "c" })));
  expect(turns.map(({ result }) => result)).toEqual([1, 2, 3].map(() => ({ balance: 105, runs: 1 })));
});

test("P5: the same id with other arguments is refused, and so is one after the end without an answer", async () => {
  await using call = await testAgent(new BankAgent());
  const first = await call.tool("deposit", { amount: 5 }, { callId: "c" });
  expect((await call.tool("deposit", { amount: 6 }, { callId: "c" })).error?.code).toBe("call_mismatch");
  await call.hangUp();
  expect(await call.redeliver(first)).toMatchObject({ result: first.result, repeated: true });
  expect((await call.tool("deposit", { amount: 6 })).error?.code).toBe("conversation_ended");
});

test("P5: refusals are recorded, exceptions are not", async () => {
  await using call = await testAgent(new BankAgent());
  const refused = await call.tool("get_balance");
  await call.tool("login", { user: "ann" });
  expect(await call.redeliver(refused)).toMatchObject({ result: refused.result, repeated: true });
  const failed = await call.tool("depositAndFail", { amount: 1 });
  await call.redeliver(failed);
  expect(call.errors).toHaveLength(2);
});

test("P5: a redelivery after a crash answers the same", async () => {
  await using call = await testAgent(new BankAgent());
  const first = await call.tool("deposit", { amount: 5 });
  await call.crash();
  await call.restart();
  expect(await call.redeliver(first)).toMatchObject({ result: first.result, repeated: true });
});

test("P6: a crash between an effect and the commit does not run the effect again", async () => {
  const keys: string[] = [];
  await using call = await testAgent(() => new BankAgent({ charge: (key) => `receipt ${keys.push(key)}` }));
  call.faults.next("commit", "ok");
  const held = call.faults.hold("commit");
  const pending = call.tool("charge");
  await held.reached;
  await call.crash();
  const lost = await pending;
  expect(lost.outcome).toBe("gone");
  lost.expectState({ state: { balance: 100 } });
  await call.restart();
  const again = await call.redeliver(lost);
  expect(again.result).toEqual({ receipt: "receipt 1" });
  again.expectState({ state: { balance: 90 } });
  expect(keys).toEqual(["test-1:call-1"]);
});

test("P6: a crash between an effect and its record runs it again under the same key", async () => {
  const keys: string[] = [];
  await using call = await testAgent(() => new BankAgent({ charge: (key) => `receipt ${keys.push(key)}` }));
  const held = call.faults.hold("commit");
  const pending = call.tool("charge");
  await held.reached;
  await call.crash();
  await call.restart();
  expect((await call.redeliver(await pending)).result).toEqual({ receipt: "receipt 2" });
  expect(keys).toEqual(["test-1:call-1", "test-1:call-1"]);
});

test("a crash in mid-tool leaves nothing of it, even when its handler goes on", async () => {
  const payments = new SlowPayments();
  await using call = await testAgent(new BankAgent(), { override: { payments } });
  const pending = call.tool("charge");
  await payments.asked;
  await call.crash();
  expect((await pending).outcome).toBe("gone");
  await call.restart();
  payments.answer("too late");
  await call.advance("1m");
  call.expectState({ state: { balance: 100 } });
  expect((await call.journal()).map(({ name }) => name)).toEqual(["onConversationStarted", "onConversationResumed"]);
});

test("a handler that survives its process reaches nobody", async () => {
  const payments = new SlowPayments();
  await using call = await testAgent(new BankAgent(), { override: { payments } });
  const other = await call.another();
  const pending = call.tool("chargeAndGive", { to: other.id });
  await payments.asked;
  await call.crash();
  payments.answer("too late");
  expect((await pending).outcome).toBe("gone");
  await call.advance("1s");
  await call.restart();
  await other.tool("deposit", { amount: 1 });
  other.expectState({ state: { balance: 101 } });
});

test("between a crash and a restart nobody answers", async () => {
  await using call = await testAgent(new BankAgent());
  await call.crash();
  await expect(call.tool("deposit", { amount: 1 })).rejects.toThrow("The process is dead. Call restart()");
});

test("P12: after a crash each conversation goes on with its state; what was in memory only is gone", async () => {
  await using call = await testAgent(new BankAgent());
  const other = await call.another();
  await call.tool("deposit", { amount: 5 });
  await call.tool("deposit", { amount: 5 });
  await call.crash();
  await call.restart();
  call.expectState({ state: { balance: 110, log: [{ what: "resumed" }] } });
  other.expectState({ state: { balance: 100, log: [{ what: "resumed" }] } });
  expect((await call.tool("deposit", { amount: 5 })).result).toEqual({ balance: 115, runs: 1 });
});

test("P12: a redeploy lets running tools finish", async () => {
  const payments = new SlowPayments();
  await using call = await testAgent(new BankAgent(), { override: { payments } });
  const pending = call.tool("charge");
  await payments.asked;
  const restarted = call.restart();
  await call.advance("1s");
  payments.answer("in time");
  await restarted;
  expect((await pending).result).toEqual({ receipt: "in time" });
  call.expectState({ state: { balance: 90, log: [{ what: "resumed" }] } });
});

test("P13: a conversation that was hung up is over, and goes away after its retention time", async () => {
  await using call = await testAgent(new BankAgent(), { now: "2026-01-01T09:00Z" });
  await call.hangUp("caller");
  await call.hangUp("twice");
  call.expectState({ state: { log: [{ what: "ended caller" }] } });
  expect(await call.stored()).toMatchObject({ status: "ended", endReason: "caller", expiresAt: new Date("2026-01-02T09:00Z") });
  await call.advance("23h");
  expect(await call.stored()).toBeDefined();
  await call.advance("1h");
  expect(await call.stored()).toBeUndefined();
});

test("P13: a conversation without a sign of life is ended as abandoned", async () => {
  await using call = await testAgent(new BankAgent());
  await call.advance("59m");
  await call.tool("deposit", { amount: 1 });
  await call.advance("59m");
  expect((await call.stored())?.status).toBe("live");
  await call.advance("2m");
  expect(await call.stored()).toMatchObject({ status: "ended", endReason: "abandoned" });
  call.expectState({ state: { balance: 101, log: [{ what: "ended abandoned" }] } });
});

test("P13: a conversation whose process died is ended as abandoned by another one", async () => {
  await using call = await testAgent(new BankAgent());
  const clock = call.clock;
  const { openStore } = await import("../../src/stores/index.ts");
  const store = await openStore("memory:", { clock });
  await using dying = await testAgent(new BankAgent(), { store, clock, conversationId: "left" });
  await using sweeping = await testAgent(new BankAgent(), { store, clock, conversationId: "other", abandonedAfterMs: 3_600_000 });
  await dying.crash();
  await clock.advance("62m");
  expect(await dying.stored()).toMatchObject({ status: "ended", endReason: "abandoned" });
  expect((await sweeping.stored())?.status).toBe("ended");
});

test("P16: a message to a process that is dead waits, and is applied by the next one", async () => {
  await using call = await testAgent(new BankAgent());
  await call.crash();
  await call.signal("hello");
  call.expectState({ state: { log: [] } });
  await call.restart();
  await call.tool("deposit", { amount: 1 });
  expect(call.state.state.log.map(({ what }) => what).sort()).toEqual(["resumed", "signal hello"]);
});
