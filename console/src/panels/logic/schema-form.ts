// A form, read from a JSON Schema: which fields there are, of which kind, and what is said of them.
//
// Owns the form's model. What somebody typed is `form-draft.ts`; drawing is the panel's.
//
//   SF1. What no field fits is asked for as JSON: every schema gives a form.
//   SF2. What is secret is a secret field, and a form with one keeps nothing.                           (P21)
//   SF3. A recursion ends: below the fourth level a schema that holds itself is asked for as JSON.

import type { MaskPath } from "../../../../src/base/marks.ts";
import type { JsonSchema } from "../../../../src/host/host.ts";
import { MaskCursor } from "./mask-cursor.ts";

/** A field. `label` is its name in words, `about` what the schema says of it. */
export type FormField = FieldFacts & FieldKind;

export interface FieldFacts {
  readonly label: string;
  readonly about?: string;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** `null` is a value too. */
  readonly isNullable: boolean;
  readonly initial?: unknown;
  readonly examples: readonly unknown[];
}

export type FieldKind =
  | { readonly kind: "text"; readonly format?: string; readonly minLength?: number; readonly maxLength?: number; readonly pattern?: string }
  | { readonly kind: "number"; readonly isWhole: boolean; readonly minimum?: number; readonly maximum?: number }
  | { readonly kind: "truth" }
  | { readonly kind: "choice"; readonly options: readonly unknown[] }
  | { readonly kind: "object"; readonly fields: readonly (readonly [name: string, field: FormField])[]; /** Of other names, where there may be some. */ readonly others?: FormField }
  | { readonly kind: "list"; readonly item: FormField; readonly minItems: number; readonly maxItems?: number }
  | { readonly kind: "json" };

type Node = Readonly<Record<string, unknown>>;

interface Place {
  readonly root: Node;
  readonly secrets: MaskCursor;
  readonly depth: number;
}

/** Deeper levels are asked for as JSON (SF3). */
const MAX_DEPTH = 4;

/** The form of a tool's parameters, or of a part's value. */
export function formOf(schema: JsonSchema, secrets: readonly MaskPath[] = []): FormField {
  return fieldOf("", schema, true, { root: schema, secrets: MaskCursor.of(secrets), depth: 0 });
}

/** The schema at a place of a value, references followed; undefined where it says nothing. */
export function schemaAt(schema: JsonSchema | undefined, path: readonly (string | number)[]): JsonSchema | undefined {
  if (!schema) return undefined;
  let node: Node | undefined = followed(schema, schema);
  for (const key of path) {
    if (!node) return undefined;
    const inner: unknown = typeof key === "number" ? ((node.prefixItems as unknown[] | undefined)?.[key] ?? node.items) : (asNode(node.properties)?.[key] ?? node.additionalProperties);
    node = isNode(inner) ? nullableOf(followed(inner, schema), schema).node : undefined;
  }
  return node;
}

function fieldOf(name: string, given: unknown, isRequired: boolean, place: Place): FormField {
  const plain = isNode(given) ? followed(given, place.root) : {};
  const { node, isNullable } = nullableOf(plain, place.root);
  const said = textOf(plain.description) ?? textOf(node.description);
  const initial = plain.default ?? node.default;
  const examples = [plain.examples, node.examples].find((list) => Array.isArray(list)) as readonly unknown[] | undefined;
  return {
    label: textOf(plain.title) ?? textOf(node.title) ?? inWords(name),
    ...(said === undefined ? {} : { about: said }),
    isRequired,
    isSecret: place.secrets.isWhole || node.secret === true || plain.secret === true,
    isNullable,
    ...(initial === undefined ? {} : { initial }),
    examples: examples ?? [],
    ...kindOf(node, place),
  };
}

function kindOf(node: Node, place: Place): FieldKind {
  const options = optionsOf(node);
  if (options) return { kind: "choice", options };
  if (place.depth > MAX_DEPTH) return { kind: "json" };
  switch (node.type) {
    case "string":
      return { kind: "text", ...picked(node, ["minLength", "maxLength"], "number"), ...picked(node, ["format", "pattern"], "string") };
    case "integer":
    case "number":
      return { kind: "number", isWhole: node.type === "integer", ...picked(node, ["minimum", "maximum"], "number") };
    case "boolean":
      return { kind: "truth" };
    case "array":
      return listKind(node, place);
    case "object":
      return objectKind(node, place);
    default:
      return isNode(node.properties) ? objectKind(node, place) : { kind: "json" };
  }
}

