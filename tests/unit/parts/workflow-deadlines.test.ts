// Deadlines of steps: in time, over restarts, before any call. (P17)

import { expect, test } from "vitest";
import { ConversimpleAgent, tool, workflow } from "conversimple";
import { z } from "zod";
import type { Timer } from "../../../src/base/clock.ts";
import { SimulatedClock } from "../../../src/base/simulated-clock.ts";
import { testAgent, type TestAgentOptions } from "../../../src/testing/test-agent.ts";

class OfferAgent extends ConversimpleAgent {
  static override readonly agentId = "offer";
  readonly sent: string[];
  readonly slow: () => Promise<void>;
  constructor(sent: string[] = [], slow: () => Promise<void> = () => Promise.resolve()) {
    super();
    this.sent = sent;
    this.slow = slow;
  }
  readonly offer = workflow({
    data: { price: z.number() },
    initial: "idle",
    steps: {
      idle: { to: ["offered", "reminding", "failing"] },
      offered: { to: ["taken"], deadlineMs: 300_000, onDeadline: "expired" },
      reminding: {
        to: ["taken", "offered"],
        deadlineMs: 60_000,
        onDeadline: async () => {
          const text = await this.effect("text", () => (this.sent.push("reminder"), "sent"));
          if (this.offer.data.price === 0) this.offer.go("offered");
          this.offer.set({ price: text.length });
        },
      },
      failing: { deadlineMs: 60_000, onDeadline: () => { this.sent.push("tried"); throw new Error("no line"); } },
      expired: { to: ["idle"], deadlineMs: 86_400_000 * 40, onDeadline: "idle" },
      taken: { final: true },
    },
  });
  readonly waiting = workflow({ data: {}, initial: "open", steps: { open: { deadlineMs: 7_200_000, onDeadline: "closed" }, closed: { deadlineMs: 600_000, onDeadline: "open" } } });

  go = tool("Go", { to: z.string() }, ({ to }) => this.offer.go(to as "offered"));
  price = tool("Price", { price: z.number() }, ({ price }) => this.offer.set({ price }));
  take = tool("Take", {}, { step: this.offer.at("offered") }, () => (this.offer.go("taken"), { ok: true }));
  peek = tool("Peek", {}, { parallel: true, step: this.offer.at("offered") }, () => ({ step: this.offer.step }));
  takeSlowly = tool("Take slowly", {}, { step: this.offer.at("offered"), timeoutMs: 600_000 }, async () => {
    await this.slow();
    this.offer.go("taken");
    return { ok: true };
  });
}

const calls = (agent: OfferAgent | (() => OfferAgent) = new OfferAgent(), options: TestAgentOptions<OfferAgent> = {}) => testAgent(agent, { now: "2026-01-01T09:00Z", ...options });

test("a step is left when its deadline comes, not before, in a unit of its own", async () => {
  await using call = await calls();
  await call.tool("go", { to: "offered" });
  await call.advance(299_999);
  expect(call.state).toMatchObject({ offer: { step: "offered" } });
  await call.advance(1);
  expect(call.state).toMatchObject({ offer: { step: "expired", since: Date.parse("2026-01-01T09:05:00Z") } });
  expect((await call.journal()).at(-1)).toMatchObject({ unit: "deadline", name: "offer", outcome: "ok" });
  await call.advance("1h");
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
});

test("who leaves the step in time hears nothing of its deadline", async () => {
  await using call = await calls();
  await call.tool("go", { to: "offered" });
  await call.advance("4m");
  await call.tool("take");
  await call.advance("1h");
  expect(call.state).toMatchObject({ offer: { step: "taken" } });
  expect((await call.journal()).filter(({ unit }) => unit === "deadline")).toEqual([]);
});

test("what is set at a step does not put its deadline off", async () => {
  await using call = await calls();
  await call.tool("go", { to: "offered" });
  await call.advance("4m");
  await call.tool("price", { price: 5 });
  await call.advance("1m");
  expect(call.state).toMatchObject({ offer: { step: "expired", data: { price: 5 } } });
});

