import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { anys, ENTRY_POINTS, undocumented } from "./face.ts";
import { parse, readSources, root } from "./source.ts";

test("the entry points are those of package.json", () => {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: Record<string, string | { default: string }> };
  const built = Object.values(exports).flatMap((target) => (typeof target === "string" ? [] : [target.default]));
  expect(built.map((path) => path.replace("./dist/", "src/").replace(/\.js$/, ".ts"))).toEqual(ENTRY_POINTS);
});

test("every name that an entry point exports is documented", () => {
  const sources = readSources("src");
  for (const entry of ENTRY_POINTS) expect(sources.map((source) => source.path)).toContain(entry);
  expect(undocumented(sources)).toEqual([]);
});

test("no built declaration says any", () => {
  const declarations = readSources("dist", ".d.ts");
  expect(declarations.length).toBeGreaterThan(0);
  expect(anys(declarations)).toEqual([]);
});

const plant = (face: string, code: string) => undocumented([parse("src/index.ts", face), parse("src/base/planted.ts", code)]);

test.each([
  ["function", `export { x } from "./base/planted.ts";`, "export function x() {}"],
  ["constant", `export { x } from "./base/planted.ts";`, "export const x = 1;"],
  ["class", `export * from "./base/planted.ts";`, "export class x {}"],
  ["interface", `export type { x } from "./base/planted.ts";`, "export interface x {}"],
  ["type", `export type { x as y } from "./base/planted.ts";`, "export type x = string;"],
  ["name that is exported at the end", `export { x } from "./base/planted.ts";`, "const x = 1;\nexport { x };"],
  ["function under a line comment", `export { x } from "./base/planted.ts";`, "// x\nexport function x() {}"],
  ["function under an empty docstring", `export { x } from "./base/planted.ts";`, "/** */\nexport function x() {}"],
  ["function whose docstring belongs to another", `export { x } from "./base/planted.ts";`, "/** y */\nexport const y = 1;\nexport function x() {}"],
])("an undocumented %s is found", (_, face, code) => {
  expect(plant(face, code)).toEqual([expect.stringContaining("exports x by src/index.ts without a docstring")]);
});

test("a documented name is no breach, neither is an undocumented one that stays inside", () => {
  const face = `export { x } from "./base/planted.ts";`;
  expect(plant(face, "/** Does x. */\nexport function x() {}\nexport const inside = 1;")).toEqual([]);
  expect(plant(face, "/**\n * Does x.\n */\nexport function x() {}")).toEqual([]);
});

test("a name without a declaration is found", () => {
  expect(plant(`export { gone } from "./base/planted.ts";`, "export {};")).toHaveLength(1);
  expect(plant(`export { gone } from "./base/nowhere.ts";`, "export {};")).toHaveLength(1);
});

test.each(["export declare function f(x: any): void;", "export type T = any[];", "export interface I { x: Map<string, any> }", "declare const x: any; export { x };"])("`%s` is found", (code) => {
  expect(anys([parse("dist/planted.d.ts", code)])).toEqual(["dist/planted.d.ts:1 says any"]);
});
