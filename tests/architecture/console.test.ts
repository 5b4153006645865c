import { expect, test } from "vitest";
import { pageImports } from "./console.ts";
import { longFiles, longFunctions } from "./sizes.ts";
import { parse, readSources } from "./source.ts";

const page = [...readSources("console/src"), ...readSources("console/src", ".tsx"), ...readSources("console/dev")];

test("the page takes only types of the package", () => {
  expect(page.length).toBeGreaterThan(20);
  expect(pageImports(page)).toEqual([]);
});

test("files and functions of the page are as short as those of the package", () => {
  expect(longFiles(page)).toEqual([]);
  expect(longFunctions(page)).toEqual([]);
});

test.each([
  ["code of the interface", `import { x } from "../../../src/inspector/api.ts";`],
  ["code of a store", `import { openStore } from "../../../src/stores/open.ts";`],
  ["types of what it has no business with", `import type { Agent } from "../../../src/agent/agent.ts";`],
  ["code by a re-export", `export { x } from "../../../src/inspector/api.ts";`],
])("%s is found", (_, code) => {
  expect(pageImports([parse("console/src/lib/planted.ts", code)])).toHaveLength(1);
});

test("types of the interface, and the page's own files, may be imported", () => {
  expect(pageImports([parse("console/src/lib/planted.ts", `import type { Info } from "../../../src/inspector/api.ts"; import { x } from "./own.ts"; import "react";`)])).toEqual([]);
});
