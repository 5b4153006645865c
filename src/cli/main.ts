#!/usr/bin/env node
// The program `conversimple`.
//
// Owns the exit code: commands return one, failures have one, a reader that left is not a failure.

import { runCommand } from "./commands.ts";
import { tell } from "./failure.ts";
import { surviveClosedPipes, Terminal } from "./terminal.ts";
import { checkNode } from "./version.ts";

const words = process.argv.slice(2);
const terminal = new Terminal();
// Agents go on serving when nobody reads their log; everything else has nothing left to do.
const servesOn = words[0] === "dev" || words[0] === "start";
surviveClosedPipes(() => {
  if (!servesOn) process.exit(0);
});

try {
  checkNode();
  process.exitCode = await runCommand(words, terminal);
} catch (thrown) {
  process.exitCode = tell(terminal, thrown, words.includes("--verbose") || process.env.CONVERSIMPLE_LOG_LEVEL === "debug");
}
