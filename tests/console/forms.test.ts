// Forms from schemas, single values as fields, and where a workflow's steps are drawn.

import { expect, test } from "vitest";
import { z } from "zod";

import { draftOf, emptyDraft, problemsIn, readDraft, type Draft } from "../../console/src/panels/logic/form-draft.ts";
import { editorOf, readLeaf, textOfLeaf } from "../../console/src/panels/logic/leaf-edit.ts";
import { formOf, schemaAt } from "../../console/src/panels/logic/schema-form.ts";
import { shownOf } from "../../console/src/panels/logic/shown-value.ts";
import { layoutOf } from "../../console/src/panels/logic/workflow-layout.ts";
import type { WorkflowInfo } from "../../src/inspector/api.ts";

const schema = z.toJSONSchema(
  z.object({
    username: z.string().min(2).describe("the caller's name"),
    pin: z.string().meta({ secret: true }),
    guests: z.int().min(1).max(8).default(2),
    kind: z.enum(["single", "double"]).optional(),
    extras: z.array(z.object({ name: z.string(), price: z.number().nullable() })).optional(),
    isVip: z.boolean().optional(),
    rates: z.record(z.string(), z.number()).optional(),
    either: z.union([z.string(), z.number()]).optional(),
  }),
  { io: "input" },
);

type ObjectDraft = Extract<Draft, { kind: "object" }>;

function filled(fields: Record<string, Draft>): Draft {
  const draft = emptyDraft(formOf(schema, ["pin"])) as ObjectDraft;
  return { ...draft, fields: { ...draft.fields, ...fields } };
}

const text = (value: string): Draft => ({ kind: "text", text: value });

test("a schema becomes fields of their kinds, with what it says of them", () => {
  const form = formOf(schema, ["pin"]);
  expect(form.kind === "object" && form.fields.map(([name, { kind, isRequired, isSecret }]) => `${name} ${kind}${isRequired ? " required" : ""}${isSecret ? " secret" : ""}`)).toEqual([
    "username text required", "pin text required secret", "guests number", "kind choice", "extras list", "isVip truth", "rates object", "either json",
  ]);
  expect(form.kind === "object" && form.fields[0]![1].about).toBe("the caller's name");
  const said = formOf({ type: "object", properties: { card: { type: "object", properties: { cvc: { type: "string" } } } } }, ["card/cvc"]);
  expect(JSON.stringify(said)).toContain('"label":"Cvc","isRequired":false,"isSecret":true');
});

test("a form gives what was typed, defaults where they are, and nothing for what was left empty", () => {
  expect(readDraft(formOf(schema, ["pin"]), filled({ username: text("Kim"), pin: text("1234") }))).toStrictEqual({ ok: true, isThere: true, value: { username: "Kim", pin: "1234", guests: 2 } });
});

test("what is wrong is said at its field, all of it at once", () => {
  const read = readDraft(formOf(schema, ["pin"]), filled({ username: text("K"), guests: text("9.5"), either: text("{") }));
  expect(read.ok ? [] : read.problems.map(({ path, message }) => `${path.join(".")}: ${message.slice(0, 24)}`)).toEqual(["username: At least 2 characters.", "pin: Fill this in.", "guests: A whole number, please.", "either: This is not JSON: Expect"]);
});

test("nested values go into a draft and come back the same", () => {
  const form = formOf(schema, ["pin"]);
  const value = { username: "Kim", pin: "1", guests: 3, kind: "double", extras: [{ name: "a", price: null }, { name: "b", price: 2.5 }], isVip: true, rates: { summer: 3 }, either: [1] };
  expect(readDraft(form, draftOf(form, value))).toEqual({ ok: true, isThere: true, value });
});

test("what a server says of fields is put at the fields", () => {
  expect(problemsIn("The arguments of login are not valid: arguments.username: is not a parameter of this tool.", "arguments")).toEqual([{ path: ["username"], message: "is not a parameter of this tool" }]);
  expect(problemsIn("x: arguments.rooms[0].name: is missing, arguments.guests: is too large.", "arguments").map(({ path }) => path)).toEqual([["rooms", 0, "name"], ["guests"]]);
  expect(problemsIn("Something else failed.", "arguments")).toEqual([]);
});

test("a schema that holds itself, or says nothing, is asked for as JSON at last", () => {
  const node: z.ZodType = z.lazy(() => z.object({ next: node.optional() }));
  expect(JSON.stringify(formOf(z.toJSONSchema(node)))).toContain('"kind":"json"');
  expect(formOf({}).kind).toBe("json");
});

test("the schema of a place follows fields, items, references and null", () => {
  expect(schemaAt(schema, ["extras", 0, "price"])).toMatchObject({ type: "number" });
  expect(schemaAt(schema, ["rates", "x"])).toMatchObject({ type: "number" });
  expect(schemaAt({ $defs: { a: { enum: [1] } }, properties: { b: { $ref: "#/$defs/a" } } }, ["b"])).toMatchObject({ enum: [1] });
  expect(schemaAt(schema, ["nowhere", 1])).toBeUndefined();
});

test("a value is edited as its own kind and stays of it", () => {
  const summer = (): number => -120;
  for (const raw of ["a\nb", 1.5, { $number: "-0" }, true, { $date: 1_770_000_000_123 }, { $bigint: "12345678901234567890" }, { $bytes: "AQI=" }, [1, null]]) {
    const { editor } = editorOf(shownOf(raw), undefined);
    const read = readLeaf(textOfLeaf(raw, editor, summer), editor, summer);
    expect(read.ok && read.value, editor).toEqual(raw);
  }
  expect(editorOf(shownOf("a"), { enum: ["a", "b"] })).toEqual({ editor: "choice", options: ["a", "b"] });
  expect(readLeaf("1x", "number", summer).ok).toBe(false);
  expect(readLeaf("tomorrow", "date", summer).ok).toBe(false);
});

const step = (name: string, to: readonly string[], more: object = {}) => ({ name, needs: [], to, isFinal: to.length === 0, ...more });
const booking: WorkflowInfo = {
  initial: "idle",
  steps: [step("idle", ["dates"]), step("dates", ["guests"], { needs: ["checkIn"] }), step("guests", ["ready"], { needs: ["guests"] }), step("ready", ["completed", "dates"], { deadlineMs: 5, deadlineTo: "expired" }), step("expired", ["dates"]), step("completed", [])],
};

test("steps are drawn in layers from the first one, and a way back decides no layer", () => {
  const { places, edges, layers } = layoutOf(booking);
  expect(places.map(({ name, layer }) => `${layer} ${name}`).sort()).toEqual(["0 idle", "1 dates", "2 guests", "3 ready", "4 expired", "4 completed"].sort());
  expect(layers).toBe(5);
  expect(edges.filter(({ isBack }) => isBack).map(({ from, to }) => `${from}-${to}`)).toEqual(["ready-dates", "expired-dates"]);
  expect(edges.filter(({ kind }) => kind !== "move").map(({ from, to, kind }) => `${from}-${to} ${kind}`)).toEqual(["dates-guests needs", "guests-ready needs", "ready-expired deadline"]);
});

test("a workflow that goes in circles, or leads to itself, is drawn all the same", () => {
  const { places } = layoutOf({ initial: "a", steps: [step("a", ["b", "a"]), step("b", ["a", "c"]), step("c", ["b"])] });
  expect(places.map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
});
