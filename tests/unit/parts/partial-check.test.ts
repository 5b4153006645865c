// A check of what differs says yes only where a check of the whole does; and it asks about nothing else.   (PR1..PR3, P8)

import * as fc from "fast-check";
import { type } from "arktype";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { copyOf } from "../../../src/base/plain.ts";
import { validate, type Schema } from "../../../src/base/schema.ts";
import { partialCheck } from "../../../src/parts/partial-check.ts";
import { isSame } from "../../../src/state/patch.ts";

/** Schemas of every kind that is taken apart, and some that are not, each with values that it takes. */
const line = z.object({ id: z.string(), quantity: z.number().int(), at: z.date().optional(), note: z.string().max(5).nullable().default(null) });
const node = z.object({
  name: z.string(),
  get children(): z.ZodArray<z.ZodType> {
    return z.array(node);
  },
});

const text = fc.string({ maxLength: 4 });
const ofLine = fc.record({ id: text, quantity: fc.integer(), at: fc.date({ noInvalidDate: true }), note: fc.option(text) }, { requiredKeys: ["id", "quantity", "note"] });
const ofNode = fc.letrec((tie) => ({
  node: fc.record({ name: text, children: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie("node"), { maxLength: 3 })) }),
})).node;

const CASES: readonly (readonly [name: string, schema: Schema, values: fc.Arbitrary<unknown>])[] = [
  ["an object of leaves", line, ofLine],
  ["a list of objects", z.object({ lines: z.array(line).default([]) }), fc.record({ lines: fc.array(ofLine, { maxLength: 6 }) })],
  ["a list with bounds", z.object({ last: z.array(z.number()).min(1).max(4) }), fc.record({ last: fc.array(fc.integer(), { minLength: 1, maxLength: 4 }) })],
  ["a list of an exact length", z.object({ pair: z.array(z.string()).length(2) }), fc.record({ pair: fc.tuple(text, text) })],
  ["a list with a rule of its own", z.object({ ids: z.array(z.string()).refine((ids) => new Set(ids).size === ids.length) }), fc.record({ ids: fc.uniqueArray(text, { maxLength: 5 }) })],
  ["a record", z.object({ byId: z.record(z.string(), line) }), fc.record({ byId: fc.dictionary(fc.constantFrom("a", "b", "c"), ofLine) })],
  ["a record with a rule for its keys", z.object({ byId: z.record(z.string().max(3), z.number()) }), fc.record({ byId: fc.dictionary(fc.string({ maxLength: 3 }).filter((key) => key !== "__proto__"), fc.integer()) })],
  ["an object with a rule about two fields", z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a <= b), fc.tuple(fc.integer(), fc.nat()).map(([a, more]) => ({ a, b: a + more }))],
  ["an object that takes more fields", z.object({ it: z.looseObject({ a: z.string() }) }), fc.record({ it: fc.record({ a: text, b: fc.integer() }, { requiredKeys: ["a"] }) })],
  ["an object that takes no more", z.strictObject({ a: z.string(), b: z.string().optional() }), fc.record({ a: text, b: text }, { requiredKeys: ["a"] })],
  ["collections and unions", z.object({ m: z.map(z.string(), z.number()), s: z.set(z.string()), u: z.union([z.string(), z.object({ n: z.number() })]) }), fc.record({ m: fc.array(fc.tuple(text, fc.integer())).map((pairs) => new Map(pairs)), s: fc.array(text).map((items) => new Set(items)), u: fc.oneof(text, fc.record({ n: fc.integer() })) })],
  ["a transformed text", z.object({ t: z.string().trim(), n: z.number() }), fc.record({ t: text.map((given) => given.trim()), n: fc.integer() })],
  ["a recursive schema", node, ofNode],
  ["a schema of valibot", v.object({ a: v.string(), n: v.pipe(v.number(), v.maxValue(9)) }), fc.record({ a: text, n: fc.integer({ max: 9 }) })],
  ["a schema of arktype", type({ a: "string", "n?": "number" }), fc.record({ a: text, n: fc.integer() }, { requiredKeys: ["a"] })],
];

/** Anything that a handler may put somewhere. */
const anything = fc.oneof(text, fc.constant(" x "), fc.integer(), fc.constant(-0), fc.constant(0.5), fc.constant(null), fc.constant(undefined), fc.date({ noInvalidDate: true }), fc.array(text, { maxLength: 3 }), ofLine, fc.constant({}));

