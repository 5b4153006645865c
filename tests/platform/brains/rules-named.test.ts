// A tool without example phrases: its parameters' own words say what is meant.

import { expect, test } from "vitest";
import { z } from "zod";
import { ConversimpleAgent, conversationState, session, tool } from "../../../src/index.ts";
import { talking } from "./talking.ts";

class BankAgent extends ConversimpleAgent {
  static override readonly agentId = "bank";
  readonly state = conversationState(z.object({ blocked: z.array(z.string()).default([]) }));
  readonly session = session({ user: z.object({ id: z.string() }) });
  login = tool("Log in", { name: z.string(), pin: z.string().meta({ secret: true }) }, async ({ name, pin }) => {
    const user = await this.session.login(name, () => (name === "Pat" && pin === "4321" ? { id: name } : undefined));
    return user ? { message: "Welcome." } : { message: "No." };
  });
  blockCard = tool("Block a card", { card: z.string() }, { requires: this.session }, ({ card }) => {
    this.state.blocked.push(card);
    return { message: "It is blocked." };
  });
}

test("who says all that a tool asks for by its name means that tool, without an example", async () => {
  await using bank = await talking(new BankAgent());
  expect((await bank.say("my name is Pat and my PIN is four three two one")).said).toBe("Welcome.");
});

test("the same right behind a refusal that asks for a login", async () => {
  await using bank = await talking(new BankAgent());
  await bank.say("block a card");
  expect((await bank.say("C 1 2")).said).toContain("Please log in first.");
  expect((await bank.say("my name is Pat and my PIN is four three two one")).said).toContain("Welcome.");
});

test("who names one of two things does not mean the tool", async () => {
  await using bank = await talking(new BankAgent());
  expect((await bank.say("what was your name again")).calls).toEqual([]);
});
