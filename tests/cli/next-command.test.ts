import { expect, test } from "vitest";
import { nextCommand } from "../../src/cli/next-command.ts";

test.each([
  [{}, "call", "conversimple call"],
  [{ npm_command: "exec", npm_package_name: "clinic" }, "call desk --conversation c1", "npx conversimple call desk --conversation c1"],
  [{ npm_command: "run-script", npm_package_name: "conversimple" }, "call", "npm run call"],
  [{ npm_command: "run-script", npm_package_name: "conversimple" }, "call stateful --conversation c1", "npm run call -- stateful --conversation c1"],
])("a hint is a command that works where it is read: %j", (environment, words, expected) => {
  expect(nextCommand(words, environment)).toBe(expected);
});
