import { isDeepStrictEqual } from "node:util";

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { decode, encode, isJson, MAX_DEPTH } from "../../../src/base/codec.ts";
import { StateInvalidError, StateTooLargeError } from "../../../src/base/errors.ts";
import { nested, storable } from "../storable.ts";

test("every value that can be stored comes back equal (P7)", () => {
  fc.assert(
    fc.property(storable, (value) => {
      expect(isDeepStrictEqual(decode(encode(value)), value)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("the same value always has the same text, also after a round", () => {
  fc.assert(
    fc.property(storable, (value) => {
      const text = encode(value);
      expect(encode(decode(text))).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("plain JSON values stay plain JSON, so that SQL can look into them", () => {
  const plain = { a: [1, "x", null, true], b: { c: -1.5 } };
  expect(encode(plain)).toBe(JSON.stringify(plain));
});

test("what is called JSON is written by JSON.stringify as the codec writes it", () => {
  fc.assert(fc.property(storable, (value) => !isJson(value) || JSON.stringify(value) === encode(value)), { numRuns: 2_000 });
  for (const value of [null, "x", true, 0, 1.5, [], {}, [{ a: [1, "\ud800"] }], { $date: 5, other: 1 }, { toJSON: 1 }]) expect(isJson(value)).toBe(true);
});

test.each<[string, unknown]>([
  ["-0", -0],
  ["an object that looks like a tag", { $date: 5 }],
  ["a Date in a list", [new Date(0)]],
  ["a list with a hole", [, 1]], // oxlint-disable-line no-sparse-arrays -- the hole is what is tested
  ["undefined", { a: undefined }],
  ["NaN", Number.NaN],
  ["a function named toJSON", { toJSON: () => 1 }],
  ["a hidden key", Object.defineProperty({}, "hidden", { value: 1 })],
  ["a key __proto__", JSON.parse('{"__proto__":{}}')],
  ["half a surrogate pair in a key", { "\ud800": 1 }],
  ["a class instance", new URLSearchParams()],
  ["a subclass of Array", new (class Basket extends Array {})()],
  ["more levels than can be stored", nested(MAX_DEPTH + 1)],
])("%s is not called JSON", (_, value) => {
  expect(isJson(value)).toBe(false);
});

test.each<[string, unknown]>([
  ["-0", -0],
  ["undefined alone", undefined],
  ["undefined in an object", { a: undefined }],
  ["undefined in an array", [undefined, 1]],
  ["an object that looks like a tag", { $date: 5 }],
  ["an object that looks like an escaped object", { $object: { $date: 5 } }],
  ["an object with an unknown tag", { $nothing: 1 }],
  ["two keys, one like a tag", { $date: 5, other: 1 }],
  ["keys of Object.prototype", { constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: 4 }],
  ["a toJSON that is data", { toJSON: 1 }],
  ["NUL in text and key", { "a\u0000": "\u0000" }],
  ["half a surrogate pair in a text", "\ud83d"],
  ["the first and the last Date", [new Date(-8.64e15), new Date(8.64e15)]],
  ["a bigint of 10,000 digits", 10n ** 9_999n],
  ["a Map with Maps as keys", new Map([[new Map([[1, 2]]), new Set([new Map()])]])],
  ["a Map with undefined and NUL keys", new Map<unknown, unknown>([[undefined, -0], ["\u0000", undefined]])],
  ["bytes", Uint8Array.of(0, 255, 128)],
  ["bytes in the middle of a buffer", new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2)],
  ["numbers at the edges", [Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 1e21, 1e-7]],
])("%s comes back equal", (_, value) => {
  const back = decode(encode(value));
  expect(isDeepStrictEqual(back, value)).toBe(true);
});

test("two paths to one object become two objects", () => {
  const shared = { n: 1 };
  const back = decode(encode({ a: shared, b: shared })) as { a: object; b: object };
  expect(back.a).toEqual(back.b);
  expect(back.a).not.toBe(back.b);
});

test("an object without a prototype comes back as a plain object with the same keys", () => {
  const bare = Object.assign(Object.create(null) as object, { a: 1 });
  expect(decode(encode(bare))).toStrictEqual({ a: 1 });
});

class Account {
  balance = 1;
}
class SubDate extends Date {}
class SubMap extends Map {}
class SubArray extends Array {}
class SubBytes extends Uint8Array {}
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const cyclicMap = new Map<string, unknown>();
cyclicMap.set("self", { cyclicMap });
const holed = Object.assign(Array.from([1]), { length: 3 });
const holedWithProperty = Object.assign(Array.from([1]), { length: 2, extra: 2 });

test.each<[string, unknown, string]>([
  ["a function", () => 1, "v.x"],
  ["a symbol", Symbol("s"), "v.x"],
  ["NaN", Number.NaN, "v.x"],
  ["Infinity", Number.POSITIVE_INFINITY, "v.x"],
  ["an invalid Date", new Date(Number.NaN), "v.x"],
  ["a class instance", new Account(), "v.x"],
  ["a subclass of Date", new SubDate(), "v.x"],
  ["a subclass of Map", new SubMap(), "v.x"],
  ["a subclass of Array", SubArray.of(1), "v.x"],
  ["a subclass of Uint8Array", SubBytes.of(1), "v.x"],
  ["a Buffer", Buffer.from("a"), "v.x"],
  ["a typed array", new Float64Array(1), "v.x"],
  ["an Error", new Error("e"), "v.x"],
  ["a RegExp", /a/, "v.x"],
  ["a Promise", Promise.resolve(), "v.x"],
  ["a boxed string", Object("a"), "v.x"],
  ["a cycle", cyclic, "v.x.self"],
  ["a cycle through a Map", cyclicMap, "v.x[0][1].cyclicMap"],
  ["an array with holes", holed, "v.x"],
  ["an array with properties of its own", Object.assign([1], { extra: 2 }), "v.x"],
  ["an array with as many properties as holes", holedWithProperty, "v.x"],
  ["an array with a symbol", Object.assign([1], { [Symbol("s")]: 2 }), "v.x"],
  ["a symbol as a key", { [Symbol("s")]: 1 }, "v.x"],
  ["a key that cannot be enumerated", Object.defineProperty({}, "hidden", { value: 1 }), "v.x"],
  ["half a surrogate pair in a key", { "\ud800": 1 }, 'v.x["\\ud800"]'],
  ["__proto__ as a key", JSON.parse('{"__proto__":{"admin":true}}'), "v.x.__proto__"],
])("%s is refused with its path", (_, value, path) => {
  const thrown = caught(() => encode({ x: value }, "v"));
  expect(thrown).toBeInstanceOf(StateInvalidError);
  expect((thrown as StateInvalidError).fields.path).toBe(path);
});

test("what is refused deep inside is named with its whole path", () => {
  const thrown = caught(() => encode({ cart: [{ ok: 1 }, { lines: new Map([["a", [() => 1]]]) }] }, "state"));
  expect((thrown as StateInvalidError).fields.path).toBe("state.cart[1].lines[0][1][0]");
});

test("a refusal never repeats the value", () => {
  const thrown = caught(() => encode({ pin: Object.assign(new Account(), { pin: "4711" }) })) as Error;
  expect(thrown.message).not.toContain("4711");
});

test("64 levels are stored, the 65th is refused before anything runs deep", () => {
  for (const levels of [MAX_DEPTH - 1, MAX_DEPTH]) expect(decode(encode(nested(levels)))).toEqual(nested(levels));
  expect(caught(() => encode(nested(MAX_DEPTH + 1)))).toBeInstanceOf(StateTooLargeError);
  expect(caught(() => encode(nested(100_000)))).toBeInstanceOf(StateTooLargeError);
});

test("a Date, bytes and undefined fit at the deepest level", () => {
  const deepest = [new Date(0), Uint8Array.of(1), undefined, 1n, -0];
  let value: unknown = deepest;
  for (let level = 1; level < MAX_DEPTH; level++) value = [value];
  expect(decode(encode(value))).toEqual(value);
});

test.each([
  ['{"$date":"x"}'],
  ['{"$date":1e99}'],
  ['{"$date":1.5}'],
  ['{"$date":null}'],
  ['{"$bigint":"zz"}'],
  ['{"$bigint":""}'],
  ['{"$bigint":" 5 "}'],
  ['{"$bigint":"0x10"}'],
  ['{"$bigint":5}'],
  ['{"$map":[1]}'],
  ['{"$map":[[1]]}'],
  ['{"$map":[[1,2,3]]}'],
  ['{"$map":{}}'],
  ['{"$map":[[1,2],[1,3]]}'],
  ['{"$set":1}'],
  ['{"$set":[1,1]}'],
  ['{"$bytes":"%%%"}'],
  ['{"$bytes":"A"}'],
  ['{"$bytes":7}'],
  ['{"$number":"5"}'],
  ['{"$number":0}'],
  ['{"$undefined":false}'],
  ['{"$object":5}'],
  ['{"$object":null}'],
  ['{"$object":[]}'],
  ['{"$object":{"a":1}}'],
  ['{"$object":{"$a":1,"b":2}}'],
  ['{"$unknown":1}'],
  ['{"$":1}'],
  ['{"__proto__":1}'],
  ['{"a":{"__proto__":{"admin":true},"b":1}}'],
  ['{"$object":{"__proto__":1}}'],
  ['{"a":'],
  [""],
  ["NaN"],
  ["[".repeat(1_000) + "]".repeat(1_000)],
])("the text %s, which encode never writes, gives no value", (text) => {
  expect(() => decode(text)).toThrow(SyntaxError);
  if (text !== "") expect(() => decode(`{"inside":[${text}]}`)).toThrow(SyntaxError);
});

test("no stored text reaches a prototype", () => {
  expect(() => decode('{"__proto__":{"polluted":true}}')).toThrow(SyntaxError);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}
