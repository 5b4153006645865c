// A tool's arguments as somebody at a terminal types them, by its JSON Schema.
//
//   TS1. A typed word becomes what the schema asks for, or an error that says what it asks for.
//   TS2. Where the schema leaves it open, what reads as JSON is JSON and everything else is text.

/** A JSON Schema, as far as it is looked at. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

export interface Argument {
  readonly name: string;
  readonly isRequired: boolean;
  /** `integer`, `"a" | "b"`, `text`: what may be typed. */
  readonly wants: string;
  readonly description: string;
  /** Values for completion: of an enum, or true and false. */
  readonly values: readonly string[];
  /** @throws {RangeError} with what is wanted. */
  read(text: string): unknown;
}

/** The arguments of a tool, required ones first. */
export function argumentsOf(parameters: Readonly<Record<string, unknown>>): Argument[] {
  const { properties = {}, required = [] } = parameters as Schema;
  const found = Object.entries(properties).map(([name, schema]): Argument => ({
    name,
    isRequired: required.includes(name),
    wants: wanted(schema),
    description: schema.description ?? "",
    values: choices(schema),
    read: (text) => {
      const value = read(schema, text);
      if (value === NOTHING) throw new RangeError(`${name} must be ${wanted(schema)}`);
      return value;
    },
  }));
  return [...found.filter(({ isRequired }) => isRequired), ...found.filter(({ isRequired }) => !isRequired)];
}

const NOTHING = Symbol("nothing");

function read(schema: Schema, text: string): unknown {
  const variants = variantsOf(schema);
  if (variants) return first(variants, text);
  const listed = listedIn(schema);
  if (listed) return listed.some((value) => wordOf(value) === text) ? listed.find((value) => wordOf(value) === text) : NOTHING;
  switch (schema.type) {
    case "string":
      return text;
    case "integer":
      return /^[+-]?\d+$/.test(text) ? Number(text) : NOTHING;
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : NOTHING;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : NOTHING;
    case "null":
      return text === "null" ? null : NOTHING;
    case "array":
      return readList(schema, text);
    case "object":
      return json(text, (value) => typeof value === "object" && value !== null && !Array.isArray(value));
    default: {
      const value = json(text, () => true);
      return value === NOTHING ? text : value;
    }
  }
}

/** `["a","b"]` or `a,b`. */
function readList(schema: Schema, text: string): unknown {
  if (text.startsWith("[")) return json(text, Array.isArray);
  const items = text === "" ? [] : text.split(",").map((item) => read(schema.items ?? {}, item));
  return items.includes(NOTHING) ? NOTHING : items;
}

/** Text takes everything, so it is asked last. */
function first(variants: readonly Schema[], text: string): unknown {
  const ordered = [...variants.filter(({ type }) => type !== "string"), ...variants.filter(({ type }) => type === "string")];
  for (const variant of ordered) {
    const value = read(variant, text);
    if (value !== NOTHING) return value;
  }
  return NOTHING;
}

function variantsOf(schema: Schema): readonly Schema[] | undefined {
  const { type } = schema;
  if (Array.isArray(type)) return (type as readonly string[]).map((each) => ({ ...schema, type: each }));
  return schema.anyOf ?? schema.oneOf;
}

/** The only values that are allowed, when there is a list of them. */
function listedIn(schema: Schema): readonly unknown[] | undefined {
  return schema.const === undefined ? schema.enum : [schema.const];
}

/** How a value is typed: a text without quotes. */
function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function json(text: string, fits: (value: unknown) => boolean): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return fits(value) ? value : NOTHING;
  } catch {
    return NOTHING;
  }
}

function wanted(schema: Schema): string {
  const variants = variantsOf(schema);
  if (variants) return variants.map(wanted).join(" | ");
  const listed = listedIn(schema);
  if (listed) return listed.map((value) => JSON.stringify(value)).join(" | ");
  switch (schema.type) {
    case "string":
      return "text";
    case "integer":
      return "a whole number";
    case "number":
      return "a number";
    case "boolean":
      return "true | false";
    case "array":
      return `a list of ${schema.items ? wanted(schema.items) : "anything"}`;
    case "object":
      return "a JSON object";
    case "null":
      return "null";
    default:
      return "anything";
  }
}

function choices(schema: Schema): string[] {
  const variants = variantsOf(schema);
  if (variants) return variants.flatMap(choices);
  const listed = listedIn(schema);
  if (listed) return listed.map(wordOf);
  return schema.type === "boolean" ? ["true", "false"] : [];
}
