// Whatever the tools do, in whatever order: a step is reached only over `to`, a deadline or a reset. (WF1, P17)

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ConversimpleAgent, tool, workflow } from "conversimple";
import { z } from "zod";
import { testAgent } from "../../../src/testing/test-agent.ts";

const NAMES = ["s0", "s1", "s2", "s3", "s4"];
const FIELDS = ["a", "b", "c"];

interface Step {
  readonly to: readonly string[];
  readonly needs: readonly string[];
  readonly deadlineMs?: number;
  readonly onDeadline?: string;
}
type Steps = Readonly<Record<string, Step>>;

const step = fc.record({ to: fc.uniqueArray(fc.constantFrom(...NAMES)), needs: fc.uniqueArray(fc.constantFrom(...FIELDS), { maxLength: 2 }), late: fc.option(fc.constantFrom(...NAMES), { freq: 3 }) }).map(
  ({ to, needs, late }): Step => ({ to, needs, ...(late === null ? {} : { deadlineMs: 60_000, onDeadline: late }) }),
);
const steps = fc.tuple(step, step, step, step, step).map((made): Steps => Object.fromEntries(made.map((each, index) => [NAMES[index]!, each])));

type Action =
  | { readonly kind: "go"; readonly to: string }
  | { readonly kind: "set"; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: "guarded"; readonly fails: boolean }
  | { readonly kind: "reset" | "wait" | "crash" };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("go" as const), to: fc.constantFrom(...NAMES) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("set" as const), data: fc.dictionary(fc.constantFrom(...FIELDS, "odd"), fc.oneof(fc.constant("x"), fc.integer()), { maxKeys: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("guarded" as const), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constantFrom<Action>({ kind: "reset" }, { kind: "wait" }, { kind: "crash" }) },
);

function agentOf(made: Steps) {
  return class extends ConversimpleAgent {
    static override readonly agentId = "random";
    readonly it = workflow<Record<string, z.ZodString>, string>({ data: { a: z.string(), b: z.string(), c: z.string() }, initial: "s0", steps: made });
    go = tool("Go", { to: z.string() }, ({ to }) => this.it.go(to));
    set = tool("Set", { data: z.record(z.string(), z.unknown()) }, ({ data }) => this.it.set(data as Record<string, string>));
    guarded = tool("Guarded", { fails: z.boolean() }, { step: this.it.at(...(Object.keys(made).filter((_, index) => index % 2 === 0) as [string])) }, ({ fails }) => {
      const [next] = made[this.it.step]!.to;
      if (next !== undefined) this.it.go(next);
      if (fails) throw new Error("no");
    });
    reset = tool("Reset", {}, () => this.it.reset());
  };
}

interface Seen {
  readonly step: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where a `set` may end: along the first targets, as long as what is needed is known. */
function passed(made: Steps, from: string, data: Seen["data"]): string {
  let at = from;
  for (let { needs, to } = made[at]!; needs.length > 0 && to.length > 0 && needs.every((field) => field in data); { needs, to } = made[at]!) at = to[0]!;
  return at;
}

test("no sequence of tools, deadlines and crashes reaches a step except through its way", async () => {
  let moves = 0;
  const property = fc.asyncProperty(steps, fc.array(action, { minLength: 5, maxLength: 25 }), async (made, actions) => {
    const Random = agentOf(made);
    try {
      void new Random();
    } catch {
      fc.pre(false);
    }
    await using call = await testAgent(() => new Random());
    for (const each of actions) {
      const before = call.state.it as Seen;
      const at = made[before.step]!;
      const allowed = new Set([before.step]);
      let result: unknown;
      if (each.kind === "wait") {
        await call.advance("1m");
        if (at.onDeadline !== undefined) allowed.add(at.onDeadline);
      } else if (each.kind === "crash") {
        await call.crash();
        await call.restart();
      } else {
        const { kind, ...input } = each;
        const turn = await call.tool(kind, input);
        if (turn.outcome === "result") result = turn.result;
        if (turn.outcome === "result" && each.kind === "go") expect(at.to).toContain(each.to);
        if (each.kind === "go" && at.to.includes(each.to)) allowed.add(each.to);
        if (each.kind === "reset") allowed.add("s0");
        if (each.kind === "set") allowed.add(passed(made, before.step, (call.state.it as Seen).data));
        const mayRun = NAMES.indexOf(before.step) % 2 === 0;
        if (each.kind === "guarded" && mayRun && !each.fails && at.to[0] !== undefined) allowed.add(at.to[0]);
        if (each.kind === "guarded" && !mayRun) expect(result).toMatchObject({ error: "step_not_allowed", step: before.step });
        if (turn.outcome === "error") expect(call.state.it).toEqual(before);
      }
      const after = call.state.it as Seen;
      expect([...allowed]).toContain(after.step);
      if (after.step !== before.step) moves++;
      if (each.kind === "set" && !("odd" in each.data) && Object.values(each.data).every((value) => value === "x")) expect(after.step).toBe(passed(made, before.step, after.data));
    }
  });
  await fc.assert(property, { numRuns: 60, seed: 20260101 });
  expect(moves).toBeGreaterThan(50);
});
