// Whether something is as a script expects it: a deep partial comparison.
//
//   MT1. What is not mentioned does not matter; lists have the length that is written.
//   MT2. A script is JSON, so a Date matches its ISO text, a Map an object, a Set a list, a bigint its digits.

import type { MaskPath } from "../../base/marks.ts";
import { Mask } from "../../base/mask.ts";
import { pathText, type Path } from "../../base/path.ts";

/** Where it differs, as a sentence; undefined when it matches. */
export function mismatch(root: string, expected: unknown, actual: unknown, path: Path = []): string | undefined {
  const value = asJson(actual);
  if (Array.isArray(expected)) {
    if (!Array.isArray(value)) return differs(root, path, `is not a list`);
    if (value.length !== expected.length) return differs(root, path, `has ${value.length} items instead of ${expected.length}`);
    return firstOf(expected.map((item, index) => mismatch(root, item, value[index], [...path, index])));
  }
  if (typeof expected === "object" && expected !== null) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return differs(root, path, "is not an object");
    return firstOf(Object.entries(expected).map(([key, item]) => mismatch(root, item, (value as Record<string, unknown>)[key], [...path, key])));
  }
  if (Object.is(expected, value) || (expected === 0 && value === 0)) return undefined;
  return differs(root, path, value === undefined ? "is not there" : `is ${shortJson(value)} instead of ${shortJson(expected)}`);
}

/** The same for a value of which something is masked: the sentence shows nothing of that. */
export function maskedMismatch(root: string, expected: unknown, actual: unknown, masks: readonly MaskPath[] | undefined): string | undefined {
  if (mismatch(root, expected, actual) === undefined) return undefined;
  const mask = Mask.of(masks);
  return mismatch(root, mask.shown(expected), mask.shown(actual)) ?? `${root} differs in something personal, which is not shown`;
}

function asJson(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (typeof value === "bigint") return String(value);
  return value;
}

function shortJson(value: unknown): string {
  const text = typeof value === "object" ? (Array.isArray(value) ? "a list" : value === null ? "null" : "an object") : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function firstOf(found: readonly (string | undefined)[]): string | undefined {
  return found.find((each) => each !== undefined);
}

function differs(root: string, path: Path, how: string): string {
  return `${pathText(root, path)} ${how}`;
}
