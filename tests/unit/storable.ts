// Values that the codec can store, as fast-check arbitraries; odd ones first.

import * as fc from "fast-check";

/** Keys that careless code trips over. */
const ODD_KEYS = ["", "$", "$date", "$map", "$object", "$undefined", "$unknown", "constructor", "toString", "toJSON", "hasOwnProperty", "length", "0", "01", "-1", "4294967295", "a b", "\u0000", "é", "😀"];

const key = fc.oneof(fc.constantFrom(...ODD_KEYS), fc.string({ maxLength: 6, unit: "grapheme" })).filter((text) => text !== "__proto__" && text.isWellFormed());

const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("", "\u0000", "\ud800", "a\udc00", "\u2028", '"\\', "😀"), fc.string({ unit: "binary", maxLength: 4 }));

const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, 1e21, 5e-324, Number.MAX_VALUE, Number.MIN_SAFE_INTEGER),
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.bigInt(),
  fc.bigInt({ min: 10n ** 400n, max: 10n ** 401n }),
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(new Date(8.64e15), new Date(-8.64e15), new Date(0)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Uint8Array.from(bytes)),
);

/** Any value that can be stored, nested a few levels. */
export const storable: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5 }).map((fields) => ({ ...fields })),
    fc.tuple(key, tie("value")).map(([name, value]) => ({ [name]: value })),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
  ),
})).value;

/** A root as a state has it: a plain object. */
export const storableObject: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(key, storable, { maxKeys: 6 }).map((fields) => ({ ...fields }));

/** `levels` arrays, one inside the other. */
export function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  return value;
}
