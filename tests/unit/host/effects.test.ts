import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, conversationState, tool } from "../../../src/index.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { SimulatedClock, testAgent } from "../../../src/testing/index.ts";
import { interceptedStore } from "../../../src/testing/intercepted-store.ts";

class Receipt {
  readonly id = "r1";
}

class Payer extends ConversimpleAgent {
  static override readonly agentId = "payer";
  readonly state = conversationState(z.object({ paid: z.boolean().default(false), starts: z.number().default(0) }));
  readonly ran: string[] = [""];
  #decline = () => {};

  payLater = tool("Pay and do not wait", () => {
    void this.effect("pay", () => new Promise((_, reject) => (this.#decline = () => reject(new Error("card declined")))));
    this.state.paid = true;
    return { ok: true };
  });
  decline = tool("Decline", () => this.#decline());
  payForReceipt = tool("Pay for a receipt that is no data", async () => {
    const receipt = await this.effect("pay", () => {
      this.ran.push("charged");
      return new Receipt();
    });
    this.state.paid = true;
    return receipt;
  });
  payOrGiveUp = tool("Pay, and go on without", async () => {
    await this.effect("pay", () => Promise.reject(new Error("card declined"))).catch(() => {});
    await this.effect("pay", () => "paid");
    this.state.paid = true;
    return { ok: true };
  });
}

test("a tool that does not wait for its effect says nothing that may not be true: nothing is committed", async () => {
  await using call = await testAgent(new Payer());
  const turn = await call.tool("pay_later");
  expect(turn.error).toMatchObject({ code: "unit_ended", message: expect.stringContaining('await this.effect("pay"') as string });
  expect(call.state).toMatchObject({ state: { paid: false } });
  // What becomes of it later is not lost either.
  await call.tool("decline");
  await expect.poll(() => call.errors.map((error) => (error as Error).message)).toContain("card declined");
});

test("an effect whose result cannot be stored has run, says so, and does not run again when the call is delivered again", async () => {
  const agent = new Payer();
  await using call = await testAgent(agent);
  const turn = await call.tool("pay_for_receipt");
  expect(turn.error).toMatchObject({ code: "result_invalid", message: expect.stringMatching(/has run.*Return plain data/) as string });
  expect((await call.redeliver(turn)).error).toMatchObject({ code: "result_invalid" });
  expect(agent.ran).toEqual(["", "charged"]);
  expect(call.state).toMatchObject({ state: { paid: false } });
});

test("an effect that failed and was caught may be tried again in the same call", async () => {
  await using call = await testAgent(new Payer());
  expect((await call.tool("pay_or_give_up")).result).toEqual({ ok: true });
});

class SlowPayer extends ConversimpleAgent {
  static override readonly agentId = "slow-payer";
  readonly state = conversationState(z.object({ paid: z.array(z.string()).default([]) }));
  /** One for each time that the payment service was called. */
  readonly charges: PromiseWithResolvers<string>[];
  constructor(charges: PromiseWithResolvers<string>[] = []) {
    super();
    this.charges = charges;
  }

  pay = tool("Pay", {}, { timeoutMs: 10_000 }, async () => {
    const receipt = await this.effect("charge", () => {
      const charge = Promise.withResolvers<string>();
      this.charges.push(charge);
      return charge.promise;
    });
    this.state.paid.push(receipt);
    return { receipt };
  });
  payTwice = tool("Pay, and try again", {}, { timeoutMs: 60_000 }, async () => {
    const pay = () => this.effect("charge", () => `receipt ${this.charges.push(Promise.withResolvers())}`);
    return { receipt: await pay().catch(pay) };
  });
}

test("a payment that outlives its call is waited for when the call is delivered again, not made beside itself", async () => {
  const agent = new SlowPayer();
  await using call = await testAgent(agent);
  const first = call.tool("pay", {}, { callId: "c" });
  await call.advance("10s");
  expect((await first).error).toMatchObject({ code: "tool_timeout" });
  const again = call.redeliver(await first);
  await call.advance("1s");
  agent.charges[0]!.resolve("r1");
  expect((await again).result).toEqual({ receipt: "r1" });
  expect(agent.charges).toHaveLength(1);
  expect(call.state).toMatchObject({ state: { paid: ["r1"] } });
  expect((await call.journal()).at(-1)).toMatchObject({ unit: "tool", notes: [{ kind: "effect", name: "charge", outcome: "kept" }] });
});

test("one that fails after its call was given up is the next delivery's to make", async () => {
  const agent = new SlowPayer();
  await using call = await testAgent(agent);
  const first = call.tool("pay", {}, { callId: "c" });
  await call.advance("10s");
  const again = call.redeliver(await first);
  await call.advance(1);
  agent.charges[0]!.reject(new Error("nobody waits any more"));
  await call.advance(1);
  agent.charges[1]!.resolve("r2");
  expect((await again).result).toEqual({ receipt: "r2" });
  expect(call.state).toMatchObject({ state: { paid: ["r2"] } });
});

test("an effect whose record has an unknown outcome is found out about before it is tried again", async () => {
  const agent = new SlowPayer();
  await using call = await testAgent(agent);
  // Longer than a commit is resolved for: the handler hears of it, and tries again.
  call.faults.next("commit", "unanswered", ...Array.from({ length: 16 }, () => "refused" as const));
  expect((await call.tool("pay_twice")).result).toEqual({ receipt: "receipt 1" });
  expect(call.faults.records.length).toBeGreaterThan(10);
  expect(agent.charges).toHaveLength(1);
});

test("an effect that is known to have run is not run again because its result is gone", async () => {
  const clock = new SimulatedClock();
  const forgetful = interceptedStore(openMemory({ clock }), (request, run) => (request.method === "answer" ? Promise.resolve(undefined as never) : run()));
  const charges: PromiseWithResolvers<string>[] = [];
  await using call = await testAgent(() => new SlowPayer(charges), { clock, store: forgetful });
  const first = call.tool("pay", {}, { callId: "c" });
  await call.advance(1);
  call.faults.next("commit", "ok", "refused");
  charges[0]!.resolve("r1");
  expect((await first).error).toMatchObject({ code: "state_unavailable" });
  expect((await call.redeliver(await first)).error).toMatchObject({ code: "state_lost" });
  expect(charges).toHaveLength(1);
});
