import { type } from "arktype";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";

import { marksIn, marksOf, masksOf } from "../../../src/base/marks.ts";
import type { ConversimpleError } from "../../../src/base/errors.ts";
import type { Schema } from "../../../src/base/schema.ts";

const plain = z.string();
const pii = z.string().meta({ pii: true });

/** The places of one field, without the field's name. */
function placesOf(schema: z.ZodType): readonly string[] {
  return masksOf(z.object({ f: schema })).map((place) => place.slice(2));
}

test("a mark is found under every wrapper that a field can have", () => {
  for (const wrapped of [pii, pii.optional(), pii.nullable(), pii.nullish(), pii.default("x"), pii.prefault("x"), pii.catch("x"), pii.readonly(), pii.brand<"b">(), z.lazy(() => pii), z.nonoptional(pii.optional())]) {
    expect(placesOf(wrapped)).toEqual([""]);
  }
  for (const marked of [plain.optional().meta({ pii: true }), plain.default("x").meta({ pii: true }), z.date().meta({ pii: true }), z.bigint().meta({ pii: true }), z.object({ a: plain }).meta({ pii: true })]) {
    expect(placesOf(marked)).toEqual([""]);
  }
  expect(placesOf(plain)).toEqual([]);
});

test("a mark is found in lists, tuples, records, Maps, Sets, unions and intersections", () => {
  expect(placesOf(z.array(z.object({ a: pii, b: plain })))).toEqual(["*/a"]);
  expect(placesOf(z.tuple([plain, pii]))).toEqual(["1"]);
  expect(placesOf(z.tuple([plain], pii))).toEqual(["*"]);
  expect(placesOf(z.record(plain, pii))).toEqual(["*"]);
  expect(placesOf(z.map(plain, z.object({ a: pii })))).toEqual(["*/a"]);
  expect(placesOf(z.map(plain, z.map(plain, z.set(pii))))).toEqual(["*/*/*"]);
  expect(placesOf(z.set(pii).optional())).toEqual(["*"]);
  expect(placesOf(z.union([z.object({ a: pii }), z.object({ a: plain })]))).toEqual(["a"]);
  expect(placesOf(z.discriminatedUnion("t", [z.object({ t: z.literal(1), a: pii }), z.object({ t: z.literal(2), b: pii })]))).toEqual(["a", "b"]);
  expect(placesOf(z.intersection(z.object({ a: pii }), z.object({ b: plain })))).toEqual(["a"]);
  expect(placesOf(z.object({}).catchall(pii))).toEqual(["*"]);
  expect(placesOf(z.array(z.map(plain, z.date())))).toEqual([]);
});

test("a mark on the keys of a record or a Map covers the whole, since the keys are shown in paths", () => {
  expect(placesOf(z.record(pii, plain))).toEqual([""]);
  expect(placesOf(z.map(pii, plain))).toEqual([""]);
  expect(placesOf(z.record(pii.meta({ id: "a personal key", pii: true }), plain))).toEqual([""]);
});

test("a schema that lies in itself is marked as a whole from some level on, and not at all where nothing is marked", () => {
  const Node = z.object({ name: pii, get children() { return z.array(Node); } });
  expect(placesOf(Node)).toEqual(["name", "children/*"]);
  const Tree = z.object({ name: pii, get children() { return z.map(plain, Tree); } });
  expect(placesOf(Tree)).toEqual(["name", "children/*/name", "children/*/children/*"]);
  const Plain = z.object({ name: plain, get children() { return z.array(Plain); }, get others() { return z.map(plain, Plain); } });
  expect(placesOf(Plain)).toEqual([]);
  const First = z.object({ get second() { return Second.optional(); } });
  const Second = z.object({ note: pii, get first() { return First.optional(); } });
  expect(placesOf(First)).toContain("second/note");
  expect(placesOf(First).some((place) => "second/first/second".startsWith(place))).toBe(true);
});

test("what was made of something marked is marked, in both directions", () => {
  expect(placesOf(pii.transform((text) => text.length))).toEqual([""]);
  expect(placesOf(z.object({ a: pii }).transform(({ a }) => ({ b: a })))).toEqual([""]);
  expect(placesOf(z.codec(pii, z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() }))).toEqual([""]);
  expect(placesOf(z.preprocess((given) => given, z.object({ a: pii, b: plain })))).toEqual(["a"]);
  expect(marksOf(z.object({ a: plain.transform((text) => text).pipe(pii), b: plain }), ["pii"], "input")).toEqual(["a"]);
});

test("a key that looks like a path or a star is one step", () => {
  expect(placesOf(z.object({ "a/b*~c": pii }))).toEqual(["a~1b~2~0c"]);
});