function listKind(node: Node, place: Place): FieldKind {
  if (!isNode(node.items) || node.prefixItems !== undefined) return { kind: "json" };
  const item = fieldOf("item", node.items, true, { ...place, secrets: place.secrets.at(undefined), depth: place.depth + 1 });
  return { kind: "list", item, minItems: typeof node.minItems === "number" ? node.minItems : 0, ...picked(node, ["maxItems"], "number") };
}

function objectKind(node: Node, place: Place): FieldKind {
  const properties = Object.entries(asNode(node.properties) ?? {});
  const required = new Set(Array.isArray(node.required) ? (node.required as unknown[]) : []);
  const below = (key: string | undefined): Place => ({ ...place, secrets: place.secrets.at(key), depth: place.depth + 1 });
  const fields = properties.map(([name, inner]) => [name, fieldOf(name, inner, required.has(name), below(name))] as const);
  const { additionalProperties } = node;
  if (isNode(additionalProperties) && Object.keys(additionalProperties).length > 0) return { kind: "object", fields, others: fieldOf("value", additionalProperties, true, below(undefined)) };
  const isOpen = properties.length === 0 && additionalProperties !== false && place.depth > 0;
  return isOpen ? { kind: "json" } : { kind: "object", fields };
}

/** The values of an enum, of a const, or of alternatives that are constants. */
function optionsOf(node: Node): readonly unknown[] | undefined {
  if (Array.isArray(node.enum)) return node.enum as unknown[];
  if ("const" in node) return [node.const];
  const alternatives = alternativesOf(node);
  const isConstant = alternatives !== undefined && alternatives.length > 0 && alternatives.every((each) => isNode(each) && ("const" in each || Array.isArray(each.enum)));
  return isConstant ? alternatives.flatMap((each) => optionsOf(each as Node) ?? []) : undefined;
}

function alternativesOf(node: Node): readonly unknown[] | undefined {
  return [node.anyOf, node.oneOf].find((list) => Array.isArray(list)) as readonly unknown[] | undefined;
}

/** "A or null" as A. */
function nullableOf(node: Node, root: Node): { readonly node: Node; readonly isNullable: boolean } {
  if (Array.isArray(node.type) && node.type.includes("null")) {
    const types = (node.type as unknown[]).filter((type) => type !== "null");
    return { node: { ...node, type: types.length === 1 ? types[0] : types }, isNullable: true };
  }
  const alternatives = alternativesOf(node);
  const others = alternatives?.filter((each) => !(isNode(each) && each.type === "null"));
  if (!alternatives || !others || others.length === alternatives.length) return { node, isNullable: false };
  const only = others[0];
  if (others.length === 1 && isNode(only)) return { node: followed(only, root), isNullable: true };
  const { anyOf: _, oneOf: __, ...rest } = node;
  return { node: { ...rest, anyOf: others }, isNullable: true };
}

/** What a node refers to within its own schema, with what it says beside the reference. */
function followed(node: Node, root: Node): Node {
  let here = node;
  for (let hops = 0; typeof here.$ref === "string" && hops < 8; hops++) {
    const { $ref: reference, ...beside } = here;
    const target = targetOf(root, reference);
    if (!target) return beside;
    here = { ...target, ...beside };
  }
  return here;
}

function targetOf(root: Node, reference: string): Node | undefined {
  if (!reference.startsWith("#")) return undefined;
  let target: unknown = root;
  for (const step of reference.split("/").slice(1)) target = isNode(target) || Array.isArray(target) ? (target as Node)[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  return isNode(target) ? target : undefined;
}

/** `productId` as "Product id". */
export function inWords(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll(/[_-]+/g, " ").trim().toLowerCase();
  return words === "" ? "" : `${words[0]!.toUpperCase()}${words.slice(1)}`;
}

function picked<K extends string>(node: Node, keys: readonly K[], type: "number" | "string"): Record<K, never> | Record<string, never> {
  return Object.fromEntries(keys.filter((key) => typeof node[key] === type).map((key) => [key, node[key]])) as Record<K, never>;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asNode(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined;
}
