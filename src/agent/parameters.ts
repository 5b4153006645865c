// A tool's parameters: one object schema, or a record of schemas.
//
// Owns the check of arguments before a handler runs, and their description for a model.
//
//   A1. What the schema does not name is refused, not dropped.
//   A2. A parameter of a record is optional iff its schema accepts `undefined`.
//   A3. Arguments that are too deep or have keys that reach into prototypes are refused before a schema sees them.
//   A4. Names of secret parameters are known here, so that nobody else ever stores them.               (P21)
//   A5. What a handler is given is its own: a schema's default may be one object for all calls of all conversations. (D)

import { ConversimpleError } from "../base/errors.ts";
import { MAX_DEPTH } from "../base/codec.ts";
import { marksIn, marksOf, maskStep, type Mark, type MaskPath } from "../base/marks.ts";
import { copyOf } from "../base/plain.ts";
import { isSchema, issuesText, jsonSchemaOf, validate, type InputOf, type Issue, type JsonSchema, type OutputOf, type Schema, type Validation } from "../base/schema.ts";
import { shownIssues } from "../base/shown-issues.ts";

/** A record of schemas, one per parameter. */
export type Fields = Readonly<Record<string, Schema>>;
/** What a tool can be given as its parameters. */
export type ParametersInput = Schema | Fields;

/** What a handler receives. */
export type ParsedOf<P extends ParametersInput> = P extends Schema ? OutputOf<P> : P extends Fields ? Flat<OptionalIfUndefined<{ [K in keyof P]: OutputOf<P[K]> }>> : never;
/** What a caller in TypeScript passes. */
export type ArgumentsOf<P extends ParametersInput> = P extends Schema ? InputOf<P> : P extends Fields ? Flat<OptionalIfUndefined<{ [K in keyof P]: InputOf<P[K]> }>> : never;

type OptionalIfUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & { [K in keyof T as undefined extends T[K] ? K : never]?: T[K] };
/** Inferred anew, so that an editor and an error show the parameters and not how they came about. */
type Flat<T> = T extends infer Shown ? { [K in keyof Shown]: Shown[K] } : never;

/** Parameters, ready to use. */
export interface Parameters {
  readonly jsonSchema: JsonSchema;
  /** Names of the parameters that have `.meta({ secret: true })` anywhere in them. */
  readonly secrets: ReadonlySet<string>;
  /** What is masked of the arguments wherever they are shown. */
  readonly masks: readonly MaskPath[];
  parse(input: unknown): Validation<unknown>;
}

/**
 * Prepares parameters.
 *
 * @param tool the tool's name, for messages.
 * @throws {ConversimpleError} `definition_invalid`.
 */
export function parametersOf(tool: string, input: ParametersInput): Parameters {
  const parameters = isSchema(input) ? ofSchema(tool, input) : ofFields(tool, input);
  const secretPlaces = placesOf(input, ["secret"]) ?? [];
  if (secretPlaces.some((place) => firstStep(place) === "*")) throw new ConversimpleError("definition_invalid", `Tool ${tool} takes secrets under names that it does not declare. Give each secret a parameter of its own.`, { tool });
  const jsonSchema = marked(marked(parameters.jsonSchema, "secret", secretPlaces), "pii", placesOf(input, ["pii"]) ?? []);
  const masks = placesOf(input, ["pii", "secret"]);
  const parse = (given: unknown): Validation<unknown> => {
    const parsed = parameters.parse(given);
    if (parsed.ok) return { ok: true, value: copyOf(parsed.value) };
    // The caller has to mend them: where nobody knows what is masked, it is told the place all the same.
    return { ok: false, issues: shownIssues(parsed.issues, given, masks ?? []) };
  };
  return { jsonSchema, parse, secrets: new Set(namesOf(jsonSchema, secretPlaces)), masks: masks ?? [""] };
}

/** The places of the arguments that have one of some marks; undefined when that cannot be told. */
function placesOf(input: ParametersInput, marks: readonly Mark[]): readonly MaskPath[] | undefined {
  if (isSchema(input)) return marksOf(input, marks, "input");
  const places = Object.entries(input).map(([name, schema]) => marksOf(schema, marks, "input")?.map((place) => maskStep(name) + (place === "" ? "" : `/${place}`)));
  return places.every((each) => each !== undefined) ? places.flat() : undefined;
}

function firstStep(place: MaskPath): string {
  return place.split("/")[0]!;
}

/** The parameters that some places lie in. */
function namesOf(jsonSchema: JsonSchema, places: readonly MaskPath[]): string[] {
  const names = Object.keys(jsonSchema.properties ?? {});
  return names.filter((name) => places.some((place) => place === "" || firstStep(place) === maskStep(name)));
}

/** The JSON Schema with the marks that its library did not write into it: the platform masks by them. */
function marked(jsonSchema: JsonSchema, mark: Mark, places: readonly MaskPath[]): JsonSchema {
  const told = new Set(namesOf(jsonSchema, marksIn(jsonSchema, [mark])));
  const untold = new Set(namesOf(jsonSchema, places).filter((name) => !told.has(name)));
  if (untold.size === 0) return jsonSchema;
  const properties = Object.entries(jsonSchema.properties as Record<string, JsonSchema>);
  return { ...jsonSchema, properties: Object.fromEntries(properties.map(([name, schema]) => [name, untold.has(name) ? { ...schema, [mark]: true } : schema])) };
}

/** Keywords of JSON Schema whose content is a value, not a schema. */
const DATA = new Set(["default", "examples", "const", "enum"]);

