import { expect, test } from "vitest";
import { z } from "zod";

import { conversationState, ConversimpleAgent, ephemeral, RefusedError, tool, ToolError } from "../../../src/index.ts";
import { gate, HostBench } from "./bench.ts";

class Line {
  readonly id = "P1";
}

class ShopAgent extends ConversimpleAgent {
  static override readonly agentId = "shop";
  readonly state = conversationState(
    z.object({
      n: z.number().default(0),
      items: z.array(z.string()).default([]),
      at: z.date().default(() => new Date(0)),
      bag: z.unknown().optional(),
      small: z.string().max(5).default(""),
    }),
  );
  readonly open = ephemeral(() => false);
  readonly gates = { hang: gate(), detached: gate() };
  readonly seen: unknown[] = [];
  runs = { add: 0 };

  add = tool("Add", { by: z.number().default(1) }, ({ by }) => {
    this.runs.add++;
    this.state.n += by;
    return { n: this.state.n };
  });
  push = tool("Push", { item: z.string() }, ({ item }) => this.state.items.push(item));
  addAndThrow = tool("Add, then throw", { message: z.string().default("secret pw=1") }, ({ message }) => {
    this.state.n += 100;
    throw new Error(message);
  });
  decline = tool("Decline", () => {
    this.runs.add++;
    this.state.n += 100;
    throw new ToolError("We are closed.", { error: "closed" });
  });
  outer = tool("Outer", async () => {
    this.state.n += 1;
    await this.add({ by: 10 });
    return { n: this.state.n };
  });
  outerThrows = tool("Outer that throws", async () => {
    await this.add({ by: 10 });
    throw new Error("late");
  });
  guarded = tool("Guarded", {}, { requires: () => this.open.value || "Open it first." }, () => "in");
  unlock = tool("Unlock", () => void (this.open.value = true));
  outerGuarded = tool("Outer of guarded", async () => {
    this.state.n += 1;
    return this.guarded();
  });
  outerCatches = tool("Outer that catches", async () => {
    try {
      await this.guarded();
    } catch (thrown) {
      return { caught: thrown instanceof RefusedError && thrown.result };
    }
    return {};
  });
  innerInvalid = tool("Inner with a bad argument", () => this.add({ by: "x" as never }));
  oddRefusal = tool("Odd refusal", {}, { requires: { refusal: () => ({ error: "odd", message: "No.", balance: 10n }) } }, () => 1);
  throwingGuard = tool("Guard that throws", {}, { requires: () => { throw new Error("guard"); } }, () => void (this.state.n += 1));
  twoGuards = tool("Two guards", {}, { requires: [() => true, () => false] }, () => 1);
  order = tool("Order", { key: z.string(), fail: z.boolean().default(false) }, { once: ({ key }) => key }, ({ key, fail }) => {
    this.state.n += 1;
    if (fail) throw new ToolError("Not now.");
    return { placed: key, n: this.state.n };
  });
  orderBig = tool("Order with a long answer", { key: z.string() }, { once: ({ key }) => key }, () => "x".repeat(200_000));
  outerOrder = tool("Outer of order", ({ key: z.string() }), async ({ key }) => ({ inner: await this.order({ key }) }));
  hang = tool("Hang", {}, { timeoutMs: 1_000 }, async () => {
    this.state.n += 1_000;
    const { state } = this;
    await this.gates.hang.opened;
    const late = [() => (state.n += 1), () => (this.state.n += 1), () => this.updateState({ n: 7 }), () => this.effect("late", () => 1), () => this.update(() => 1)];
    for (const write of late) {
      try {
        await write();
        this.seen.push("written");
      } catch (thrown) {
        this.seen.push((thrown as { code?: string }).code);
      }
    }
  });
  watchSignal = tool("Watch the signal", {}, { timeoutMs: 500 }, async () => {
    await new Promise((resolve) => this.call.signal.addEventListener("abort", resolve));
    this.seen.push((this.call.signal.reason as { code: string }).code);
  });
  copyCall = tool("Copy the call", async () => {
    const { signal, ...rest } = { ...this.call };
    return { isSame: signal === this.call.signal, isOver: signal.aborted, ...rest };
  });
  detached = tool("Leave something un-awaited", () => {
    void (async () => {
      await this.gates.detached.opened;
      try {
        this.state.items.push("detached");
        this.seen.push("written");
      } catch (thrown) {
        this.seen.push((thrown as { code?: string }).code);
      }
    })();
    return { ok: true };
  });
  give = tool("Give", { what: z.string() }, ({ what }) => {
    this.state.n += 1;
    return this.gifts[what]!();
  });
  readonly gifts: Record<string, () => unknown> = {
    draft: () => this.state,
    list: () => this.state.items,
    date: () => ({ at: new Date(0), stored: this.state.at }),
    undefined: () => undefined,
    null: () => null,
    missing: () => ({ a: undefined, b: [undefined] }),
    toJSON: () => ({ toJSON: () => ({ said: 1 }) }),
    map: () => ({ x: new Map() }),
    bigint: () => ({ deep: [{ n: 1n }] }),
    function: () => ({ run: () => 1 }),
    cycle: () => {
      const value: { self?: unknown } = {};
      value.self = value;
      return value;
    },
    class: () => ({ line: new Line() }),
    nan: () => [Number.NaN],
    invalidDate: () => new Date(Number.NaN),
    bytes: () => ({ bytes: Uint8Array.of(1) }),
    symbol: () => Symbol("s"),
    noConstructor: () => Object.create(Object.create(null) as object) as object,
    throwingGetter: () => Object.defineProperty({}, "x", { enumerable: true, get: () => { throw new Error("getter"); } }),
    deep: () => {
      let value: unknown = 1;
      for (let level = 0; level < 5_000; level++) value = [value];
      return value;
    },
    large: () => "x".repeat(262_145),
    surrogate: () => ({ half: "\ud800" }),
  };
  checkedResult = tool("Checked result", { ok: z.boolean() }, { result: z.object({ n: z.number() }) }, ({ ok }) => {
    this.state.n += 1;
    return ok ? { n: this.state.n, hidden: "internal" } : ({ n: "4711" } as unknown as { n: number });
  });
  setSmall = tool("Set small", { text: z.string() }, ({ text }) => void (this.state.small = text));
  setBag = tool("Set bag", () => void (this.state.bag = { line: new Line() }));
  charge = tool("Charge", { fail: z.boolean().default(false) }, async ({ fail }) => {
    const receipt = await this.effect("charge", () => ({ id: ++this.runs.add, at: new Date(1), key: this.call.idempotencyKey }));
    this.state.n += 1;
    if (fail) throw new Error("after the charge");
    return { receipt: receipt.id, isDate: receipt.at instanceof Date, key: receipt.key };
  });
  url = tool("Take a URL", { where: z.string().transform((text) => new URL(text)) }, ({ where }) => {
    this.state.n += 1;
    return where.hostname;
  });
  login = tool("Login", { user: z.string(), pin: z.string().min(2).meta({ secret: true }) }, ({ user, pin }) => ({ user, length: pin.length }));
}

