// What a unit of work changed, as a list of small steps that turn the old value into the new one.
//
// Owns the patches of the journal: made by comparing two values, applied when going back in time.
//
//   PA1. apply(old, diff(old, new)) equals new, for every value that the codec can store.
//   PA2. Equal values give no patches; the order of an object's keys is not a difference.
//   PA3. An insertion or a removal in the middle of a list is one splice, and a window that moves over a list two; not a
//        rewrite of what follows.

import { encode, isJson } from "../base/codec.ts";
import type { Path } from "../base/path.ts";

/** One step. `path` leads to the value that is set, cut or spliced. */
export type Patch =
  | readonly ["set", Path, unknown]
  | readonly ["cut", Path]
  | readonly ["splice", Path, index: number, removed: number, added: readonly unknown[]];

/** Whether two storable values are the same (PA2). */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && isSameList(a, b);
  if (Array.isArray(b)) return false;
  if (isPlain(a)) return isPlain(b) && isSameObject(a, b);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Map) return b instanceof Map && isSameList([...a], [...b]);
  if (a instanceof Set) return b instanceof Set && isSameList([...a], [...b]);
  return a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((byte, index) => byte === b[index]);
}

type Fields = Record<string, unknown>;

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!isSame(a[index], b[index])) return false;
  return true;
}

function isSameObject(a: Fields, b: Fields): boolean {
  let more = 0;
  for (const key in a) {
    const other = b[key];
    if (!isSame(a[key], other) || (other === undefined && !Object.hasOwn(b, key))) return false;
    more++;
  }
  for (const _ in b) more--;
  return more === 0;
}

function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The steps from one value to another (PA1). */
export function diff(before: unknown, after: unknown): Patch[] {
  const patches: Patch[] = [];
  compare(before, after, [], patches);
  return patches;
}

function compare(before: unknown, after: unknown, path: Path, patches: Patch[]): void {
  if (Object.is(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path, patches);
  if (isPlain(before) && isPlain(after)) return compareObjects(before, after, path, patches);
  if (!isSame(before, after)) patches.push(["set", path, after]);
}

function compareObjects(before: Fields, after: Fields, path: Path, patches: Patch[]): void {
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patches.push(["cut", [...path, key]]);
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) {
      const old = before[key];
      const now = after[key];
      if (!Object.is(old, now)) compare(old, now, [...path, key], patches);
    } else patches.push(["set", [...path, key], after[key]]);
  }
}

function compareLists(before: readonly unknown[], after: readonly unknown[], path: Path, patches: Patch[]): void {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && isSame(before[start], after[start])) start++;
  let tail = 0;
  while (tail < shorter - start && isSame(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail++;
  const old = before.slice(start, before.length - tail);
  const now = after.slice(start, after.length - tail);
  const forward = overlapFrom(old, now);
  const backward = overlapFrom(now, old);
  if (forward > 0) {
    // A window that moved on: some are gone at the front, some came at the end.
    patches.push(["splice", path, start, forward, []], ["splice", path, start + old.length - forward, 0, now.slice(old.length - forward)]);
  } else if (backward > 0) {
    patches.push(["splice", path, start, 0, now.slice(0, backward)], ["splice", path, start + now.length, old.length + backward - now.length, []]);
  } else if (old.length === now.length) {
    for (let index = 0; index < old.length; index++) compare(old[index], now[index], [...path, start + index], patches);
  } else patches.push(["splice", path, start, old.length, now]);
}

/** From which index on the rest of a list is the beginning of another; 0 when it is nowhere so. */
function overlapFrom(list: readonly unknown[], other: readonly unknown[]): number {
  if (list.length < 2 || other.length === 0) return 0;
  const from = list.findIndex((item) => isSame(item, other[0]));
  const rest = list.length - from;
  return from > 0 && rest <= other.length && isSameList(list.slice(from), other.slice(0, rest)) ? from : 0;
}

/** The steps as {@link encode} writes them: all but the values in them is plain JSON. */
export function textOfPatches(patches: readonly Patch[]): string {
  return `[${patches.map(patchText).join(",")}]`;
}

function patchText(patch: Patch): string {
  const last = patch.at(-1);
  if (patch[0] === "cut" || isJson(last)) return JSON.stringify(patch);
  const head = JSON.stringify(patch.slice(0, -1));
  return `${head.slice(0, -1)},${encode(last, "patch")}]`;
}

/** The value after the steps. The value before is changed: pass a copy of your own. */
export function apply(before: unknown, patches: readonly Patch[]): unknown {
  let root = before;
  for (const patch of patches) {
    const path = patch[1];
    if (path.length === 0 && patch[0] === "set") {
      root = patch[2];
      continue;
    }
    if (patch[0] === "splice") {
      const list = reach(root, path) as unknown[];
      // Not spread into one call: the added items may be more than a call can take.
      const tail = list.splice(patch[2]);
      for (const item of patch[4]) list.push(item);
      for (let index = patch[3]; index < tail.length; index++) list.push(tail[index]);
      continue;
    }
    const holder = reach(root, path.slice(0, -1)) as Fields;
    const key = path.at(-1)!;
    if (patch[0] === "set") Object.defineProperty(holder, key, { value: patch[2], writable: true, enumerable: true, configurable: true });
    else delete holder[key];
  }
  return root;
}

/** The same, and the value before stays as it is: what the steps lead through is copied, all else is shared by both. */
export function applied(before: unknown, patches: readonly Patch[]): unknown {
  let root = before;
  for (const patch of patches) {
    const [kind, path] = patch;
    root = apply(kind !== "splice" && path.length === 0 ? root : copiedAlong(root, kind === "splice" ? path : path.slice(0, -1)), [patch]);
  }
  return root;
}

function copiedAlong(value: unknown, [key, ...rest]: Path): unknown {
  if (typeof value !== "object" || value === null) return value;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  if (key !== undefined) Object.defineProperty(copy, key, { value: copiedAlong((copy as Fields)[key], rest), writable: true, enumerable: true, configurable: true });
  return copy;
}

function reach(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) value = (value as Fields)[key];
  return value;
}