test("marks of other libraries are found where they can tell them", () => {
  const told = v.pipe(v.string(), v.metadata({ pii: true }));
  const Recursive: v.GenericSchema = v.object({ name: told, more: v.lazy(() => v.array(Recursive)) });
  const entries = {
    a: told, b: v.optional(told, "x"), c: v.map(v.string(), told), d: v.set(told), e: v.record(v.string(), v.object({ x: told })), f: v.record(told, v.string()),
    g: v.tuple([v.string(), told]), h: v.union([told, v.number()]), i: v.nullable(v.array(told)), j: v.pipe(told, v.transform((text) => text.length)), k: Recursive,
    l: v.intersect([v.object({ x: told }), v.object({ y: v.string() })]), m: v.pipe(v.date(), v.metadata({ pii: true })), n: v.picklist(["a"]), o: v.array(v.bigint()),
  };
  expect(masksOf(v.object(entries))).toEqual(["a", "b", "c/*", "d/*", "e/*/x", "f", "g/1", "h", "i/*", "j", "k/name", "k/more/*", "l/x", "m"]);
  const marked = type("string").configure({ pii: true } as object);
  expect(masksOf(type({ a: "string", b: marked, "c?": marked.array(), d: "Date" }))).toEqual(["b", "c/*"]);
});

test("a schema that cannot be walked is masked as a whole", () => {
  const schema = (vendor: string, jsonSchema?: () => Record<string, unknown>): Schema =>
    ({ "~standard": { version: 1, vendor, validate: (value: unknown) => ({ value }), ...(jsonSchema ? { jsonSchema: { input: jsonSchema, output: jsonSchema } } : {}) } });
  expect(masksOf(schema("mine"))).toEqual([""]);
  expect(masksOf(schema("mine", () => { throw new Error("no"); }))).toEqual([""]);
  // One that tells nothing of marks may have lost them.
  expect(masksOf(schema("mine", () => ({ type: "object", properties: { a: { type: "string" } } })))).toEqual([""]);
  expect(masksOf(schema("mine", () => ({ type: "object", properties: { a: { type: "string", pii: true }, b: {} } })))).toEqual(["a"]);
  expect(masksOf(v.object({ a: { ...v.string(), type: "of_next_year" } }))).toEqual(["a"]);
});

test("a mark that is neither true nor false is refused, with its place", () => {
  const odd = (meta: Record<string, unknown>) => z.string().meta(meta);
  const refused = (schema: Schema) => {
    try {
      return masksOf(schema);
    } catch (thrown) {
      return (thrown as ConversimpleError).code + ": " + (thrown as Error).message;
    }
  };
  expect(refused(z.object({ card: z.object({ pin: odd({ secret: "true" }) }) }))).toBe('definition_invalid: The field card.pin of a schema has a mark "secret" that is neither true nor false. Write .meta({ secret: true }).');
  expect(refused(z.object({ list: z.array(odd({ pii: 1 })) }))).toMatch(/field list\["\*"\] of a schema has a mark "pii"/);
  expect(refused(odd({ secret: "yes" }))).toMatch(/^definition_invalid: A schema has a mark "secret"/);
  expect(refused(v.object({ pin: v.pipe(v.string(), v.metadata({ secret: "true" })) }))).toMatch(/field pin of a schema has a mark "secret"/);
  expect(refused(z.object({ a: odd({ pii: false, secret: false }), pii: z.string(), secret: z.string() }))).toEqual([]);
  // What another program registered is read as it is.
  expect(marksIn({ properties: { a: { secret: "true" }, b: { secret: true } } }, ["secret"])).toEqual(["b"]);
});

test("a schema of too many places is masked as a whole, and one that doubles at each step ends", () => {
  expect(masksOf(z.object(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, pii]))))).toEqual([""]);
  const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d${index}`, { properties: { a: { $ref: `#/$defs/d${index + 1}` }, b: { $ref: `#/$defs/d${index + 1}` } } }]));
  expect(marksIn({ $ref: "#/$defs/d0", $defs: { ...$defs, d40: { pii: true } } }, ["pii"])).toEqual([""]);
});

test("a reference that leads nowhere is marked where anything is", () => {
  expect(marksIn({ properties: { a: { $ref: "#/$defs/none" }, b: { pii: true } } }, ["pii"])).toEqual(["a", "b"]);
  expect(marksIn({ properties: { a: { $ref: "http://elsewhere" } } }, ["pii"])).toEqual([]);
});

test("values in a schema are no marks", () => {
  expect(marksIn({ properties: { a: { default: { pii: true }, examples: [{ secret: true }] } } }, ["pii", "secret"])).toEqual([]);
});
