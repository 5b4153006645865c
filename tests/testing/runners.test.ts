import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the kit works in node:test, and needs nothing of Vitest", () => {
  const file = fileURLToPath(new URL("played-by-node-test.ts", import.meta.url));
  // A process that was started by a runner must not think that it is one of its workers.
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, VITEST: _vitest, ...env } = process.env;
  const run = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], { encoding: "utf8", env, timeout: 60_000 });
  expect(run.stderr).toBe("");
  expect(run.stdout).not.toMatch(/^ *not ok/m);
  expect(run.stdout).toContain("ok 1 - a call is played, crashes and goes on");
  expect(run.stdout).toMatch(/# fail 0/);
});
