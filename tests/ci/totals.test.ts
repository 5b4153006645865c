import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../.ci/totals.mjs", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/conversimple-totals-`);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The totals that CI would print for files with tests of these states. */
function totals(exitCode: number, ...files: readonly { status: string; tests: readonly string[] }[]): string {
  const report = `${folder}/report.json`;
  const testResults = files.map(({ status, tests }) => ({ status, assertionResults: tests.map((each) => ({ status: each })) }));
  writeFileSync(report, JSON.stringify({ testResults }));
  return execFileSync(process.execPath, [script, report, String(exitCode)], { encoding: "utf8" }).trim();
}

test("every test is counted as what it was", () => {
  expect(totals(0, { status: "passed", tests: ["passed", "passed", "pending", "skipped", "todo"] })).toBe("2 0 3");
  expect(totals(1, { status: "failed", tests: ["passed", "failed", "failed"] }, { status: "passed", tests: ["passed"] })).toBe("2 2 0");
});

test("a file that did not load is a failure", () => {
  expect(totals(1, { status: "failed", tests: [] }, { status: "passed", tests: ["passed"] })).toBe("1 1 0");
});

test("a run that failed without a failed test is a failure", () => {
  expect(totals(1, { status: "passed", tests: ["passed"] })).toBe("1 1 0");
});

test("a run without a test, or without a report, is a failure", () => {
  expect(totals(0)).toBe("0 1 0");
  expect(execFileSync(process.execPath, [script, `${folder}/none.json`, "0"], { encoding: "utf8" }).trim()).toBe("0 1 0");
});