type Prepared = Pick<Parameters, "jsonSchema" | "parse">;

function ofSchema(tool: string, schema: Schema): Prepared {
  const jsonSchema = jsonSchemaOf(schema, `The parameters of tool ${tool}`);
  if (jsonSchema.type !== "object") throw new ConversimpleError("definition_invalid", `The parameters of tool ${tool} are not an object. Use an object schema or a record of schemas.`);
  return {
    jsonSchema,
    parse: (input) => {
      const refused = refusedShape(input, undefined) ?? unnamed(jsonSchema, input, []);
      return refused ? { ok: false, issues: [refused] } : validate(schema, input);
    },
  };
}

function ofFields(tool: string, fields: Fields): Prepared {
  const names = Object.keys(fields);
  const optional = new Set<string>();
  const properties: Record<string, unknown> = {};
  for (const name of names) {
    const schema = fields[name];
    if (!isSchema(schema)) throw new ConversimpleError("definition_invalid", `Parameter "${name}" of tool ${tool} is not a schema. Write for example { ${name}: z.string() }.`);
    properties[name] = moved(jsonSchemaOf(schema, `Parameter "${name}" of tool ${tool}`), `#/properties/${pointerStep(name)}`);
    if (validate(schema, undefined).ok) optional.add(name);
  }
  const required = names.filter((name) => !optional.has(name));
  const jsonSchema: JsonSchema = { type: "object", properties, ...(required.length > 0 ? { required } : {}), additionalProperties: false };
  const known = new Set(names);
  return { jsonSchema, parse: (input) => parseFields(fields, names, known, jsonSchema, input) };
}

/** A JSON Schema whose references to itself still hold where it stands now. */
function moved(schema: unknown, to: string): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((item) => moved(item, to));
  return Object.fromEntries(
    Object.entries(schema).map(([key, inner]) => {
      if (key === "$ref" && typeof inner === "string" && inner.startsWith("#")) return [key, to + inner.slice(1)];
      return [key, DATA.has(key) ? inner : moved(inner, to)];
    }),
  );
}

/** A key as a step of a JSON pointer in a URL's fragment (RFC 6901). */
function pointerStep(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function parseFields(fields: Fields, names: readonly string[], known: ReadonlySet<string>, jsonSchema: JsonSchema, input: unknown): Validation<unknown> {
  const refused = refusedShape(input, known) ?? unnamed(jsonSchema, input, []);
  if (refused) return { ok: false, issues: [refused] };
  const given = input as Record<string, unknown>;
  const value: Record<string, unknown> = {};
  const issues: Issue[] = [];
  for (const name of names) {
    const result = validate(fields[name]!, Object.hasOwn(given, name) ? given[name] : undefined);
    if (!result.ok) issues.push(...result.issues.map((issue) => ({ path: [name, ...issue.path], reason: issue.reason })));
    else if (result.value !== undefined) value[name] = result.value;
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value };
}

/** Whether a JSON value is nested at most {@link MAX_DEPTH} levels; decided without recursion. */
export function isBounded(input: unknown): boolean {
  return refusedNesting(input) === undefined;
}

/** A3 and A1, in this order. */
function refusedShape(input: unknown, known: ReadonlySet<string> | undefined): Issue | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return { path: [], reason: "must be an object" };
  const refused = refusedNesting(input);
  if (refused) return refused;
  const unknown = known && Object.keys(input).find((key) => !known.has(key));
  return unknown === undefined ? undefined : { path: [unknown], reason: "is not a parameter of this tool" };
}

function refusedNesting(input: unknown): Issue | undefined {
  let level: object[] = typeof input === "object" && input !== null ? [input] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= MAX_DEPTH) return { path: [], reason: `is nested deeper than ${MAX_DEPTH} levels` };
    const next: object[] = [];
    for (const holder of level) {
      for (const key of Object.keys(holder)) {
        if (!Array.isArray(holder) && FORBIDDEN.has(key)) return { path: [], reason: `"${key}" is not allowed as a name` };
        if (!key.isWellFormed()) return { path: [], reason: "has a name with half of a surrogate pair" };
        const inner = (holder as Record<string, unknown>)[key];
        if (typeof inner === "object" && inner !== null) next.push(inner);
      }
    }
    level = next;
  }
  return undefined;
}

/** The first key inside of the arguments that an object schema does not name and would drop without a word (A1). */
function unnamed(schema: unknown, value: unknown, path: readonly (string | number)[]): Issue | undefined {
  if (typeof schema !== "object" || schema === null || typeof value !== "object" || value === null) return undefined;
  const { properties, additionalProperties, items } = schema as { properties?: Record<string, unknown>; additionalProperties?: unknown; items?: unknown };
  const isClosed = properties !== undefined && (additionalProperties === undefined || additionalProperties === false) && !("patternProperties" in schema);
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const isNamed = properties !== undefined && Object.hasOwn(properties, key);
    if (isClosed && !isNamed && !isList) return { path: [...path, key], reason: "is not a parameter of this tool" };
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner !== "object" || inner === null) continue;
    const found = unnamed(isList ? items : isNamed ? properties[key] : additionalProperties, inner, [...path, isList ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

/** Names that reach into prototypes when somebody merges arguments carelessly. */
const FORBIDDEN = new Set(["__proto__", "constructor", "prototype"]);

/** The reason why arguments were refused, for the model that has to mend them. */
export function argumentsError(tool: string, issues: readonly Issue[]): ConversimpleError {
  return new ConversimpleError("invalid_parameters", `The arguments of ${tool} are not valid: ${issuesText("arguments", issues)}.`, { tool });
}
