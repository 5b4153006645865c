// Time comes from the clock port, so that a test can stand still, jump and race.
//
//   A6. Nothing in `src` reads a clock or starts a timer but `base/clock.ts`. What only lets others run first
//       (`setImmediate`, `queueMicrotask`) is no timer.

import type { Node } from "oxc-parser";
import { importsOf } from "./imports.ts";
import { place, walk } from "./source.ts";
import type { Rule, Source } from "./source.ts";

/** Who may know the time, and why. */
export const MAY_KNOW_THE_TIME: Readonly<Record<string, string>> = {
  "src/base/clock.ts": "It is the clock.",
};

const NAMES = new Set(["setTimeout", "setInterval"]);
const MEMBERS = new Set(["Date.now", "performance.now", "performance.timeOrigin", "process.hrtime", "process.uptime", "AbortSignal.timeout"]);
const MODULES = new Set(["node:timers", "node:timers/promises", "timers", "timers/promises", "node:perf_hooks", "perf_hooks"]);
const GLOBALS = new Set(["globalThis", "global"]);

/** A6. */
export const time: Rule = (sources) => sources.filter((source) => !(source.path in MAY_KNOW_THE_TIME)).flatMap(breachesOf);

function breachesOf(source: Source): string[] {
  const found: string[] = [];
  const report = (node: Node, what: string) => void found.push(`${place(source, node)} uses ${what}; take a Clock`);
  walk(source.program, (node) => {
    const what = timeOf(node);
    if (what) report(node, what);
  });
  for (const { at, specifier } of importsOf(source)) if (MODULES.has(specifier)) found.push(`${at} imports ${specifier}; take a Clock`);
  return found;
}

function timeOf(node: Node): string | undefined {
  if (node.type === "CallExpression" && node.callee.type === "Identifier") {
    if (NAMES.has(node.callee.name)) return node.callee.name;
    return node.callee.name === "Date" ? "Date()" : undefined;
  }
  if (node.type === "NewExpression" && node.callee.type === "Identifier") {
    return node.callee.name === "Date" && node.arguments.length === 0 ? "new Date()" : undefined;
  }
  if (node.type !== "MemberExpression" || node.object.type !== "Identifier") return undefined;
  const member = node.property.type === "Identifier" ? node.property.name : "";
  if (GLOBALS.has(node.object.name)) return NAMES.has(member) ? member : undefined;
  const name = `${node.object.name}.${member}`;
  return MEMBERS.has(name) ? name : undefined;
}
