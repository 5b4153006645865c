// A call that failed half-way and comes again with other arguments is another call.                     (P5, P6, P11)

import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, conversationState, customerState, tool } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";

test("what a call did before it failed is not taken for another call's: with other arguments it is a call_mismatch", async () => {
  class Shop extends ConversimpleAgent {
    static override readonly agentId = "shop";
    readonly state = conversationState(z.object({ paid: z.number().default(0) }));
    readonly customer = customerState(z.object({ points: z.number().default(0) }));
    readonly did: string[] = [""];
    arrive = tool("Arrive", () => this.customer.identify("C-1"));
    charge = tool("Charge", { amount: z.number() }, async ({ amount }) => {
      await this.effect("charge", () => void this.did.push(`charged ${amount}`));
      this.state.paid += amount;
      return this.#answer(amount);
    });
    count = tool("Count", { amount: z.number() }, { parallel: true }, async ({ amount }) => {
      await this.update(() => void (this.state.paid += amount));
      return this.#answer(amount);
    });
    reward = tool("Reward", { amount: z.number() }, async ({ amount }) => {
      await this.customer.update((profile) => void (profile.points += amount));
      return this.#answer(amount);
    });
    #answer(amount: number) {
      if (this.did.push("answered") < 4) throw new Error("the printer is out of paper");
      return { amount };
    }
  }
  for (const name of ["charge", "count", "reward"]) {
    await using call = await testAgent(new Shop());
    await call.tool("arrive");
    expect((await call.tool(name, { amount: 10 }, { callId: "c" })).error).toMatchObject({ code: "tool_execution_error" });
    expect((await call.tool(name, { amount: 20 }, { callId: "c" })).error, name).toMatchObject({ code: "call_mismatch" });
    call.agent.did.push("paper", "paper");
    expect((await call.tool(name, { amount: 10 }, { callId: "c" })).result).toEqual({ amount: 10 });
  }
});
