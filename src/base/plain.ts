// Copying plain data: what is given away is not ours, what is taken in is not theirs any more.
//
//   D1. A copy shares no object with the original; values outside of the codec's set are left for the codec to refuse.
//   D2. Depth is bounded, so that a cycle ends here and is refused by the codec.

import { isDense, MAX_DEPTH } from "./codec.ts";

/** A deep copy of plain data: arrays, plain objects, Date, Map, Set, Uint8Array (D1). */
export function copyOf<T>(value: T): T {
  return copy(value, 0) as T;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH + 1) return value;
  if (Array.isArray(value)) return copyArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return copyPlain(value as Record<string, unknown>, depth);
  if (prototype === Date.prototype) return new Date((value as Date).getTime());
  if (prototype === Map.prototype) return copyMap(value as Map<unknown, unknown>, depth);
  if (prototype === Set.prototype) return new Set([...(value as Set<unknown>)].map((item) => copy(item, depth + 1)));
  if (prototype === Uint8Array.prototype) return Uint8Array.from(value as Uint8Array);
  return value;
}

/** Holes, properties of their own and subclasses stay, so that the codec sees them. */
function copyArray(value: readonly unknown[], depth: number): unknown[] {
  if (!isDense(value) || Object.getPrototypeOf(value) !== Array.prototype) return value as unknown[];
  const result: unknown[] = [];
  for (const item of value) result.push(typeof item === "object" && item !== null ? copy(item, depth + 1) : item);
  return result;
}

function copyPlain(value: Record<string, unknown>, depth: number): unknown {
  const keys = Object.keys(value);
  if (Reflect.ownKeys(value).length !== keys.length || Object.hasOwn(value, "__proto__")) return value;
  const result: Record<string, unknown> = {};
  for (const key of keys) {
    const item = value[key];
    result[key] = typeof item === "object" && item !== null ? copy(item, depth + 1) : item;
  }
  return result;
}

function copyMap(value: Map<unknown, unknown>, depth: number): Map<unknown, unknown> {
  const result = new Map<unknown, unknown>();
  for (const [key, item] of value) result.set(copy(key, depth + 1), copy(item, depth + 1));
  return result;
}
