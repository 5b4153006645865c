// Valibot's schemas, as far as marks are concerned: its JSON Schema leaves `v.metadata({ pii: true })` out.    (P21)
//
//   VB1. What is not known here is marked as a whole: a new kind of schema is never shown by mistake.

import type { JsonSchema } from "./schema.ts";

interface Inside {
  readonly type: string;
  readonly kind?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly pipe?: readonly Inside[];
  readonly entries?: Readonly<Record<string, Inside>>;
  readonly items?: readonly Inside[];
  readonly options?: readonly unknown[];
  readonly rest?: Inside;
  readonly item?: Inside;
  readonly wrapped?: Inside;
  readonly key?: Inside;
  readonly value?: Inside;
  readonly getter?: (input: undefined) => Inside;
}

/** Kinds that hold no other schema. */
const LEAVES = new Set("any bigint blob boolean custom date enum file function instance literal nan never null number picklist promise string symbol undefined unknown void".split(" "));

/** A JSON Schema that tells where marks are, and little else. */
export function valibotSchema(schema: unknown): JsonSchema {
  return described(schema as Inside, []);
}

function described(schema: Inside, open: readonly Inside[]): JsonSchema {
  if (open.includes(schema)) return { "x-again": true };
  const within = [...open, schema];
  const [own, ...actions] = schema.pipe ?? [schema];
  const marks: Record<string, unknown> = {};
  for (const { kind, metadata } of actions) if (kind === "metadata" && typeof metadata === "object") Object.assign(marks, metadata);
  // Schemas further on in a pipe describe the same place, before or after a transformation.
  const more = actions.filter(({ kind }) => kind === "schema").map((each) => described(each, within));
  const itself = schema.pipe ? described(own!, within) : schemaOf(schema, (inner) => described(inner, within));
  const { pii, secret } = marks;
  return { ...(pii === undefined ? {} : { pii }), ...(secret === undefined ? {} : { secret }), allOf: [itself, ...more] };
}

function schemaOf(schema: Inside, inner: (schema: Inside) => JsonSchema): JsonSchema {
  const { type, entries, items, options, rest, item, wrapped, key, value, getter } = schema;
  if (entries) return { properties: Object.fromEntries(Object.entries(entries).map(([name, each]) => [name, inner(each)])), ...(rest ? { additionalProperties: inner(rest) } : {}) };
  if (items) return { prefixItems: items.map(inner), ...(rest ? { items: inner(rest) } : {}) };
  if (item) return { items: inner(item) };
  if (wrapped) return inner(wrapped);
  if (type === "record" || type === "map") return { propertyNames: inner(key!), additionalProperties: inner(value!) };
  if (type === "set") return { items: inner(value!) };
  if (type === "union" || type === "variant" || type === "intersect") return { allOf: (options as readonly Inside[]).map(inner) };
  if (type === "lazy" && getter) return inner(getter(undefined));
  return LEAVES.has(type) ? {} : { pii: true };
}
