// An agent with what the promises are about: order, failure, effects, time.

import { z } from "zod";
import { ConversimpleAgent, ToolError, conversationState, ephemeral, tool } from "../../src/index.ts";

export interface Payments {
  charge(key: string): Promise<string> | string;
}

export class BankAgent extends ConversimpleAgent {
  static override readonly agentId = "bank";
  readonly payments: Payments;

  constructor(payments: Payments = { charge: () => "receipt" }) {
    super();
    this.payments = payments;
  }

  readonly state = conversationState(
    z.object({
      user: z.string().nullable().default(null),
      balance: z.number().default(100),
      log: z.array(z.object({ what: z.string(), at: z.date() })).default([]),
      tags: z.map(z.string(), z.bigint()).default(new Map()),
    }),
  );
  readonly scratch = ephemeral(() => ({ runs: 0 }));

  readonly login = tool("Log in", { user: z.string() }, async ({ user }) => {
    await Promise.resolve();
    this.state.user = user;
    this.state.log.push({ what: `login ${user}`, at: this.now() });
    return { user };
  });

  readonly getBalance = tool("Say the balance", { }, { requires: () => this.state.user !== null || "Please log in first." }, () => ({ balance: this.state.balance }));

  readonly deposit = tool("Pay in", { amount: z.number().int().min(1) }, ({ amount }) => {
    this.scratch.value.runs += 1;
    this.state.balance += amount;
    return { balance: this.state.balance, runs: this.scratch.value.runs };
  });

  readonly depositAndFail = tool("Pay in, then fail", { amount: z.number() }, ({ amount }): never => {
    this.state.balance += amount;
    throw new Error("pw=hunter2");
  });

  readonly depositAndDecline = tool("Pay in, then decline", { amount: z.number() }, ({ amount }): never => {
    this.state.balance += amount;
    throw new ToolError("We are closed.", { error: "closed" });
  });

  readonly hang = tool("Never answers", { amount: z.number() }, { timeoutMs: 30_000 }, async ({ amount }) => {
    this.state.balance += amount;
    await new Promise(() => {});
  });

  readonly charge = tool("Charge the card", async () => {
    const receipt = await this.effect("charge", () => this.payments.charge(this.call.idempotencyKey));
    this.state.balance -= 10;
    return { receipt };
  });

  readonly chargeAndGive = tool("Charge the card, then give to another caller", { to: z.string() }, async ({ to }) => {
    await this.payments.charge(this.call.idempotencyKey);
    await this.updateState(to, { balance: 1_000_000 });
  });

  readonly depositBeside = tool("Pay in beside others", { amount: z.number() }, { parallel: true }, async ({ amount }) => {
    await this.payments.charge(this.call.idempotencyKey);
    return this.update(() => ({ balance: (this.state.balance += amount) }));
  });

  readonly meddleBeside = tool("Writes where it may only read", {}, { parallel: true }, () => {
    this.state.balance = 0;
    return {};
  });

  readonly tag = tool("Count a tag", { name: z.string() }, ({ name }) => {
    this.state.tags.set(name, (this.state.tags.get(name) ?? 0n) + 1n);
    return { tags: this.state.tags.size };
  });

  override onConversationResumed() {
    this.state.log.push({ what: "resumed", at: this.now() });
  }

  override onConversationEnded(reason: string) {
    this.state.log.push({ what: `ended ${reason}`, at: this.now() });
  }

  override onSignal(name: string) {
    if (name === "broken") throw new Error("no such signal");
    this.state.log.push({ what: `signal ${name}`, at: this.now() });
  }
}
