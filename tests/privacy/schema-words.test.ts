// What the author of a schema writes into a message of its own may hold the value.                          (P8, P21)

import { expect, test } from "vitest";
import * as v from "valibot";
import { z } from "zod";

import { ConversimpleAgent, conversationState, tool } from "../../src/index.ts";
import { testAgent } from "../../src/testing/test-agent.ts";

const CANARY = "canary-words-99113";
const told = { error: ({ input }: { input?: unknown }) => `${String(input)} is not allowed` };

class Talkative extends ConversimpleAgent {
  static override readonly agentId = "talkative";
  readonly state = conversationState(z.object({ name: z.string().meta({ pii: true }).refine((name) => name.length === 0, told).default("") }));
  keep = tool("Keep", { name: z.string().meta({ pii: true }) }, ({ name }) => {
    this.state.name = name;
    return {};
  });
  login = tool("Log in", { pin: z.string().meta({ secret: true }).refine((pin) => pin.length === 0, told) }, () => ({}));
  dial = tool("Dial", { phone: z.string().meta({ pii: true }).refine((phone) => phone.length === 0, told) }, () => ({}));
}

class Literal extends ConversimpleAgent {
  static override readonly agentId = "literal";
  readonly state = conversationState(v.object({ name: v.optional(v.pipe(v.string(), v.regex(/^\d*$/), v.metadata({ pii: true })), "") }));
  keep = tool("Keep", { name: z.string().meta({ pii: true }) }, ({ name }) => {
    this.state.name = name;
    return {};
  });
}

test("is taken out of what a library says by itself, too: valibot repeats what it was given", async () => {
  await using call = await testAgent(() => new Literal());
  const { error } = await call.tool("keep", { name: CANARY });
  expect(error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("state.name is not valid") as string });
  expect(JSON.stringify([error?.message, (await call.journal()).map(({ reason }) => reason)])).not.toContain(CANARY);
});

test("is taken out of it: neither journal nor caller gets what is personal or secret", async () => {
  await using call = await testAgent(() => new Talkative());
  const turns = [await call.tool("keep", { name: CANARY }), await call.tool("login", { pin: CANARY }), await call.tool("dial", { phone: CANARY })];
  expect(turns.map(({ error }) => error?.code)).toEqual(["state_invalid", "invalid_parameters", "invalid_parameters"]);
  expect(turns.map(({ error }) => error?.message)).toEqual([expect.stringContaining("••• is not allowed"), expect.stringContaining("••• is not allowed"), expect.stringContaining("••• is not allowed")]);
  const reasons = (await call.journal()).map(({ reason }) => reason ?? "");
  expect(reasons.filter((reason) => reason.includes("not valid"))).toHaveLength(3);
  expect(reasons.join()).not.toContain(CANARY);
});
