import { expect, test } from "vitest";
import { cycles, faces, floors } from "./floors.ts";
import { importsOf } from "./imports.ts";
import { parse, readSources } from "./source.ts";

const sources = readSources("src");

test("every file imports only from lower floors and its own folder", () => {
  expect(sources.length).toBeGreaterThan(0);
  expect(floors(sources)).toEqual([]);
});

test("no file imports itself in a circle, types included", () => {
  expect(cycles(sources)).toEqual([]);
});

test("faces only re-export, and nobody inside imports them", () => {
  expect(faces(sources)).toEqual([]);
});

test.each([
  ["an import", `import { x } from "../host/host.ts";`],
  ["a type import", `import type { X } from "../host/host.ts";`],
  ["a bare import", `import "../host/host.ts";`],
  ["a re-export", `export { x } from "../host/host.ts";`],
  ["a star re-export", `export * from "../host/host.ts";`],
  ["a dynamic import", `const x = await import("../host/host.ts");`],
  ["an import type in a signature", `export type X = import("../host/host.ts").X;`],
  ["a worker", `new Worker(new URL("../host/host.ts", import.meta.url));`],
  ["a built worker", `new Worker(new URL("../host/host.js", import.meta.url));`],
  ["a worker with the running file's ending", "new Worker(new URL(`../host/host${ending}`, import.meta.url));"],
])("%s of a higher floor is found", (_, code) => {
  expect(floors([parse("src/state/planted.ts", code)])).toEqual(["src/state/planted.ts:1 (floor 1) imports src/host/host.ts (floor 4)"]);
});

test.each([
  ["the other folder of one floor", "src/state/a.ts", "../wire/frame.ts"],
  ["the package's face", "src/host/a.ts", "../index.ts"],
  ["a folder without a floor", "src/host/a.ts", "../misc/a.ts"],
  ["a test", "src/host/a.ts", "../../tests/setup/build.ts"],
  ["the programs, by the face", "src/index.ts", "./cli/main.ts"],
])("an import of %s is found", (_, path, specifier) => {
  expect(floors([parse(path, `import "${specifier}";`)])).toHaveLength(1);
});

test("a folder without a floor is found", () => {
  expect(floors([parse("src/misc/a.ts", "export const a = 1;")])).toEqual(["src/misc/a.ts:1 lies in src/misc, which has no floor"]);
});

test("lower floors, the own folder and packages may be imported", () => {
  const code = `import "../base/clock.ts"; import "./sqlite/worker.ts"; import "node:fs"; import "zod";`;
  expect(floors([parse("src/stores/a.ts", code)])).toEqual([]);
  expect(importsOf(parse("src/stores/a.ts", code)).map((each) => each.target)).toEqual(["src/base/clock.ts", "src/stores/sqlite/worker.ts", null, null]);
});

test("a circle of three files is found once", () => {
  const ring = [
    parse("src/base/a.ts", `import "./b.ts";`),
    parse("src/base/b.ts", `import type { C } from "./c.ts";`),
    parse("src/base/c.ts", `export { a } from "./a.ts";`),
    parse("src/base/d.ts", `import "./b.ts";`),
  ];
  expect(cycles(ring)).toEqual(["src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts is an import cycle"]);
  expect(cycles(ring.slice(0, 2))).toEqual([]);
});

test("code in a face, and an import of a face from inside, are found", () => {
  expect(faces([parse("src/stores/index.ts", `export * from "./open.ts";\nexport const a = 1;`)])).toEqual([
    "src/stores/index.ts:2 is a face; it only re-exports",
  ]);
  expect(faces([parse("src/stores/open.ts", `import "./index.ts";`)])).toHaveLength(1);
  expect(faces([parse("src/cli/main.ts", `import "../index.ts";`)])).toHaveLength(1);
});
