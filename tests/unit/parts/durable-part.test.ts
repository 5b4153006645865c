import { expect, test } from "vitest";
import { z } from "zod";

import { ConversimpleAgent, DurablePart, tool, type Guard, type RefusalResult } from "../../../src/index.ts";
import { testAgent } from "../../../src/testing/index.ts";
import { HostBench, world } from "../host/bench.ts";

/** Consent of the caller, as a part that holds state and guards tools. */
class Consent extends DurablePart<{ given: string[]; askedAt?: Date | undefined }> implements Guard {
  readonly kind = "consent";

  constructor() {
    super(z.object({ given: z.array(z.enum(["recording", "marketing"])).default([]), askedAt: z.date().optional() }), { maxBytes: 200 });
  }

  give(what: string): void {
    this.value.given.push(what);
  }

  asked(at: Date): void {
    this.value = { ...this.value, askedAt: at };
  }

  get all(): readonly string[] {
    return [...this.value.given];
  }

  refusal(): RefusalResult | undefined {
    return this.value.given.includes("recording") ? undefined : { error: "no_consent", message: "May I record this call?" };
  }
}

class CallCentreAgent extends ConversimpleAgent {
  static override readonly agentId = "call-centre";
  readonly consent = new Consent();
  ask = tool("Ask", () => this.consent.asked(this.now()));
  give = tool("Give", { what: z.string() }, ({ what }) => this.consent.give(what));
  giveAndThrow = tool("Give and throw", () => {
    this.consent.give("recording");
    throw new Error("no");
  });
  look = tool("Look", { parallel: z.boolean().default(false) }, { parallel: true }, () => {
    this.consent.give("recording");
  });
  record = tool("Record", {}, { requires: this.consent }, () => ({ recorded: true, consents: this.consent.all }));
}

test("a durable part is committed with its tool, and is there after a crash", async () => {
  await using call = await testAgent(() => new CallCentreAgent(), { now: "2026-01-01T09:00Z" });
  await call.tool("ask");
  await call.tool("give", { what: "recording" });
  await call.crash();
  await call.restart();
  expect((await call.tool("record")).result).toEqual({ recorded: true, consents: ["recording"] });
  expect(call.state).toEqual({ consent: { given: ["recording"], askedAt: new Date("2026-01-01T09:00Z") } });
});

test("a durable part guards a tool in words that can be said", async () => {
  await using call = await testAgent(new CallCentreAgent());
  expect((await call.tool("record")).result).toEqual({ error: "no_consent", message: "May I record this call?" });
});

test("what a tool that throws did to a durable part is thrown away", async () => {
  await using call = await testAgent(new CallCentreAgent());
  expect((await call.tool("give_and_throw")).error?.code).toBe("tool_execution_error");
  expect(call.state).toEqual({ consent: { given: [] } });
});

test("what the schema of a durable part refuses is not committed, and the error names the path", async () => {
  await using call = await testAgent(new CallCentreAgent());
  const turn = await call.tool("give", { what: "everything" });
  expect(turn.error?.code).toBe("state_invalid");
  expect(turn.error?.message).toContain("consent.given[0]");
  expect(call.state).toEqual({ consent: { given: [] } });
});

test("a durable part that grows beyond its limit is refused", async () => {
  await using call = await testAgent(new CallCentreAgent());
  let last = await call.tool("give", { what: "marketing" });
  for (let times = 0; times < 30 && last.error === undefined; times++) last = await call.tool("give", { what: "marketing" });
  expect(last.error?.code).toBe("state_too_large");
});

test("a durable part is read-only in a parallel tool", async () => {
  await using call = await testAgent(new CallCentreAgent());
  expect((await call.tool("look")).error?.cause).toMatchObject({ code: "read_only" });
});

test("outside of a conversation a durable part has no value", async () => {
  const agent = new CallCentreAgent();
  expect(() => agent.consent.all).toThrow(expect.objectContaining({ code: "no_conversation" }));
  await using _call = await testAgent(agent);
  expect(() => agent.consent.all).toThrow(expect.objectContaining({ code: "no_conversation" }));
});

test("two conversations never see each other's durable part", async () => {
  await using call = await testAgent(new CallCentreAgent());
  await using other = await call.another();
  await call.tool("give", { what: "recording" });
  expect(other.state).toEqual({ consent: { given: [] } });
});

test("a newer release upgrades a durable part, and an older one quarantines it from then on", async () => {
  class Newer extends DurablePart<{ since: number }> {
    readonly kind = "consent";
    constructor() {
      super(z.object({ since: z.number().default(0) }), { version: 2, upgrade: { 1: ({ given, ...rest }) => ({ ...rest, since: (given as unknown[]).length }) } });
    }
    add(): number {
      return ++this.value.since;
    }
  }
  class NewerAgent extends ConversimpleAgent {
    static override readonly agentId = "call-centre";
    readonly consent = new Newer();
    add = tool("Add", () => this.consent.add());
  }
  const shared = world();
  const old = await HostBench.start(new CallCentreAgent(), { world: shared });
  await old.open();
  await old.result("give", { what: "recording" });
  await old.host.drain(0);
  const newer = await HostBench.start(new NewerAgent(), { world: shared });
  await newer.open();
  expect(await newer.result("add")).toBe(2);
  await newer.host.drain(0);
  const again = await HostBench.start(new CallCentreAgent(), { world: shared });
  await again.open();
  expect(await again.result("ask")).toBe("state_quarantined");
  expect(await again.stored("c1", "consent")).toEqual({ since: 2 });
});

test.each([
  ["a default is missing", () => new (class Odd extends DurablePart<{ a: string }> { readonly kind = "odd"; constructor() { super(z.object({ a: z.string() })); } })(), /Odd: a conversation begins with the schema's defaults.*a/],
  ["a secret is in the schema", () => new (class Odd extends DurablePart<{ pin: string }> { readonly kind = "odd"; constructor() { super(z.object({ pin: z.string().default("").meta({ secret: true }) })); } })(), /Odd: .*pin is marked secret/],
])("a durable part is refused at its definition when %s", (_why, make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: "definition_invalid", message: expect.stringMatching(message) as unknown }));
});