test("a deadline survives a crash, counted from the moment at which the step was entered", async () => {
  await using call = await calls(() => new OfferAgent());
  await call.tool("go", { to: "offered" });
  await call.advance("4m");
  await call.crash();
  await call.restart();
  expect(call.state).toMatchObject({ offer: { step: "offered" } });
  await call.advance("1m");
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
});

test("one that came while no process was there fires at once when one is there again", async () => {
  await using call = await calls(() => new OfferAgent());
  await call.tool("go", { to: "offered" });
  await call.crash();
  await call.advance("10m");
  await call.restart();
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
});

test("a call that arrives after the deadline does not run at the old step, whatever the queue holds, a parallel one neither", async () => {
  const gate = Promise.withResolvers<void>();
  await using call = await calls(new OfferAgent([], () => gate.promise));
  await call.tool("go", { to: "offered" });
  // It began in time, and holds the queue; it may finish.
  const slow = call.tool("take_slowly");
  await call.advance("6m");
  const late = call.tool("take");
  const beside = call.tool("peek");
  await call.advance(1);
  gate.resolve();
  expect((await slow).result).toEqual({ ok: true });
  expect((await late).result).toMatchObject({ error: "step_not_allowed", step: "taken" });
  expect((await beside).result).toMatchObject({ error: "step_not_allowed", step: "taken" });
});

test("at the very moment of the deadline, before its timer, a call finds the step left", async () => {
  await using call = await calls();
  await call.tool("go", { to: "offered" });
  await call.advance(299_999);
  // The timer's turn comes after this one's: both are of the same moment.
  let late: Promise<{ readonly result: unknown }> | undefined;
  let beside: Promise<{ readonly result: unknown }> | undefined;
  call.clock.after(1, () => {
    late = call.tool("take");
    beside = call.tool("peek");
  });
  await call.advance(1);
  expect((await late!).result).toMatchObject({ error: "step_not_allowed", step: "expired" });
  expect((await beside!).result).toMatchObject({ error: "step_not_allowed", step: "expired" });
});

test("setting the clock neither brings a deadline nor puts it off", async () => {
  await using call = await calls();
  await call.tool("go", { to: "offered" });
  call.clock.jump(3_600_000);
  await call.tool("price", { price: 1 });
  await call.advance("4m");
  expect(call.state).toMatchObject({ offer: { step: "offered" } });
  call.clock.jump(-2 * 3_600_000);
  await call.advance("1m");
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
});

test("a handler runs once when the deadline comes, with its effects once, also when the process dies in between", async () => {
  const sent: string[] = [];
  await using call = await calls(() => new OfferAgent(sent));
  await call.tool("go", { to: "reminding" });
  // The effect is stored, the unit is not.
  call.faults.next("commit", "ok", "refused");
  await call.advance("1m");
  await call.advance("1h");
  expect(call.state).toMatchObject({ offer: { step: "reminding", isLate: true, data: { price: 4 } } });
  expect(sent).toEqual(["reminder"]);
  await call.crash();
  await call.restart();
  await call.advance("1h");
  expect(sent).toEqual(["reminder"]);
});

test("a handler can leave the step, along `to`", async () => {
  await using call = await calls();
  await call.tool("price", { price: 0 });
  await call.tool("go", { to: "reminding" });
  await call.advance("1m");
  expect(call.state).toMatchObject({ offer: { step: "offered" } });
  await call.advance("5m");
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
});

test("a handler that throws changes nothing, is reported, and is tried again before the next call, not for ever", async () => {
  const sent: string[] = [];
  await using call = await calls(new OfferAgent(sent));
  await call.tool("go", { to: "failing" });
  await call.advance("1m");
  expect(sent).toEqual(["tried"]);
  expect(call.errors).toHaveLength(1);
  await call.advance("20m");
  expect(sent).toEqual(["tried"]);
  await call.tool("peek");
  expect(sent).toEqual(["tried", "tried"]);
  call.expectState({ offer: { step: "failing", isLate: undefined } });
});

