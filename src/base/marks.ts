// Marks: what a schema says of its fields with `.meta({ pii: true })` and `.meta({ secret: true })`.          (P21)
//
// Owns finding them. What is done about them is said by `mask.ts` and by those who store.
//
//   MK1. A mark covers everything below it. A mark on the keys of a record or a Map covers the record or the Map.
//   MK2. What cannot be walked is not guessed: `undefined`, and whoever asked treats the whole as marked.
//   MK3. Where a schema is unclear, more is marked, never less: a variant's mark holds for all variants, a recursion is
//        marked as a whole from its second or third level on, and so is what was made of something marked.
//   MK4. A mark is true or false. Whoever wrote something else meant it: it is refused, not passed over.

import type { StandardJSONSchemaV1 } from "@standard-schema/spec";

import { ConversimpleError } from "./errors.ts";
import { pathText } from "./path.ts";
import type { JsonSchema, Schema } from "./schema.ts";
import { valibotSchema } from "./valibot-schema.ts";

export type Mark = "pii" | "secret";

/**
 * A place in a value: keys from the root, joined by "/". `*` stands for every key, index, item or value there; "" is the
 * whole value. In a key, "~" is written "~0", "/" is "~1" and "*" is "~2".
 */
export type MaskPath = string;

/** What is masked of a record, by part. */
export type Masks = Readonly<Record<string, readonly MaskPath[]>>;

/** More places than this, or more steps to find them: the whole is marked (MK3). */
const MAX_PLACES = 256;
const MAX_STEPS = 20_000;

/** The places that are personal or secret, to mask wherever a value is shown; [""] when the schema cannot be walked (MK2). */
export function masksOf(schema: Schema): readonly MaskPath[] {
  return marksOf(schema, ["pii", "secret"]) ?? [""];
}

/**
 * Where a schema has one of some marks; undefined when that cannot be told (MK2).
 *
 * @param direction of what it reads, or of what it gives.
 */
export function marksOf(schema: Schema, marks: readonly Mark[], direction: "input" | "output" = "output"): readonly MaskPath[] | undefined {
  const described = describedOf(schema, direction, []);
  if (!described) return undefined;
  const walk = new Walk(described, marks);
  walk.visit(described, []);
  if (walk.mistake) throw notAMark(walk.mistake);
  const places = placesOf(walk);
  // What a library of unknown ways does not say of marks may only mean that it does not tell.
  return places.length > 0 || TELLING.has(schema["~standard"].vendor) ? places : undefined;
}

/** Libraries whose schemas are known to tell every mark. */
const TELLING: ReadonlySet<string> = new Set(["zod", "arktype", "valibot"]);

/** Where a JSON Schema has one of some marks. */
export function marksIn(schema: JsonSchema, marks: readonly Mark[]): readonly MaskPath[] {
  const walk = new Walk(schema, marks);
  walk.visit(schema, []);
  return placesOf(walk);
}

function placesOf(walk: Walk): readonly MaskPath[] {
  return walk.places.size > MAX_PLACES || walk.steps > MAX_STEPS ? [""] : [...walk.places];
}

function notAMark({ path, mark }: { readonly path: readonly string[]; readonly mark: Mark }): ConversimpleError {
  const where = path.length === 0 ? "A schema" : `The field ${pathText("", path.map((step) => (step === "*" ? "*" : keyOfStep(step)))).replace(/^\./, "")} of a schema`;
  return new ConversimpleError("definition_invalid", `${where} has a mark "${mark}" that is neither true nor false. Write .meta({ ${mark}: true }).`, { mark });
}

/** A key as a step of a {@link MaskPath}. */
export function maskStep(key: string | number): string {
  return String(key).replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("*", "~2");
}

/** The key that a step stands for. */
export function keyOfStep(step: string): string {
  return step.replaceAll("~2", "*").replaceAll("~1", "/").replaceAll("~0", "~");
}

type Node = Readonly<Record<string, unknown>>;

/** Keywords that hold schemas for the same place, for any place below, or for places by name. */
const SAME = ["anyOf", "oneOf", "allOf", "if", "then", "else", "not"] as const;
const ANY = ["items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains"] as const;
/** A whole JSON Schema inside of another one, with references of its own: {@link describedOf} puts it there. */
const WHOLE = "x-whole";
/** Says that the place holds what it lies in. */
const AGAIN = "x-again";

class Walk {
  readonly places = new Set<MaskPath>();
  steps = 0;
  /** A place whose mark is neither true nor false (MK4). */
  mistake: { readonly path: readonly string[]; readonly mark: Mark } | undefined;
  #root: unknown;
  readonly #top: unknown;
  readonly #marks: readonly Mark[];
  /** What the present place lies in, by references. */
  readonly #open: unknown[] = [];

  constructor(root: unknown, marks: readonly Mark[]) {
    this.#root = root;
    this.#top = root;
    this.#marks = marks;
  }

