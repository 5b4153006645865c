// The parameters of a tool as slots: what has to be known before it can be called, and what kind of value goes there.
//
//   SL1. What cannot be said aloud - an object, a list of lists - has no slot; a tool that requires one cannot be called by
//        speaking.
//   SL2. Words of a slot come from its name and its description, and from nowhere else.

import type { RegisteredTool } from "../../known-tools.ts";
import { stemOf, weightOf, wordsIn, wordsOfName } from "./words.ts";

type Schema = Readonly<Record<string, unknown>>;

export type SlotKind = "date" | "date-time" | "time" | "number" | "boolean" | "choice" | "code" | "text" | "list";

/** A parameter. */
export interface Slot {
  readonly name: string;
  readonly kind: SlotKind;
  readonly isRequired: boolean;
  /** Marked as secret or personal: never echoed. */
  readonly isHidden: boolean;
  /** What it is, in words: the description, else the words of the name. */
  readonly about: string;
  readonly isDescribed: boolean;
  /** Stems of the words of name and description that say something. */
  readonly words: ReadonlySet<string>;
  /** Words after which its value is said: "name", "PIN". */
  readonly cues: ReadonlySet<string>;
  readonly schema: Schema;
  /** What may be chosen, for `choice`. */
  readonly choices: readonly unknown[];
  /** What the items are, for `list`. */
  readonly item: Slot | undefined;
}

/** The slots of a tool, required ones first; undefined when it cannot be called by speaking (SL1). */
export function slotsOf({ parameters }: RegisteredTool): readonly Slot[] | undefined {
  const { properties = {}, required = [] } = parameters as { properties?: Record<string, unknown>; required?: readonly string[] };
  const slots: Slot[] = [];
  for (const name of required) if (!Object.hasOwn(properties, name)) return undefined;
  for (const [name, schema] of Object.entries(properties)) {
    const isRequired = required.includes(name);
    const slot = slotOf(name, schema, isRequired, parameters);
    if (slot) slots.push(slot);
    else if (isRequired) return undefined;
  }
  return [...slots.filter(({ isRequired }) => isRequired), ...slots.filter(({ isRequired }) => !isRequired)];
}

function slotOf(name: string, given: unknown, isRequired: boolean, root: Schema): Slot | undefined {
  const outer = given as Schema;
  const schema = plainSchema(given, root);
  const kind = schema && kindOf(name, schema);
  if (!schema || !kind) return undefined;
  const item = kind === "list" ? slotOf(name, schema.items, true, root) : undefined;
  if (kind === "list" && (!item || item.kind === "list")) return undefined;
  const described = [outer.description, schema.description].find((text) => typeof text === "string" && text.trim() !== "") as string | undefined;
  const label = wordsOfName(name);
  const says = wordsIn(`${label} ${described ?? ""}`).filter((word) => weightOf(word) >= 0.3);
  return {
    name, kind, isRequired, schema, item,
    isHidden: [outer, schema].some(({ secret, pii }) => secret === true || pii === true),
    about: (described ?? label).trim().replace(/[.]$/, ""),
    isDescribed: described !== undefined,
    words: new Set(says.map(({ stem }) => stem)),
    cues: cuesOf(label, described),
    choices: kind === "choice" ? choicesOf(schema) : [],
  };
}

/** The schema itself, the one that it refers to, or the first variant that can be said. */
function plainSchema(given: unknown, root: Schema, depth = 0): Schema | undefined {
  if (typeof given !== "object" || given === null || depth > 8) return undefined;
  const schema = given as Schema;
  if (typeof schema.$ref === "string") return plainSchema(target(root, schema.$ref), root, depth + 1);
  const variants = (schema.anyOf ?? schema.oneOf) as readonly unknown[] | undefined;
  if (Array.isArray(variants)) {
    const constants = variants.map((each) => (each as Schema | null)?.const);
    if (constants.every((each) => each !== undefined)) return { ...schema, enum: constants };
    return variants.map((each) => plainSchema(each, root, depth + 1)).find((each) => each !== undefined && each.type !== "null" && kindOf("", each) !== undefined);
  }
  if (Array.isArray(schema.type)) return { ...schema, type: (schema.type as unknown[]).find((type) => type !== "null") };
  const parts = schema.allOf as readonly unknown[] | undefined;
  if (Array.isArray(parts)) return parts.reduce<Schema>((whole, each) => ({ ...plainSchema(each, root, depth + 1), ...whole }), { ...schema, allOf: undefined });
  return schema;
}

function target(root: Schema, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  let found: unknown = root;
  for (const step of reference.split("/").slice(1)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Schema)[key];
  }
  return found;
}

function kindOf(name: string, schema: Schema): SlotKind | undefined {
  if (choicesOf(schema).length > 0) return "choice";
  switch (schema.type) {
    case "string":
      if (schema.format === "date" || schema.format === "date-time" || schema.format === "time") return schema.format;
      return isCode(name, schema) ? "code" : "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return "list";
    default:
      return undefined;
  }
}

/** Names whose values have a digit in them. */
const CODES: ReadonlySet<string> = new Set(["id", "ids", "number", "no", "code", "pin", "ref", "reference", "sku", "phone", "zip", "postcode", "isbn", "iban", "passcode", "otp"]);

function isCode(name: string, schema: Schema): boolean {
  const last = wordsOfName(name).split(" ").at(-1) ?? "";
  const description = typeof schema.description === "string" ? schema.description : "";
  return CODES.has(last) || sampleCode(description) !== undefined || /\b(?:PIN|number|code)$/i.test(description.split(",")[0]!);
}

/** The code in "such as P1". */
export function sampleCode(description: string): string | undefined {
  return /\b(?=\w*[A-Za-z])(?=\w*\d)\w{2,}\b/.exec(description)?.[0];
}

function choicesOf({ enum: listed, const: only }: Schema): readonly unknown[] {
  const all = only === undefined ? (Array.isArray(listed) ? (listed as unknown[]) : []) : [only];
  return all.filter((each) => typeof each === "string" || typeof each === "number");
}

/** The name in words, its last word, and the word that a description is about: "number" in "the product's number, such as P1". */
function cuesOf(label: string, described: string | undefined): ReadonlySet<string> {
  const names = label.split(" ");
  const head = wordsIn((described ?? "").split(/[,(;]/)[0]!.replace(/\b(?:of|for|in|at|on)\b.*/i, "")).filter((word) => weightOf(word) === 1).at(-1);
  return new Set([names.at(-1)!, names[0]!, ...(head ? [head.text] : [])].map(stemOf).filter((stem) => stem.length > 1));
}
