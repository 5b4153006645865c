// What differs between what was recorded and what came of it now: places, no values.                   (P21)
//
//   CM1. Times that lie no further apart than a unit took are the same: it did not begin at the very same moment.
//   CM2. A place below something personal is told as that: keys there may be as personal as values.

import { Mask } from "../../base/mask.ts";
import type { MaskPath } from "../../base/marks.ts";
import { pathText, type Path } from "../../base/path.ts";
import { isSame } from "../../state/patch.ts";

/** So many places are told. */
const DIFFERENCES_MAX = 20;
/** Numbers above this are taken for times, milliseconds since 1970 (2001). */
const TIMES_FROM_MS = 1_000_000_000_000;

/**
 * The places at which two values differ: `state.cart[0].quantity`.
 *
 * @param withinMs CM1.
 */
export function differences(root: string, recorded: unknown, now: unknown, withinMs: number, masks: readonly MaskPath[] = []): readonly string[] {
  const found: Path[] = [];
  compare(recorded, now, [], withinMs, found);
  const mask = Mask.of(masks);
  return [...new Set(found.map((path) => pathText(root, mask.along(path).path)))].slice(0, DIFFERENCES_MAX);
}

function compare(a: unknown, b: unknown, path: Path, withinMs: number, found: Path[]): void {
  if (found.length >= DIFFERENCES_MAX || isSame(a, b) || isSameTime(a, b, withinMs)) return;
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) return a.forEach((item, index) => compare(item, b[index], [...path, index], withinMs, found));
  if (isFields(a) && isFields(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) compare(a[key], b[key], [...path, key], withinMs, found);
    return;
  }
  found.push(path);
}

/** CM1. */
function isSameTime(a: unknown, b: unknown, withinMs: number): boolean {
  const [first, second] = [timeOf(a), timeOf(b)];
  return first !== undefined && second !== undefined && typeof a === typeof b && Math.abs(first - second) <= withinMs;
}

function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number") return value > TIMES_FROM_MS ? value : undefined;
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