const start = async (agent = new ShopAgent()) => {
  const bench = await HostBench.start(agent);
  await bench.open();
  return { bench, agent };
};

test("a call changes state, is answered with its result, and is in the journal with its patches", async () => {
  const { bench } = await start();
  expect(await bench.call("add", { by: 2 }, { callId: "a" })).toEqual({ kind: "result", json: '{"n":2}', repeated: false });
  expect(await bench.stored()).toMatchObject({ n: 2 });
  const entry = (await bench.journal()).at(-1)!;
  expect(entry).toMatchObject({ unit: "tool", name: "add", callId: "a", arguments: { by: 2 }, outcome: "ok", patches: { state: [["set", ["n"], 2]] } });
});

test("a tool that throws changes nothing, and its text stays inside", async () => {
  const { bench } = await start();
  const outcome = await bench.call("add_and_throw");
  expect(outcome).toMatchObject({ kind: "error", code: "tool_execution_error", message: expect.not.stringContaining("pw=") as string });
  expect(await bench.stored()).toMatchObject({ n: 0 });
  expect(bench.errors).toEqual([expect.objectContaining({ message: "secret pw=1" })]);
  expect(bench.lines.join()).not.toContain("pw=");
  expect((await bench.journal()).at(-1)).toMatchObject({ outcome: "failed", code: "tool_execution_error" });
});