  visit(schema: unknown, path: readonly string[]): void {
    if (typeof schema !== "object" || schema === null || ++this.steps > MAX_STEPS || this.places.size > MAX_PLACES) return;
    const node = schema as Node;
    const odd = this.#marks.find((mark) => node[mark] !== undefined && typeof node[mark] !== "boolean");
    if (odd) this.mistake ??= { path, mark: odd };
    if (this.#marks.some((mark) => node[mark] === true) || this.#isKeyMarked(node.propertyNames)) {
      this.places.add(path.join("/"));
      return;
    }
    if (typeof node.$ref === "string") this.#follow(node.$ref, path);
    if (node[AGAIN] === true) this.#again(path);
    if (WHOLE in node) this.#within(node[WHOLE], path);
    for (const keyword of SAME) for (const inner of listOf(node[keyword])) this.visit(inner, path);
    for (const keyword of ANY) for (const inner of listOf(node[keyword])) this.visit(inner, [...path, "*"]);
    listOf(node.prefixItems).forEach((inner, index) => this.visit(inner, [...path, String(index)]));
    for (const inner of Object.values((node.patternProperties ?? {}) as Node)) this.visit(inner, [...path, "*"]);
    for (const [key, inner] of Object.entries((node.properties ?? {}) as Node)) this.visit(inner, [...path, maskStep(key)]);
  }

  #follow(reference: string, path: readonly string[]): void {
    const target = targetOf(this.#root, reference);
    if (target === undefined || this.#open.includes(target)) return this.#again(path);
    this.#open.push(target);
    this.visit(target, path);
    this.#open.pop();
  }

  /** MK3: what the place lies in already, or what cannot be found, is marked if anything is. */
  #again(path: readonly string[]): void {
    if (hasMark(this.#top, this.#marks)) this.places.add(path.join("/"));
  }

  #within(root: unknown, path: readonly string[]): void {
    const outer = this.#root;
    this.#root = root;
    this.visit(root, path);
    this.#root = outer;
  }

  /** MK1. */
  #isKeyMarked(propertyNames: unknown): boolean {
    const isNamed = typeof propertyNames === "object" && propertyNames !== null && "$ref" in propertyNames;
    return hasMark(isNamed ? this.#top : propertyNames, this.#marks);
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** Whether a mark stands anywhere in a schema, references not followed. */
function hasMark(schema: unknown, marks: readonly Mark[]): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  if (marks.some((mark) => (schema as Node)[mark] === true)) return true;
  return Object.entries(schema).some(([keyword, inner]) => !DATA.has(keyword) && hasMark(inner, marks));
}

/** Keywords of JSON Schema whose content is a value, not a schema. */
const DATA: ReadonlySet<string> = new Set(["default", "examples", "const", "enum"]);

/** What a reference inside of its own document points to (RFC 6901). */
function targetOf(root: unknown, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  let target = root;
  for (const step of reference.split("/").slice(1)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined;
    target = (target as Node)[key];
  }
  return target;
}

/** A JSON Schema with all that is marked; undefined when there is none. `open`: the schemas that it lies in. */
function describedOf(schema: Schema, direction: "input" | "output", open: readonly unknown[]): JsonSchema | undefined {
  const { vendor, jsonSchema } = schema["~standard"] as Schema["~standard"] & Partial<StandardJSONSchemaV1.Props>;
  if (vendor === "valibot") return valibotSchema(schema);
  if (!jsonSchema) return undefined;
  const override = ({ zodSchema, jsonSchema: node }: { zodSchema: unknown; jsonSchema: Record<string, unknown> }) => completeZod(zodSchema, node, direction, [...open, schema]);
  try {
    return jsonSchema[direction]({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any", ...(vendor === "zod" ? { override } : {}) } });
  } catch {
    return undefined;
  }
}

interface ZodInside {
  readonly _zod?: { readonly def: { readonly type: string; readonly keyType?: Schema; readonly valueType?: Schema; readonly in?: Schema; readonly out?: Schema } };
}

/** What zod's JSON Schema does not tell: what a Map and a Set hold, and what a transformed value was made of. */
function completeZod(schema: unknown, node: Record<string, unknown>, direction: "input" | "output", open: readonly unknown[]): void {
  const { type, keyType, valueType, in: before, out: after } = (schema as ZodInside)._zod?.def ?? {};
  const whole = (inner: Schema | undefined): Node => {
    if (!inner) return {};
    return open.includes(inner) ? { [AGAIN]: true } : { [WHOLE]: describedOf(inner, direction, [...open, schema]) ?? { pii: true } };
  };
  if (type === "map") Object.assign(node, { propertyNames: whole(keyType), additionalProperties: whole(valueType) });
  else if (type === "set") node.items = whole(valueType);
  else if (type === "pipe") {
    const other = direction === "output" ? before : after;
    for (const mark of ["pii", "secret"] as const) if (other && hasMark(whole(other), [mark])) node[mark] = true;
  }
}
