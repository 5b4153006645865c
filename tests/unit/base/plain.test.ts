import * as fc from "fast-check";
import { expect, test } from "vitest";

import { encode } from "../../../src/base/codec.ts";
import { copyOf } from "../../../src/base/plain.ts";
import { storable } from "../storable.ts";

test("a copy is equal and shares no object with the original", () => {
  fc.assert(
    fc.property(storable, (value) => {
      const copy = copyOf(value);
      expect(encode(copy)).toBe(encode(value));
      const originals = objectsIn(value);
      for (const object of objectsIn(copy)) expect(originals.has(object)).toBe(false);
    }),
    { numRuns: 500 },
  );
});

class Account {
  balance = 1;
}
class Basket extends Array<number> {}

test.each<[string, object]>([
  ["a subclass of Array", Basket.of(1, 2)],
  ["an array with holes", Object.assign(Array.from([1]), { length: 3 })],
  ["an array with a property of its own", Object.assign([1], { extra: 1 })],
  ["an object with a symbol as a key", { [Symbol("s")]: 1 }],
  ["an object with a hidden key", Object.defineProperty({}, "hidden", { value: 1 })],
  ["an object with __proto__ as a key", JSON.parse('{"__proto__":1}') as object],
  ["a class instance", new Account()],
])("%s is left for the codec to refuse", (_, value) => {
  const copy = copyOf({ value });
  expect(() => encode(copy)).toThrow(expect.objectContaining({ code: "state_invalid" }) as Error);
});

test("a cycle ends in the copy and is refused by the codec", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  expect(() => encode(copyOf(cyclic))).toThrow(expect.objectContaining({ name: expect.stringMatching(/State(Invalid|TooLarge)Error/) as string }) as Error);
});

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== "object" || value === null) return found;
  found.add(value);
  if (value instanceof Map) for (const pair of value) for (const item of pair) objectsIn(item, found);
  else if (value instanceof Set) for (const item of value) objectsIn(item, found);
  else if (!(value instanceof Date || value instanceof Uint8Array)) for (const item of Object.values(value)) objectsIn(item, found);
  return found;
}
