import { expect, test } from "vitest";
import { clearValues, MAY_READ_CLEAR } from "./clear-values.ts";
import { parse, readSources } from "./source.ts";

const sources = readSources("src");

test("nobody who faces people reads state in clear", () => {
  expect(clearValues(sources)).toEqual([]);
});

test("every exception still needs to be one", () => {
  for (const path of Object.keys(MAY_READ_CLEAR)) {
    const source = sources.find((each) => each.path === path);
    expect(source, `${path} is excused, but does not exist`).toBeDefined();
    const planted = parse("src/cli/planted.ts", source!.text.replaceAll(/from "(?:\.\.\/)+(state|base)\//g, 'from "../$1/'));
    expect(clearValues([planted]), `${path} is excused for nothing`).not.toEqual([]);
  }
});

test.each([
  `import { openRecord } from "../state/record.ts";`,
  `import { sealText, openText as read } from "../state/record.ts";`,
  `import * as journal from "../state/journal.ts";`,
  `import { partsAt } from "../state/history.ts";`,
  `import { decode } from "../base/codec.ts";`,
  `const { openEntry } = await import("../state/journal.ts");`,
])("`%s` is found", (code) => {
  expect(clearValues([parse("src/inspector/planted.ts", code)])).toHaveLength(1);
  expect(clearValues([parse("src/host/planted.ts", code)])).toEqual([]);
});

test("what writes, and types, are no breach", () => {
  expect(clearValues([parse("src/cli/planted.ts", `import { sealText, type StoredPart } from "../state/record.ts"; import type { Parts } from "../state/history.ts"; import { encode } from "../base/codec.ts";`)])).toEqual([]);
});
