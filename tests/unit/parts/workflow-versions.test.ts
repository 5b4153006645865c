// A newer release meets a workflow that an older one stored. (P10)

import { expect, test } from "vitest";
import { ConversimpleAgent, tool, workflow, type StoredWorkflow } from "conversimple";
import { z } from "zod";
import { openMemory } from "../../../src/stores/memory.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { testAgent } from "../../../src/testing/test-agent.ts";

class First extends ConversimpleAgent {
  static override readonly agentId = "order";
  readonly order = workflow({ data: { size: z.string(), phone: z.string() }, initial: "sizes", steps: { sizes: { needs: ["size"], to: ["paying"] }, paying: {} } });
  choose = tool("Choose", { size: z.string() }, ({ size }) => this.order.set({ size, phone: "0151" }));
}

const CUPS = { cups: { needs: ["cup"], to: ["checkout"] }, checkout: { prompt: "Card or cash?" } } as const;

class Renamed extends ConversimpleAgent {
  static override readonly agentId = "order";
  readonly order = workflow({ data: { cup: z.string() }, initial: "cups", steps: CUPS });
  look = tool("Look", () => ({ step: this.order.step, data: this.order.data }));
}

const upgrade = ({ data: { size, phone: _gone }, ...rest }: StoredWorkflow): StoredWorkflow => ({ ...rest, step: rest.step === "sizes" ? "cups" : "checkout", data: size === undefined ? {} : { cup: size } });

class Upgraded extends ConversimpleAgent {
  static override readonly agentId = "order";
  readonly order = workflow({ data: { cup: z.string() }, initial: "cups", steps: CUPS, version: 2, upgrade: { 1: upgrade } });
  look = tool("Look", () => ({ step: this.order.step, data: this.order.data }));
}

/** A conversation that the first release left in the middle. */
async function stored() {
  const clock = new SimulatedClock();
  const store = openMemory({ clock });
  await using call = await testAgent(new First(), { clock, store, conversationId: "c1" });
  await call.tool("choose", { size: "big" });
  call.expectState({ order: { step: "paying" } });
  return { clock, store, conversationId: "c1" };
}

/** What the agent's developer is told. */
const reasons = (call: { readonly errors: readonly unknown[] }) => call.errors.map((error) => (error as Error).message).join();

test("a stored workflow of an older definition is upgraded, and goes on where it was", async () => {
  await using call = await testAgent(new Upgraded(), await stored());
  expect((await call.tool("look")).result).toEqual({ step: "checkout", data: { cup: "big" } });
});

test("a stored step that the definition does not have any more is quarantined, not guessed", async () => {
  await using call = await testAgent(new Renamed(), await stored());
  expect((await call.tool("look")).error?.code).toBe("state_quarantined");
  expect(reasons(call)).toContain('order.step is "paying", which is not a step of the workflow');
});

test("a stored field that the definition does not have any more is quarantined, not dropped", async () => {
  class Shorter extends ConversimpleAgent {
    static override readonly agentId = "order";
    readonly order = workflow({ data: { size: z.string() }, initial: "sizes", steps: { sizes: { to: ["paying"] }, paying: {} } });
    look = tool("Look", () => this.order.step);
  }
  await using call = await testAgent(new Shorter(), await stored());
  expect((await call.tool("look")).error?.code).toBe("state_quarantined");
  expect(reasons(call)).toContain("order.phone is not a field of the workflow");
});

test("an upgrade that throws quarantines, without its words", async () => {
  class Broken extends ConversimpleAgent {
    static override readonly agentId = "order";
    readonly order = workflow({
      data: {}, initial: "one", steps: { one: {} }, version: 2,
      upgrade: { 1: ({ data }) => { throw new Error(`cannot move ${String(data.phone)}`); } },
    });
    look = tool("Look", () => this.order.step);
  }
  await using call = await testAgent(new Broken(), await stored());
  expect((await call.tool("look")).error?.code).toBe("state_quarantined");
  expect(reasons(call)).toContain("the upgrade of order from version 1 failed");
  expect(reasons(call)).not.toContain("0151");
});

test("a field whose schema changes its own output is refused when it is stored", async () => {
  class Growing extends ConversimpleAgent {
    static override readonly agentId = "growing";
    readonly it = workflow({ data: { name: z.string().transform((text) => `${text}!`) }, initial: "one", steps: { one: {} } });
    put = tool("Put", { name: z.string() }, ({ name }) => this.it.set({ name }));
  }
  await using call = await testAgent(new Growing());
  expect((await call.tool("put", { name: "Kim" })).error).toMatchObject({ code: "state_invalid", message: expect.stringContaining("it.name is changed by its schema when it is read again") as string });
});
