import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Mask, MASKED } from "../../../src/base/mask.ts";
import { encode } from "../../../src/base/codec.ts";
import { storable } from "../storable.ts";

test("what is masked shows neither its value nor its type nor its length", () => {
  const mask = Mask.of(["a"]);
  for (const value of ["", "x".repeat(500), 0, false, 5n, new Date(0), [1, 2], { b: 1 }, new Map([["k", "v"]]), new Set([1]), new Uint8Array(3)]) {
    expect(mask.shown({ a: value, b: 1 })).toEqual({ a: MASKED, b: 1 });
  }
  expect(mask.shown({ a: null, b: undefined })).toEqual({ a: null, b: undefined });
});

test("places are found through lists, Maps and Sets; the rest stays", () => {
  const value = { list: [{ note: "n", id: 1 }], map: new Map<unknown, unknown>([["k", { note: "n", id: 2 }], [{ odd: 1 }, { note: "n" }]]), set: new Set([{ note: "n", id: 3 }]), pair: ["open", "hidden"], at: new Date(5) };
  const before = encode(value);
  expect(Mask.of(["list/*/note", "map/*/note", "set/*/note", "pair/1"]).shown(value)).toEqual({
    list: [{ note: MASKED, id: 1 }],
    map: new Map<unknown, unknown>([["k", { note: MASKED, id: 2 }], [{ odd: 1 }, { note: MASKED }]]),
    set: new Set([{ note: MASKED, id: 3 }]),
    pair: ["open", MASKED],
    at: new Date(5),
  });
  expect(encode(value)).toBe(before);
});

test("a place by name and one by star both hold for a key", () => {
  expect(Mask.of(["*/a", "x/b"]).shown({ x: { a: 1, b: 2, c: 3 }, y: { a: 1, b: 2 } })).toEqual({ x: { a: MASKED, b: MASKED, c: 3 }, y: { a: MASKED, b: 2 } });
});

test("keys with the signs of a path are found", () => {
  expect(Mask.of(["a~1b~2~0c"]).shown({ "a/b*~c": 1, a: 2 })).toEqual({ "a/b*~c": MASKED, a: 2 });
});

test("a path is shown up to what is masked as a whole", () => {
  const mask = Mask.of(["people", "cart/*/note"]);
  expect(mask.along(["people", "Jane Doe", "age"]).path).toEqual(["people"]);
  expect(mask.along(["cart", 3, "note"])).toMatchObject({ path: ["cart", 3, "note"], mask: { isWhole: true } });
  expect(mask.along(["cart", 3, "id"])).toMatchObject({ path: ["cart", 3, "id"], mask: { isEmpty: true } });
});

test("without places, or with the whole, any storable value is shown as it is or not at all", () => {
  fc.assert(
    fc.property(storable, (value) => {
      expect(Mask.of([]).shown(value)).toBe(value);
      expect(Mask.of([""]).shown(value)).toBe(value === null || value === undefined ? value : MASKED);
      expect(() => encode(Mask.of(["a", "*/b", "*/*/*"]).shown(value))).not.toThrow();
    }),
  );
});

test("the hidden texts of a value are those under its places, keys of a hidden Map too", () => {
  expect(Mask.of(["a", "l/*/n", "m"]).hidden({ a: { deep: ["x", 5] }, l: [{ n: "y", o: "open" }], m: new Map([["key", "v"]]), z: "open" })).toEqual(["x", "5", "y", "key", "v"]);
});