test("a thrown call runs again when it is redelivered; a ToolError and a refusal are answers", async () => {
  const { bench, agent } = await start();
  await bench.call("add_and_throw", {}, { callId: "a" });
  expect((await bench.call("add_and_throw", {}, { callId: "a" })).kind).toBe("error");
  expect(bench.errors).toHaveLength(2);
  const declined = await bench.call("decline", {}, { callId: "b" });
  expect(declined).toMatchObject({ kind: "result", json: '{"error":"closed","message":"We are closed."}', repeated: false });
  expect(await bench.call("decline", {}, { callId: "b" })).toMatchObject({ kind: "result", repeated: true });
  expect(agent.runs.add).toBe(1);
  expect(await bench.result("guarded", {}, { callId: "c" })).toEqual({ error: "refused", message: "Open it first." });
  await bench.call("unlock");
  expect(await bench.call("guarded", {}, { callId: "c" })).toMatchObject({ repeated: true });
  expect(await bench.result("guarded")).toBe("in");
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("an inner call joins the running unit: one commit, all or nothing", async () => {
  const { bench } = await start();
  expect(await bench.result("outer")).toEqual({ n: 11 });
  expect(await bench.stored()).toMatchObject({ n: 11 });
  expect(await bench.journal()).toHaveLength(2);
  expect(await bench.result("outer_throws")).toBe("tool_execution_error");
  expect(await bench.stored()).toMatchObject({ n: 11 });
});

test("a refused inner call is the outer tool's refusal, unless it is caught", async () => {
  const { bench } = await start();
  expect(await bench.result("outer_guarded")).toEqual({ error: "refused", message: "Open it first." });
  expect(await bench.stored()).toMatchObject({ n: 0 });
  expect(await bench.result("outer_catches")).toEqual({ caught: { error: "refused", message: "Open it first." } });
  expect(await bench.result("inner_invalid")).toBe("invalid_parameters");
});

test("a guard that throws, or whose refusal JSON does not have, is an error and never a hanging call", async () => {
  const { bench } = await start();
  expect(await bench.result("throwing_guard")).toBe("tool_execution_error");
  expect(await bench.result("odd_refusal")).toBe("result_invalid");
  expect(await bench.result("two_guards")).toMatchObject({ error: "refused", message: expect.any(String) as string });
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("once: the second call with the same key gets the first answer, marked as repeated", async () => {
  const { bench } = await start();
  expect(await bench.result("order", { key: "k" })).toEqual({ placed: "k", n: 1 });
  expect(await bench.result("order", { key: "k" })).toEqual({ placed: "k", n: 1, repeated: true });
  expect(await bench.result("order", { key: "other" })).toEqual({ placed: "other", n: 2 });
  expect(await bench.stored()).toMatchObject({ n: 2 });
});

test("once: two calls at the same time are one order; a ToolError does not use the key up", async () => {
  const { bench } = await start();
  expect(await bench.result("order", { key: "k", fail: true })).toMatchObject({ error: "tool_error" });
  const both = await Promise.all([bench.result("order", { key: "k" }), bench.result("order", { key: "k" })]);
  expect(both).toEqual([{ placed: "k", n: 1 }, { placed: "k", n: 1, repeated: true }]);
});

test("once: survives the process", async () => {
  const { bench } = await start();
  await bench.call("order", { key: "k" });
  bench.host.abandon();
  await bench.world.clock.advance("11s");
  const next = await HostBench.start(new ShopAgent(), { world: bench.world });
  await next.open();
  expect(await next.result("order", { key: "k" })).toEqual({ placed: "k", n: 1, repeated: true });
});

test("once: an answer of 200,000 characters is one, too", async () => {
  const { bench } = await start();
  expect(await bench.result("order_big", { key: "big" })).toHaveLength(200_000);
  expect(await bench.result("order_big", { key: "big" })).toMatchObject({ repeated: true });
});

test("a hanging tool is answered at its timeout, and nothing that it does later has an effect", async () => {
  const { bench, agent } = await start();
  await bench.open("c2");
  const hanging = bench.result("hang");
  const behind = bench.result("add");
  expect(await bench.result("add", {}, { conversationId: "c2" })).toEqual({ n: 1 });
  await bench.world.clock.advance("1s");
  expect(await hanging).toBe("tool_timeout");
  expect(await behind).toEqual({ n: 1 });
  agent.gates.hang.open();
  await bench.world.clock.advance("1s");
  expect(agent.seen).toEqual(["unit_ended", "unit_ended", "unit_ended", "unit_ended", "unit_ended"]);
  expect(await bench.stored()).toMatchObject({ n: 1 });
  expect((await bench.journal()).map(({ outcome }) => outcome)).toEqual(["ok", "timeout", "ok"]);
});

test("the caller's own patience counts, the tool's limit does too, and waiting is part of it", async () => {
  const { bench, agent } = await start();
  const hanging = bench.result("hang", {}, { timeoutMs: 60_000 });
  const impatient = bench.result("add", {}, { timeoutMs: 300 });
  const cancelled = new AbortController();
  const gone = bench.result("add", {}, { signal: cancelled.signal });
  await bench.world.clock.advance(299);
  cancelled.abort();
  expect(await gone).toBe("cancelled");
  await bench.world.clock.advance(1);
  expect(await impatient).toBe("tool_timeout");
  await bench.world.clock.advance(700);
  expect(await hanging).toBe("tool_timeout");
  expect(agent.runs.add).toBe(0);
  expect(await bench.result("add", {}, { signal: AbortSignal.abort() })).toBe("cancelled");
  expect(agent.runs.add).toBe(0);
});

test("the signal of a call aborts at its timeout, with the reason", async () => {
  const { bench, agent } = await start();
  const watching = bench.result("watch_signal");
  await bench.world.clock.advance("1s");
  expect(await watching).toBe("tool_timeout");
  expect(agent.seen).toEqual(["tool_timeout"]);
});

test("a copy of this.call is all of it, the signal too", async () => {
  const { bench } = await start();
  expect(await bench.result("copy_call", {}, { callId: "c" })).toEqual({ isSame: true, isOver: false, callId: "c", tool: "copy_call", idempotencyKey: "c1:c", caller: {} });
});

test("a commit is never cut off by the deadline: its outcome is waited for", async () => {
  const { bench } = await start();
  const held = bench.world.faults.hold("commit");
  const pending = bench.result("add", {}, { timeoutMs: 100 });
  await held.reached;
  await bench.world.clock.advance("5s");
  held.release();
  expect(await pending).toEqual({ n: 1 });
});

test("what a handler left un-awaited cannot write while its commit is under way", async () => {
  const { bench, agent } = await start();
  const held = bench.world.faults.hold("commit");
  const pending = bench.result("detached");
  await held.reached;
  agent.gates.detached.open();
  await bench.world.clock.advance(1);
  held.release();
  expect(await pending).toEqual({ ok: true });
  expect(agent.seen).toEqual(["unit_ended"]);
});

test.each([
  ["draft", { n: 1, items: [], at: "1970-01-01T00:00:00.000Z", small: "" }],
  ["list", []],
  ["date", { at: "1970-01-01T00:00:00.000Z", stored: "1970-01-01T00:00:00.000Z" }],
  ["undefined", null],
  ["null", null],
  ["missing", { b: [null] }],
  ["toJSON", { said: 1 }],
  ["surrogate", { half: "\ud800" }],
])("the result %s goes out as JSON", async (what, expected) => {
  const { bench } = await start();
  expect(await bench.result("give", { what })).toEqual(expected);
});

test.each([
  ["map", "result.x"],
  ["bigint", "result.deep[0].n"],
  ["function", "result.run"],
  ["cycle", "result.self"],
  ["class", "result.line"],
  ["nan", "result[0]"],
  ["invalidDate", "result"],
  ["bytes", "result.bytes"],
  ["symbol", "result"],
  ["noConstructor", "result"],
  ["deep", "result"],
  ["large", "result"],
])("the result %s is refused with its path, and nothing is committed", async (what, path) => {
  const { bench } = await start();
  const outcome = await bench.call("give", { what });
  expect(outcome).toMatchObject({ kind: "error", code: "result_invalid", message: expect.stringContaining(path) as string });
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("a result whose getter throws is a failure of the tool", async () => {
  const { bench } = await start();
  expect(await bench.result("give", { what: "throwingGetter" })).toBe("tool_execution_error");
  expect(await bench.stored()).toMatchObject({ n: 0 });
});

test("a result schema decides what goes out, and never repeats what it refused", async () => {
  const { bench } = await start();
  expect(await bench.result("checked_result", { ok: true })).toEqual({ n: 1 });
  const refused = await bench.call("checked_result", { ok: false });
  expect(refused).toMatchObject({ kind: "error", code: "result_invalid", message: expect.not.stringContaining("4711") as string });
  expect(await bench.stored()).toMatchObject({ n: 1 });
});

test("a change that the schema or the codec refuses is not committed, and its path is named", async () => {
  const { bench } = await start();
  expect(await bench.call("set_small", { text: "far too long" })).toMatchObject({ code: "state_invalid", message: expect.stringMatching(/^state\.small (?!.*far too long)/) as string });
  expect(await bench.call("set_bag")).toMatchObject({ code: "state_invalid", message: expect.stringContaining("state.bag.line") as string });
  expect(await bench.result("set_small", { text: "fits" })).toBeNull();
  expect(await bench.stored()).toMatchObject({ small: "fits" });
});

test("a failed commit takes nothing with it: the next change is journalled so that going back works", async () => {
  const { bench } = await start();
  bench.world.faults.next("commit", "refused");
  expect(await bench.result("add")).toBe("state_unavailable");
  expect(await bench.result("add")).toEqual({ n: 1 });
  const last = (await bench.journal()).at(-1)!;
  expect(last.snapshot ?? (await bench.journal()).find(({ snapshot }) => snapshot)).toBeDefined();
});

test("an effect runs once over redeliveries, keeps its kinds of values, and stays when the call fails", async () => {
  const { bench, agent } = await start();
  expect(await bench.result("charge", { fail: true }, { callId: "a" })).toBe("tool_execution_error");
  expect(await bench.result("charge", { fail: true }, { callId: "a" })).toBe("tool_execution_error");
  expect(agent.runs.add).toBe(1);
  expect(await bench.stored()).toMatchObject({ n: 0 });
  expect(await bench.result("charge", {}, { callId: "b" })).toEqual({ receipt: 2, isDate: true, key: "c1:b" });
});

test("arguments that a schema makes class instances of are journalled as they came", async () => {
  const { bench } = await start();
  expect(await bench.result("url", { where: "https://example.com/a" })).toBe("example.com");
  expect((await bench.journal()).at(-1)!.arguments).toEqual({ where: "https://example.com/a" });
});

test("a secret argument is in no record, journal, digest, hook or line", async () => {
  const heard: unknown[] = [];
  const agent = new (class extends ShopAgent {
    override onToolCalled(call: unknown) {
      heard.push(call);
    }
  })();
  const { bench } = await start(agent);
  expect(await bench.result("login", { user: "ann", pin: "canary-4711" }, { callId: "a" })).toEqual({ user: "ann", length: 11 });
  // The digest leaves it out: another secret with the same id is the same call.
  expect(await bench.call("login", { user: "ann", pin: "other" }, { callId: "a" })).toMatchObject({ repeated: true });
  expect(await bench.call("login", { user: "bob", pin: "canary-4711" }, { callId: "a" })).toMatchObject({ code: "call_mismatch" });
  expect(await bench.call("login", { user: "ann", pin: "c" })).toMatchObject({ code: "invalid_parameters" });
  const { truth } = bench.world;
  const everything = JSON.stringify([await truth.load("conversation:c1"), await truth.history("conversation:c1"), heard, bench.lines]);
  expect(everything).not.toContain("canary");
  expect(heard).toEqual([{ callId: "a", tool: "login", arguments: { user: "ann", pin: "***" } }]);
});

test("the same id: in flight it is joined, with other arguments or another tool it is refused", async () => {
  const { bench, agent } = await start();
  const first = bench.call("hang", {}, { callId: "x" });
  const second = bench.call("hang", {}, { callId: "x" });
  const other = bench.call("add", {}, { callId: "x" });
  expect(await other).toMatchObject({ code: "call_mismatch" });
  await bench.world.clock.advance("1s");
  expect([await first, await second]).toMatchObject([{ code: "tool_timeout" }, { code: "tool_timeout" }]);
  await bench.call("add", { by: 1 }, { callId: "y" });
  expect(await bench.call("add", { by: 2 }, { callId: "y" })).toMatchObject({ code: "call_mismatch" });
  expect(await bench.call("add", { by: 1 }, { callId: "y" })).toMatchObject({ json: '{"n":1}', repeated: true });
  expect(agent.runs.add).toBe(1);
});

test("64 calls may wait, the next is overloaded, and those that wait run in order", async () => {
  const { bench } = await start();
  const hanging = bench.result("hang");
  const waiting = Array.from({ length: 64 }, (_, index) => bench.result("push", { item: `${index}` }));
  expect(await bench.result("push", { item: "too many" })).toBe("overloaded");
  await bench.world.clock.advance("1s");
  expect(await hanging).toBe("tool_timeout");
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
  expect(await bench.stored()).toMatchObject({ items: Array.from({ length: 64 }, (_, index) => `${index}`) });
});

test("the journal says for whom a call waited longer than 250 ms", async () => {
  const { bench } = await start();
  const hanging = bench.result("hang", {}, { timeoutMs: 250 });
  const short = bench.result("add");
  await bench.world.clock.advance(250);
  await Promise.all([hanging, short]);
  expect((await bench.journal()).at(-1)).not.toHaveProperty("waitedFor");
  const again = bench.result("hang", {}, { timeoutMs: 251 });
  const long = bench.result("add");
  await bench.world.clock.advance(251);
  await Promise.all([again, long]);
  expect((await bench.journal()).at(-1)).toMatchObject({ name: "add", waitedFor: "hang", ms: [251, 0, 0] });
});

test("hooks run inside the unit: what they change is committed with it, and what they throw undoes it", async () => {
  class HookedAgent extends ShopAgent {
    override onToolCalled() {
      this.state.items.push("called");
    }
    override onToolCompleted(_callId: string, result: unknown) {
      this.state.items.push("completed");
      if ((result as { n: number }).n > 1) throw new Error("hook");
    }
  }
  const { bench } = await start(new HookedAgent());
  expect(await bench.result("add")).toEqual({ n: 1 });
  expect(await bench.stored()).toMatchObject({ n: 1, items: ["called", "completed"] });
  expect(await bench.result("add")).toBe("tool_execution_error");
  expect(await bench.stored()).toMatchObject({ n: 1, items: ["called", "completed"] });
});
