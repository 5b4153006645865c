import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, tool } from "../../../src/index.ts";
import { gate, HostBench } from "./bench.ts";

class DeskAgent extends ConversimpleAgent {
  static override readonly agentId = "desk";
  readonly state = conversationState(
    z.object({
      n: z.number().default(0),
      at: z.date().default(() => new Date(5)),
      tags: z.map(z.string(), z.number()).default(() => new Map([["a", 1]])),
      seen: z.set(z.string()).default(() => new Set(["s"])),
      bytes: z.instanceof(Uint8Array).default(() => Uint8Array.of(1, 2)),
    }),
  );
  readonly gates = { slow: gate(), update: gate() };
  readonly log: unknown[] = [];

  add = tool("Add", () => ({ n: ++this.state.n }));
  slow = tool("Slow", {}, { timeoutMs: 10_000 }, async () => {
    await this.gates.slow.opened;
    this.state.n += 100;
  });
  look = tool("Look", {}, { parallel: true }, () => ({ n: this.state.n }));
  write = tool("Write", { what: z.string() }, { parallel: true }, ({ what }) => {
    this.writes[what]!();
    return "written";
  });
  readonly writes: Record<string, () => unknown> = {
    field: () => (this.state.n = 9),
    date: () => this.state.at.setTime(9),
    datePrototype: () => Date.prototype.setTime.call(this.state.at, 9),
    map: () => this.state.tags.set("b", 2),
    set: () => this.state.seen.add("t"),
    bytes: () => (this.state.bytes[0] = 9),
    updateState: () => this.updateState({ n: 9 }).then(undefined, (error: unknown) => this.log.push((error as { code: string }).code)),
    inner: () => this.add().then(undefined, (error: unknown) => this.log.push((error as { code: string }).code)),
  };
  count = tool("Count", {}, { parallel: true, timeoutMs: 5_000 }, async () => {
    const before = this.state.n;
    const given = await this.update(() => ++this.state.n);
    return { before, given, after: this.state.n };
  });
  countLate = tool("Count when told", {}, { parallel: true, timeoutMs: 1_000 }, () => this.update(() => ++this.state.n));
  badUpdate = tool("Update in a bad way", { how: z.string() }, { parallel: true }, async ({ how }) => {
    try {
      await this.update(this.bad[how]!);
    } catch (thrown) {
      return { caught: (thrown as { code?: string; message: string }).code ?? (thrown as Error).message };
    }
    return {};
  });
  readonly bad: Record<string, () => unknown> = {
    throws: () => {
      this.state.n = 9;
      throw new Error("recipe");
    },
    async: async () => {
      this.state.n = 9;
    },
    invalid: () => (this.state.n = "9" as unknown as number),
  };
  charge = tool("Charge", {}, { parallel: true }, async () => {
    const id = await this.effect("charge", () => "r1");
    await this.update(() => void (this.state.n += 1));
    return { id };
  });
  countTwice = tool("Count twice", {}, { parallel: true }, async () => {
    const first = await this.update(() => ++this.state.n);
    const second = await this.update(() => (this.state.tags.set("b", this.state.n), ++this.state.n)).catch(() => this.update(() => ++this.state.n));
    return { first, second };
  });
  sum = tool("Sum up", async () => {
    await Promise.all([this.count(), this.count()]);
    return { n: this.state.n };
  });
  note = tool("Note", {}, { parallel: true }, () => this.log.push("ran"));
  wait = tool("Wait", {}, { parallel: true, timeoutMs: 1_000 }, () => this.gates.slow.opened);
}

const start = async () => {
  const agent = new DeskAgent();
  const bench = await HostBench.start(agent, { secret: "the secret of this test" });
  await bench.open();
  return { bench, agent };
};

test("a parallel tool runs beside a slow one and reads what is committed", async () => {
  const { bench, agent } = await start();
  await bench.call("add");
  const slow = bench.result("slow");
  expect(await bench.result("look")).toEqual({ n: 1 });
  agent.gates.slow.open();
  await slow;
  expect(await bench.result("look")).toEqual({ n: 101 });
});

test.each(["field", "date", "datePrototype", "map", "set", "bytes"])("a parallel tool that writes its %s is refused, and nothing changes", async (what) => {
  const { bench } = await start();
  expect(await bench.result("write", { what })).toBe("read_only");
  expect(await bench.stored()).toEqual({ n: 0, at: new Date(5), tags: new Map([["a", 1]]), seen: new Set(["s"]), bytes: Uint8Array.of(1, 2) });
});

