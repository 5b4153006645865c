import { expect, test } from "vitest";
import { parse, readSources } from "./source.ts";
import { MAY_KNOW_THE_TIME, time } from "./time.ts";

const sources = readSources("src");

test("nothing but the clock knows the time", () => {
  expect(time(sources)).toEqual([]);
});

test("every exception still needs to be one", () => {
  for (const path of Object.keys(MAY_KNOW_THE_TIME)) {
    const source = sources.find((each) => each.path === path);
    expect(source, `${path} is excused, but does not exist`).toBeDefined();
    expect(time([{ ...source!, path: "src/base/planted.ts" }]), `${path} is excused for nothing`).not.toEqual([]);
  }
});

test.each([
  "Date.now();",
  "const now = Date.now;",
  "new Date();",
  "Date();",
  "performance.now();",
  "process.hrtime.bigint();",
  "setTimeout(() => {}, 1);",
  "setInterval(() => {}, 1);",
  "globalThis.setTimeout(() => {}, 1);",
  "AbortSignal.timeout(5);",
  `import { setTimeout as sleep } from "node:timers/promises";`,
  `const { performance } = await import("node:perf_hooks");`,
])("`%s` is found", (code) => {
  expect(time([parse("src/state/planted.ts", code)])).toHaveLength(1);
});

test("a date of a known moment, and letting others run first, are no breach", () => {
  expect(time([parse("src/state/planted.ts", "new Date(clock.now()); setImmediate(f); queueMicrotask(f); clock.now(); timer.setTimeout;")])).toEqual([]);
});
