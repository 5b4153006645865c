import { isDeepStrictEqual } from "node:util";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { decode, encode } from "../../../src/base/codec.ts";
import { copyOf } from "../../../src/base/plain.ts";
import { applied, apply, diff, isSame } from "../../../src/state/patch.ts";
import { storable, storableObject } from "../storable.ts";

/** A value and one that is mostly the same, as a unit of work leaves it. */
const neighbours = fc.tuple(storableObject, storableObject, fc.array(fc.tuple(fc.nat(), fc.nat(), storable), { maxLength: 4 })).map(([base, other, edits]) => {
  const after = { ...copyOf(base), ...(edits.length > 2 ? copyOf(other) : {}) } as Record<string, unknown>;
  for (const [at, kind, value] of edits) {
    const keys = Object.keys(after);
    const key = keys[at % Math.max(1, keys.length)] ?? "k";
    const inner = after[key];
    if (Array.isArray(inner)) inner.splice(kind % (inner.length + 1), kind % 3, copyOf(value));
    else if (kind % 4 === 0) delete after[key];
    else after[key] = copyOf(value);
  }
  return [base, after] as const;
});

test("the patches from one value to another give the other (J2)", () => {
  fc.assert(
    fc.property(fc.oneof(neighbours, fc.tuple(storable, storable)), ([before, after]) => {
      const patches = diff(before, after);
      expect(isSame(apply(copyOf(before), patches), after)).toBe(true);
      // As they come back from the journal.
      const stored = decode(encode({ patches }, "entry", undefined, 72)) as { patches: typeof patches };
      const result = apply(copyOf(before), stored.patches);
      expect(isSame(result, after)).toBe(true);
      expect(isDeepStrictEqual(result, after)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("patches are applied beside a value as they are to it, and the value before stays as it is, also when the value after goes on", () => {
  fc.assert(
    fc.property(neighbours, neighbours, ([before, after], [, other]) => {
      const texts = encode(before);
      const result = applied(before, diff(before, after));
      expect(isSame(result, after)).toBe(true);
      const next = applied(result, diff(after, other));
      expect([encode(before), isSame(result, after), isSame(next, other)]).toEqual([texts, true, true]);
    }),
    { numRuns: 1_000 },
  );
  const state = { rows: [{ id: 1 }], left: { deep: [1] } };
  const more = applied(state, [["set", ["left", "deep", 0], 2]]) as typeof state;
  expect([more.rows === state.rows, more.left.deep, state.left.deep]).toEqual([true, [2], [1]]);
});

test("making patches changes neither value", () => {
  fc.assert(
    fc.property(neighbours, ([before, after]) => {
      const texts = [encode(before), encode(after)];
      diff(before, after);
      expect([encode(before), encode(after)]).toEqual(texts);
    }),
    { numRuns: 300 },
  );
});

test("sameness is that of deep equality, but for the order of keys", () => {
  fc.assert(
    fc.property(neighbours, ([before, after]) => {
      const sorted = (value: unknown) => encode(value);
      if (sorted(before) === sorted(after)) expect(isSame(before, after)).toBe(true);
      expect(isSame(before, after)).toBe(diff(before, after).length === 0);
    }),
    { numRuns: 500 },
  );
});

test("equal values give no patches, in whatever order their keys are", () => {
  expect(diff({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 })).toEqual([]);
  expect(diff(new Map([["a", 1]]), new Map([["a", 1]]))).toEqual([]);
});

test.each<[string, unknown, unknown]>([
  ["0 and -0", { n: 0 }, { n: -0 }],
  ["undefined and absent", { n: undefined }, {}],
  ["null and undefined", [null], [undefined]],
  ["the order of a Map", new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]])],
  ["the order of a Set", new Set([1, 2]), new Set([2, 1])],
  ["an array and an object with the same keys", { x: [1] }, { x: { 0: 1 } }],
  ["an empty Map and an empty Set", { x: new Map() }, { x: new Set() }],
  ["a Date and its number", { x: new Date(1) }, { x: 1 }],
  ["bytes and a list", { x: Uint8Array.of(1) }, { x: [1] }],
  ["1 and 1n", { x: 1 }, { x: 1n }],
  ["keys of Object.prototype", { constructor: 1 }, { toString: 1 }],
])("%s are different", (_, before, after) => {
  expect(isSame(before, after)).toBe(false);
  expect(isDeepStrictEqual(apply(copyOf(before), diff(before, after)), after)).toBe(true);
});

test("one line inserted into a long list is one small patch", () => {
  const before = { list: Array.from({ length: 10_000 }, (_, index) => ({ index })) };
  const after = copyOf(before);
  after.list.splice(5_000, 0, { index: -1 });
  const patches = diff(before, after);
  expect(encode(patches).length).toBeLessThan(100);
  expect(apply(copyOf(before), patches)).toEqual(after);
});

test.each<[string, (list: { n: number }[]) => void]>([
  ["some gone at the front, some new at the end", (list) => { list.splice(0, 3); list.push({ n: -1 }, { n: -2 }); }],
  ["some new at the front, some gone at the end", (list) => { list.unshift({ n: -1 }); list.splice(-4); }],
  ["the same number at either end", (list) => { list.shift(); list.push({ n: -1 }); }],
  ["within unchanged ends", (list) => { list.splice(2, 2); list.splice(-3, 0, { n: -1 }); }],
])("a window that moves over a long list is small: %s", (_, move) => {
  const before = Array.from({ length: 1_000 }, (_, n) => ({ n }));
  const after = copyOf(before);
  move(after);
  const patches = diff(before, after);
  expect(encode(patches).length).toBeLessThan(200);
  expect(apply(copyOf(before), patches)).toEqual(after);
});

test("lists with many equal items are patched right", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }), fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }), (before, after) => {
      expect(apply([...before], diff(before, after))).toEqual(after);
    }),
    { numRuns: 3_000 },
  );
});

test("300,000 items added at once are applied", () => {
  const before = { list: [1, 2] };
  const after = { list: [1, ...Array.from({ length: 300_000 }, (_, index) => index), 2] };
  expect(isSame(apply(copyOf(before), diff(before, after)), after)).toBe(true);
});
