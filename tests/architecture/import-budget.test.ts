// What `import "conversimple"` loads, seen from a real process that imports the built package by its name.
//
// The budget in milliseconds is a benchmark; what is loaded is what costs them, and that does not flicker.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "./source.ts";

/** Prints the address of every module that the import of `specifier` loads, ES modules and CommonJS alike. */
function loadedBy(specifier: string): string[] {
  const script = `
    const { registerHooks } = await import("node:module");
    const loaded = new Set();
    registerHooks({ resolve(name, context, next) { const found = next(name, context); loaded.add(found.url); return found; } });
    await import(${JSON.stringify(specifier)});
    console.log(JSON.stringify([...loaded]));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { cwd: root, encoding: "utf8" });
  return JSON.parse(output) as string[];
}

/** Node's own module, or the file that loads it without an import. */
const SQLITE = /^node:sqlite$|\/stores\/sqlite\/driver\.js$/;

/** The packages among module addresses. */
function packagesIn(urls: readonly string[]): string[] {
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1] ?? []);
  return [...new Set(names)].sort();
}

test("the package loads no other package until it needs one, but for the small one behind `cache`", () => {
  const loaded = loadedBy("conversimple");
  expect(loaded.some((url) => url.endsWith("/dist/index.js"))).toBe(true);
  expect(packagesIn(loaded)).toEqual(["lru-cache"]);
});

test("the package does not open SQLite until a store is opened", () => {
  expect(loadedBy("conversimple").filter((url) => SQLITE.test(url))).toEqual([]);
});

test("a package that is loaded eagerly is found, whichever way it is loaded", () => {
  expect(packagesIn(loadedBy("hono"))).toEqual(["hono"]);
  expect(packagesIn(loadedBy("pino"))).toContain("pino");
  expect(packagesIn(loadedBy("pino")).length).toBeGreaterThan(1);
  expect(loadedBy("node:sqlite").filter((url) => SQLITE.test(url))).toEqual(["node:sqlite"]);
  expect(loadedBy("conversimple/platform").filter((url) => SQLITE.test(url))).toHaveLength(1);
});