interface Edit {
  readonly way: readonly number[];
  readonly kind: "set" | "remove" | "first" | "add" | "swap";
  readonly put: unknown;
}
const edits: fc.Arbitrary<Edit[]> = fc.array(fc.record({ way: fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }), kind: fc.constantFrom("set", "remove", "first", "add", "swap"), put: anything }), { minLength: 1, maxLength: 3 });

/** A value with an edit somewhere inside; what does not lead there is shared, as a unit of work leaves it. */
function edited(value: unknown, { way: [step = 0, ...rest], kind, put }: Edit): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Map || value instanceof Set) return put;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
  const keys = Object.keys(copy);
  const key = keys[step % Math.max(keys.length, 1)];
  if (key !== undefined && rest.length > 0) copy[key] = edited(copy[key], { way: rest, kind, put });
  else if (Array.isArray(copy)) {
    if (kind === "first" || kind === "remove") copy.shift();
    else if (kind === "add") copy.push(put);
    else if (kind === "swap") copy.reverse();
    else copy[step % Math.max(copy.length, 1)] = put;
  } else if (kind === "add") copy.more = put;
  else if (kind === "remove") delete copy[key ?? ""];
  else copy[key ?? "more"] = put;
  return copy;
}

const isWhole = (schema: Schema, value: unknown) => {
  const result = validate(schema, value);
  return result.ok && isSame(value, result.value);
};

test.each(CASES)("%s: a yes is one of the whole schema too", (_, schema, values) => {
  const check = partialCheck(schema);
  fc.assert(
    fc.property(values, values, edits, (committed, other, changes) => {
      fc.pre(isWhole(schema, committed));
      expect(check(committed, committed)).toBe(true);
      for (const value of [changes.reduce(edited, committed), other, copyOf(committed)]) {
        if (check(value, committed)) expect(isWhole(schema, value)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("what a unit of work usually does is never checked as a whole", () => {
  let asked = 0;
  const counted = z.string().refine(() => ++asked > 0);
  const schema = z.object({ lines: z.array(z.object({ id: counted, quantity: z.number() })).max(9).default([]), byId: z.record(z.string(), counted).default({}), name: counted.optional() });
  const check = partialCheck(schema);
  const committed = { lines: ["a", "b", "c"].map((id) => ({ id, quantity: 1 })), byId: { x: "1", y: "2" }, name: "n" };
  const { lines } = committed;
  const asks = (value: unknown) => {
    asked = 0;
    return [check(value, committed), asked];
  };
  expect(asks({ ...committed, lines: lines.with(1, { ...lines[1]!, quantity: 2 }) })).toEqual([true, 0]);
  expect(asks({ ...committed, lines: [...lines, { id: "d", quantity: 1 }] })).toEqual([true, 1]);
  expect(asks({ ...committed, lines: lines.slice(1) })).toEqual([true, 0]);
  expect(asks({ ...committed, byId: { x: "1", y: "3" } })).toEqual([true, 1]);
  expect(asks({ ...committed, byId: { x: "1" } })).toEqual([true, 0]);
  expect(asks({ ...committed, name: "m" })).toEqual([true, 1]);
});

test("a rule about several fields is asked when one of them differs, and not when none does", () => {
  let asked = 0;
  const schema = z.object({ range: z.object({ from: z.number(), to: z.number() }).refine(({ from, to }) => (asked++, from <= to)), name: z.string() });
  const check = partialCheck(schema);
  const committed = { range: { from: 1, to: 2 }, name: "a" };
  expect(check({ ...committed, range: { ...committed.range, from: 3 } }, committed)).toBe(false);
  expect(asked).toBe(1);
  expect(check({ ...committed, name: "b" }, committed)).toBe(true);
  expect(asked).toBe(1);
});

test("a longer list than its schema allows is not taken for valid because its items are", () => {
  const check = partialCheck(z.object({ last: z.array(z.string()).max(2) }));
  expect(check({ last: ["a", "b", "c"] }, { last: ["a", "b"] })).toBe(false);
});

test("an undefined item that a list of objects got is no object", () => {
  const check = partialCheck(z.object({ list: z.array(z.object({ n: z.number() })) }));
  expect(check({ list: [undefined] }, { list: [] })).toBe(false);
});

test("a zero that became another one is a value of its own", () => {
  const check = partialCheck(z.object({ n: z.array(z.number().refine((n) => !Object.is(n, -0))) }));
  expect(check({ n: [-0] }, { n: [0, 1] })).toBe(false);
});
