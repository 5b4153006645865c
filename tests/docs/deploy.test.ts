// What docs/deploy shows is what the command takes.

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startCommand } from "../../src/cli/start-command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** How long running calls get, seconds. Source: P15. */
const GRACE_S = 30;

test.each(globSync("docs/deploy/*.yaml", { cwd: root }))("%s starts agents with options that there are, and gives running calls their time", (path) => {
  const text = readFileSync(root + path, "utf8");
  const [, words] = /command: (\[.*"start".*\])/.exec(text)!;
  const flags = (JSON.parse(words!) as string[]).filter((word) => word.startsWith("--")).map((word) => word.slice(2));
  expect(flags).toContain("health-host");
  expect(Object.keys(startCommand.options ?? {})).toEqual(expect.arrayContaining(flags));
  expect(Number(/(?:stop_grace_period|terminationGracePeriodSeconds): (\d+)/.exec(text)![1])).toBeGreaterThan(GRACE_S);
  for (const name of ["CONVERSIMPLE_API_KEY", "CONVERSIMPLE_SECRET", "CONVERSIMPLE_STORE"]) expect(text).toContain(`${name}: `);
});
