import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { remedyOf } from "../../src/inspector/remedies.ts";

/** The codes as the closed list of the source has them. */
function codes(): string[] {
  const source = readFileSync("src/base/errors.ts", "utf8");
  const [, list = ""] = /export type ErrorCode =([^;]+);/.exec(source)!;
  return [...list.matchAll(/"(\w+)"/g)].map(([, code]) => code!);
}

test("every code has a remedy, in a sentence, and a place in the docs", () => {
  const docs = readFileSync("docs/errors.md", "utf8");
  expect(codes().length).toBeGreaterThan(30);
  for (const code of codes()) {
    expect(remedyOf(code), code).toMatch(/^[A-Z].{20,}[.>?]$/s);
    expect(docs, code).toContain(`\`${code}\``);
  }
});

test("a word of an agent's own guard has no remedy, and none is inherited", () => {
  for (const code of ["too_expensive", "constructor", "__proto__", "toString", undefined]) expect(remedyOf(code)).toBeUndefined();
  expect(remedyOf("reauthentication_required")).toContain("within");
});
