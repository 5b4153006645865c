// The reason of a failure goes into the journal and into logs: it names no key that is personal, and repeats no text that an
// agent says to its caller.                                                                                    (P21)

import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool, ToolError } from "../../../src/index.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { openMemory } from "../../../src/stores/memory.ts";
import { testAgent, type TestCall } from "../../../src/testing/index.ts";

const PHONE = "+49 170 5550199";
const phone = z.string().meta({ pii: true });

class PhoneAgent extends ConversimpleAgent {
  static override readonly agentId: string = "phones";
  readonly state = conversationState(z.looseObject({ people: z.record(phone, z.unknown()).default({}) }), { maxBytes: 500 });
  odd = tool("Put there what cannot be stored", { number: phone }, ({ number }) => {
    this.state.people[number] = Number.NaN;
  });
  deep = tool("Put there what is nested too deep", { number: phone }, ({ number }) => {
    let nested: unknown = 1;
    for (let depth = 0; depth < 80; depth++) nested = [nested];
    this.state.people[number] = nested;
  });
  date = tool("Put a broken date there", { number: phone }, ({ number }) => {
    this.state.people[number] = new Date(Number.NaN);
  });
  asked = tool("Give a result that its schema refuses", { number: phone }, { result: z.record(phone, z.number()) }, ({ number }) => ({ [number]: "x" }) as never);
  given = tool("Give a result that is no JSON", { number: phone }, { result: z.record(phone, z.unknown()) }, ({ number }) => ({ [number]: Number.NaN }));
  override onSignal(_name: string, payload: unknown) {
    throw new ToolError(`Nobody has the number ${(payload as { number: string }).number}.`);
  }
}

/** Keys at the root are data, too. */
class BookAgent extends ConversimpleAgent {
  static override readonly agentId = "book";
  readonly state = conversationState(z.record(phone, z.string()), { maxBytes: 200 });
  put = tool("Put an entry", { number: phone }, ({ number }) => {
    this.state[number] = "x".repeat(300);
  });
}

async function told<A extends ConversimpleAgent>(call: TestCall<A>): Promise<string> {
  const entries = (await call.journal()).map(({ reason }) => reason);
  return JSON.stringify([entries, call.errors.map((error) => (error as Error).message)]);
}

test.for(["odd", "deep", "date", "asked", "given"])("a failure of what has a personal key does not name the key: %s", async (name) => {
  await using call = await testAgent(() => new PhoneAgent());
  const turn = await call.tool(name, { number: PHONE });
  expect(turn.error).toBeDefined();
  expect(JSON.stringify(turn.error)).not.toContain(PHONE);
  expect(await told(call)).not.toContain(PHONE);
});

test("a state that is too large does not name its largest fields where they are personal", async () => {
  await using call = await testAgent(() => new BookAgent());
  const turn = await call.tool("put", { number: PHONE });
  expect(turn.error?.code).toBe("state_too_large");
  expect(JSON.stringify(turn.error) + (await told(call))).not.toContain(PHONE);
});

test("what an agent says to its caller from a hook is not the journal's reason", async () => {
  await using call = await testAgent(() => new PhoneAgent());
  await expect(call.signal("look", { number: PHONE })).rejects.toThrow("refused");
  const [entry] = (await call.journal()).slice(-1);
  expect(entry).toMatchObject({ unit: "signal", outcome: "failed", code: "tool_error" });
  expect(JSON.stringify(entry)).not.toContain(PHONE);
});

test("a record that a new schema does not take is quarantined without its personal keys in the reason", async () => {
  class Before extends ConversimpleAgent {
    static override readonly agentId: string = "app";
    readonly state = conversationState(z.object({ people: z.record(phone, z.looseObject({})).default({}) }));
    put = tool("Put", { number: phone }, ({ number }) => void (this.state.people[number] = { rank: "first" }));
  }
  class Refusing extends ConversimpleAgent {
    static override readonly agentId = "app";
    readonly state = conversationState(z.object({ people: z.record(phone, z.object({ rank: z.number() })).default({}) }));
    look = tool("Look", () => Object.keys(this.state.people).length);
  }
  class Dropping extends ConversimpleAgent {
    static override readonly agentId = "app";
    readonly state = conversationState(z.object({ people: z.record(phone, z.object({})).default({}) }));
    look = tool("Look", () => Object.keys(this.state.people).length);
  }
  for (const Next of [Refusing, Dropping]) {
    const clock = new SimulatedClock();
    const store = openMemory({ clock });
    const first = await testAgent(() => new Before(), { store, clock, conversationId: "c1" });
    await first.tool("put", { number: PHONE });
    await first.restart();
    await first.close();
    await clock.advance("10m");
    await using second = await testAgent(() => new Next(), { store, clock, conversationId: "c1" });
    const turn = await second.tool("look");
    expect(turn.error?.code).toBe("state_quarantined");
    expect((await told(second)) + JSON.stringify(second.errors)).not.toContain(PHONE);
  }
});