test.each(["updateState", "inner"])("%s in a parallel tool writes nothing either", async (what) => {
  const { bench, agent } = await start();
  await bench.result("write", { what });
  await bench.world.clock.advance(1);
  expect(agent.log).toEqual([expect.stringMatching(/read_only|unit_ended/)]);
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("updates of many parallel calls are all counted, each in a unit of its own", async () => {
  const { bench } = await start();
  const results = await Promise.all(Array.from({ length: 50 }, () => bench.result("count")));
  expect(results.map((result) => (result as { given: number }).given).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  expect(results.every((result) => (result as { after: number; given: number }).after >= (result as { given: number }).given)).toBe(true);
  expect(await bench.stored()).toMatchObject({ n: 50 });
});

test("an update waits for its turn in the queue", async () => {
  const { bench, agent } = await start();
  const slow = bench.result("slow");
  const counted = bench.result("count");
  await bench.world.clock.advance(300);
  agent.gates.slow.open();
  expect(await slow).toBeNull();
  expect(await counted).toEqual({ before: 0, given: 101, after: 101 });
});

test("an update whose call ran out of time before its turn is not applied", async () => {
  const { bench, agent } = await start();
  const slow = bench.result("slow");
  const counted = bench.result("count_late");
  await bench.world.clock.advance("1s");
  expect(await counted).toBe("tool_timeout");
  agent.gates.slow.open();
  await slow;
  await bench.world.clock.advance(1);
  expect(await bench.stored()).toMatchObject({ n: 100 });
});

test.each([
  ["throws", "recipe"],
  ["async", "option_invalid"],
  ["invalid", "state_invalid"],
])("an update that %s says so to its caller and changes nothing", async (how, code) => {
  const { bench } = await start();
  expect(await bench.result("bad_update", { how })).toEqual({ caught: code });
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("inside of an ordered tool a parallel one joins the unit", async () => {
  const { bench } = await start();
  expect(await bench.result("sum")).toEqual({ n: 2 });
  expect(await bench.journal()).toHaveLength(2);
});

test.each([
  ["its answer", ["ok", "ok", "refused"], { n: 2 }],
  ["its second update", ["ok", "refused"], { n: 2 }],
  ["its second update, and the entry that says so", ["ok", "refused", "refused"], { n: 2 }],
] as const)("a call whose store refused %s applies each update once over its deliveries (P5)", async (_, faults, stored) => {
  const { bench } = await start();
  bench.world.faults.next("commit", ...faults);
  expect(await bench.result("count_twice", {}, { callId: "c" })).toMatch(/state_unavailable|tool_execution_error/);
  expect(await bench.result("count_twice", {}, { callId: "c" })).toEqual({ first: 1, second: 2 });
  expect(await bench.stored()).toMatchObject(stored);
});

test("after a crash between its updates a call goes on with the second one", async () => {
  const { bench } = await start();
  bench.world.faults.next("commit", "ok");
  const held = bench.world.faults.hold("commit");
  void bench.call("count_twice", {}, { callId: "c" });
  await held.reached;
  bench.host.abandon();
  await bench.world.clock.advance("11s");
  const next = await HostBench.start(new DeskAgent(), { world: bench.world, secret: "the secret of this test" });
  await next.open();
  expect(await next.result("count_twice", {}, { callId: "c" })).toEqual({ first: 1, second: 2 });
  expect(await next.stored()).toMatchObject({ n: 2 });
});

test("effects of a parallel call are recorded", async () => {
  const { bench } = await start();
  expect(await bench.result("charge")).toEqual({ id: "r1" });
  expect((await bench.journal()).map(({ unit }) => unit)).toEqual(["hook", "effect", "update", "tool"]);
});

test("64 parallel calls may run, the next is overloaded, and one that is cancelled before it begins does not run", async () => {
  const { bench, agent } = await start();
  const running = Array.from({ length: 64 }, () => bench.result("wait"));
  expect(await bench.result("look")).toBe("overloaded");
  agent.gates.slow.open();
  await Promise.all(running);
  expect(await bench.result("note", {}, { signal: AbortSignal.abort() })).toBe("cancelled");
  expect(agent.log).toEqual([]);
});