test("a handler that hangs keeps one call waiting, not each of them, and is tried again after a while", async () => {
  const tries: string[] = [];
  class Hanging extends ConversimpleAgent {
    static override readonly agentId = "hanging";
    readonly tries = tries;
    readonly it = workflow({
      data: {},
      initial: "open",
      steps: { open: { to: ["closed"], deadlineMs: 60_000, onDeadline: async () => { if (this.tries.push("tried") < 4) await new Promise(() => {}); this.it.go("closed"); } }, closed: { final: true } },
    });
    hello = tool("Hello", () => this.it.step);
    beside = tool("Beside", {}, { parallel: true }, () => this.it.step);
  }
  await using call = await testAgent(new Hanging(), { abandonedAfterMs: 86_400_000 });
  await call.advance("59s");
  await call.advance("2s");
  const behind = call.tool("hello");
  await call.advance("9s");
  expect(tries).toHaveLength(1);
  // It was given up with time left for who waited behind it.
  expect((await behind).result).toBe("open");
  expect((await call.tool("hello")).result).toBe("open");
  expect((await call.tool("beside")).result).toBe("open");
  expect(tries).toHaveLength(1);
  expect(call.errors).toMatchObject([{ code: "tool_timeout" }]);
  // After one minute, two, and four: by itself, also when nobody calls.
  await call.advance("70s");
  expect(tries).toHaveLength(2);
  await call.advance("119s");
  expect(tries).toHaveLength(2);
  await call.advance("11s");
  expect(tries).toHaveLength(3);
  await call.advance("5m");
  expect(tries).toHaveLength(4);
  expect(call.state).toMatchObject({ it: { step: "closed" } });
});

test("the initial step's deadline counts from the beginning of the call; two workflows have their own", async () => {
  await using call = await calls(new OfferAgent(), { abandonedAfterMs: 86_400_000 });
  await call.advance("1h");
  await call.tool("go", { to: "offered" });
  await call.advance("1h");
  expect(call.state).toMatchObject({ offer: { step: "expired" }, waiting: { step: "closed" } });
});

test("a deadline further away than a timer reaches comes in its time", async () => {
  // Looked after once an hour, not every few seconds of 40 days.
  const hourMs = 3_600_000;
  await using call = await calls(new OfferAgent(), { abandonedAfterMs: 86_400_000 * 100, leaseMs: 3 * hourMs, mailEveryMs: hourMs, sweepEveryMs: hourMs });
  await call.tool("go", { to: "offered" });
  await call.advance("5m");
  await call.clock.advance("39d");
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
  await call.clock.advance("1d");
  expect(call.state).toMatchObject({ offer: { step: "idle" } });
});

test("deadlines are no sign of life: a call that nobody is in is abandoned", async () => {
  class Ping extends ConversimpleAgent {
    static override readonly agentId = "ping";
    readonly it = workflow({ data: {}, initial: "ping", steps: { ping: { deadlineMs: 60_000, onDeadline: "pong" }, pong: { deadlineMs: 60_000, onDeadline: "ping" } } });
  }
  await using call = await testAgent(new Ping(), { abandonedAfterMs: 600_000 });
  await call.advance("20m");
  expect(await call.stored()).toMatchObject({ status: "ended", endReason: "abandoned" });
  const { length } = await call.journal();
  await call.advance("1h");
  expect(await call.journal()).toHaveLength(length);
});

test("a call that is over leaves no timer behind", async () => {
  const waiting = new Set<object>();
  class WatchedClock extends SimulatedClock {
    override after(delayMs: number, run: () => void): Timer {
      const timer = super.after(delayMs, run);
      if (delayMs === 300_000) waiting.add(timer);
      return { cancel: () => (waiting.delete(timer), timer.cancel()) };
    }
  }
  const clock = new WatchedClock();
  // Nothing else waits for as long.
  await using call = await testAgent(new OfferAgent(), { clock, leaseMs: 3_000_000 });
  await call.tool("go", { to: "offered" });
  expect(waiting.size).toBe(1);
  await call.hangUp();
  expect(waiting.size).toBe(0);
});

test("a deadline whose commit fails is tried again without anybody calling", async () => {
  await using call = await calls();
  await call.tool("go", { to: "offered" });
  await call.advance("4m");
  call.faults.down("2m");
  await call.advance("3m");
  expect(call.state).toMatchObject({ offer: { step: "expired" } });
});
