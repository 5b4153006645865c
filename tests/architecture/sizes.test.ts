import { expect, test } from "vitest";
import { longFiles, longFunctions, longMedian, MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_MEDIAN_LINES } from "./sizes.ts";
import { parse, readSources } from "./source.ts";

const src = readSources("src");
const all = ["src", "tests", "scripts", "examples", "benchmarks"].flatMap((folder) => readSources(folder));

test("no file is longer than its limit", () => {
  expect(longFiles(all)).toEqual([]);
});

test("the median file of src is short", () => {
  expect(longMedian(src)).toEqual([]);
});

test("no function is longer than its limit", () => {
  expect(longFunctions(all.filter((source) => !source.path.startsWith("tests/")))).toEqual([]);
});

test("a file of one line too many is found, and one at the limit is not", () => {
  const file = (lines: number) => parse("src/base/planted.ts", "// line\n".repeat(lines));
  expect(longFiles([file(MAX_FILE_LINES + 1)])).toHaveLength(1);
  expect(longFiles([file(MAX_FILE_LINES)])).toEqual([]);
});

test("a median of one line too many is found", () => {
  const file = (lines: number) => parse("src/base/planted.ts", "// line\n".repeat(lines));
  expect(longMedian([file(1), file(MAX_MEDIAN_LINES + 1), file(400)])).toHaveLength(1);
  expect(longMedian([file(1), file(MAX_MEDIAN_LINES), file(400)])).toEqual([]);
});

test.each([
  ["function", "export function f() {\n", "}"],
  ["arrow", "export const f = () => {\n", "};"],
  ["method", "export class C { m() {\n", "} }"],
  ["getter", "export const o = { get m() {\n", "return 1; } };"],
])("a %s of one line too many is found", (_, head, tail) => {
  const code = (lines: number) => [parse("src/base/planted.ts", head + "void 0;\n".repeat(lines - 2) + tail)];
  expect(longFunctions(code(MAX_FUNCTION_LINES + 1))).toHaveLength(1);
  expect(longFunctions(code(MAX_FUNCTION_LINES))).toEqual([]);
});
