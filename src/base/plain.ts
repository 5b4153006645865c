// Copying plain data: what is given away is not ours, what is taken in is not theirs any more.
//
//   D1. A copy shares no object with the original; values outside of the codec's set are left for the codec to refuse.
//   D2. Depth is bounded and a cycle ends at its first return; the codec refuses both.

import { hasOnly, isDense, MAX_DEPTH } from "./codec.ts";

/** A deep copy of plain data: arrays, plain objects, Date, Map, Set, Uint8Array (D1). */
export function copyOf<T>(value: T): T {
  return copy(value, []) as T;
}

/** @param open the objects that it lies in. */
function copy(value: unknown, open: object[]): unknown {
  if (typeof value !== "object" || value === null || open.length > MAX_DEPTH + 1 || open.includes(value)) return value;
  open.push(value);
  const result = copyObject(value, open);
  open.pop();
  return result;
}

function copyObject(value: object, open: object[]): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) return copyArray(value as unknown[], open);
  if (prototype === Object.prototype || prototype === null) return copyPlain(value as Record<string, unknown>, open);
  if (prototype === Date.prototype) return new Date((value as Date).getTime());
  if (prototype === Map.prototype) return copyMap(value as Map<unknown, unknown>, open);
  if (prototype === Set.prototype) return new Set([...(value as Set<unknown>)].map((item) => copy(item, open)));
  if (prototype === Uint8Array.prototype) return Uint8Array.from(value as Uint8Array);
  return value;
}

/** Holes and properties of their own stay, so that the codec sees them. */
function copyArray(value: unknown[], open: object[]): unknown[] {
  if (!isDense(value)) return value;
  const result: unknown[] = [];
  for (const item of value) result.push(typeof item === "object" && item !== null ? copy(item, open) : item);
  return result;
}

function copyPlain(value: Record<string, unknown>, open: object[]): object {
  const keys = Object.keys(value);
  if (!hasOnly(keys, value) || Object.hasOwn(value, "__proto__")) return value;
  const result: Record<string, unknown> = {};
  for (const key of keys) {
    const item = value[key];
    result[key] = typeof item === "object" && item !== null ? copy(item, open) : item;
  }
  return result;
}

function copyMap(value: Map<unknown, unknown>, open: object[]): Map<unknown, unknown> {
  const result = new Map<unknown, unknown>();
  for (const [key, item] of value) result.set(copy(key, open), copy(item, open));
  return result;
}
