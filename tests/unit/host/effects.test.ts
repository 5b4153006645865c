import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, conversationState, tool } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";

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
