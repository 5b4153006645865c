import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { failureText, shrunk } from "./failure.ts";
import { withoutWriteIds } from "./planted-stores.ts";
import { runSeed } from "./world.ts";

/** Worlds with much in them. */
const SEEDS = [3, 44, 61, 118, 194, 2351];

test.each(SEEDS)("seed %i replays exactly, line by line", async (seed) => {
  const [first, again] = [await runSeed({ seed }), await runSeed({ seed })];
  expect(again.trace.lines).toEqual(first.trace.lines);
  expect(first.trace.lines.length).toBeGreaterThan(50);
});

test("a seed is the same in another process, and another seed is another world", async () => {
  const script = fileURLToPath(new URL("trace-process.ts", import.meta.url));
  const traces = await Promise.all(SEEDS.slice(0, 2).map((seed) => promisify(execFile)(process.execPath, [script, String(seed)])));
  const [one, other] = traces.map(({ stdout }) => JSON.parse(stdout) as { digest: string });
  expect(one!.digest).toBe((await runSeed({ seed: SEEDS[0]! })).trace.digest);
  expect(other!.digest).not.toBe(one!.digest);
});

test("the trace has no random value in it: every id is of the world's making, or a hash under its secret", async () => {
  const { trace } = await runSeed({ seed: 61 });
  expect(trace.print()).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/);
});

test("a failure says which invariant broke, how to replay it, what it needs, and what happened last", async () => {
  const options = { plant: withoutWriteIds };
  const text = failureText(await runSeed({ seed: 1, ...options }), await shrunk(1, options));
  expect(text).toMatch(/^Seed 1 breaks:\n {2}C: /);
  expect(text).toMatch(/npm run simulate -- --seed 1 (--without [a-z,]+ )?--trace/);
  expect(text).toMatch(/It needs: .*What then happened last:\n/);
  expect(text.split("\n").length).toBeLessThan(60);
});
