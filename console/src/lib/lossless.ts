// Values of state as the server sends them: JSON in which what JSON cannot say is an object with one key that begins with "$".
//
// Owns reading these tags for showing, so that a Date is shown as a date and a Map as a Map, and nothing is lost or guessed.
//
//   LO1. A tag that is not one of the codec's, or has a content that it never writes, is shown as the object that it is.
//   LO2. `{"$object":{..}}` is a plain object whose own single key begins with "$".

/** A value for showing. */
export type Shown =
  | { readonly kind: "null" | "undefined" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "bigint"; readonly digits: string }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "masked" }
  | { readonly kind: "date"; readonly atMs: number }
  | { readonly kind: "bytes"; readonly count: number; readonly base64: string }
  | { readonly kind: "list" | "set"; readonly items: readonly unknown[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [unknown, unknown])[] }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, unknown>> };

/** What stands where something is masked. */
export const MASKED = "•••";

/** One level of a value; what is in it is read when it is shown. */
export function readShown(value: unknown): Shown {
  if (value === null) return { kind: "null" };
  if (value === undefined) return { kind: "undefined" };
  if (typeof value === "boolean") return { kind: "boolean", value };
  if (typeof value === "number") return { kind: "number", value };
  if (typeof value === "string") return value === MASKED ? { kind: "masked" } : { kind: "text", value };
  if (Array.isArray(value)) return { kind: "list", items: value };
  const fields = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(fields);
  if (keys.length === 1 && keys[0]!.startsWith("$")) return tagged(keys[0]!, fields[keys[0]!]) ?? { kind: "object", fields };
  return { kind: "object", fields };
}

function tagged(tag: string, content: unknown): Shown | undefined {
  if (tag === "$date" && typeof content === "number") return { kind: "date", atMs: content };
  if (tag === "$bigint" && typeof content === "string") return { kind: "bigint", digits: content };
  if (tag === "$undefined" && content === true) return { kind: "undefined" };
  if (tag === "$number" && content === "-0") return { kind: "number", value: -0 };
  if (tag === "$bytes" && typeof content === "string") return { kind: "bytes", count: bytesIn(content), base64: content };
  if (tag === "$set" && Array.isArray(content)) return { kind: "set", items: content };
  if (tag === "$map" && Array.isArray(content) && content.every((pair) => Array.isArray(pair) && pair.length === 2)) return { kind: "map", entries: content as [unknown, unknown][] };
  if (tag === "$object" && typeof content === "object" && content !== null) return { kind: "object", fields: content as Readonly<Record<string, unknown>> };
  return undefined;
}

/** A value on one line, cut to a length: "{ cart: [2], guests: 3 }" style, for lists and diffs. */
export function inline(value: unknown, longest = 80): string {
  const text = written(value, 0);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

function written(value: unknown, depth: number): string {
  const shown = readShown(value);
  switch (shown.kind) {
    case "null":
    case "undefined":
      return shown.kind;
    case "boolean":
      return String(shown.value);
    case "number":
      return Object.is(shown.value, -0) ? "-0" : String(shown.value);
    case "bigint":
      return `${shown.digits}n`;
    case "text":
      return JSON.stringify(shown.value.length > 200 ? `${shown.value.slice(0, 200)}…` : shown.value);
    case "masked":
      return MASKED;
    case "date":
      return dateText(shown.atMs);
    case "bytes":
      return `Bytes(${shown.count})`;
    default:
      return writtenContainer(shown, depth);
  }
}

function writtenContainer(shown: Shown & { readonly kind: "list" | "set" | "map" | "object" }, depth: number): string {
  const isDeep = depth > 2;
  if (shown.kind === "object") {
    const fields = Object.entries(shown.fields);
    if (fields.length === 0) return "{}";
    return isDeep ? "{…}" : `{ ${few(fields).map(([key, item]) => `${key}: ${written(item, depth + 1)}`).join(", ")}${more(fields)} }`;
  }
  if (shown.kind === "map") return isDeep ? `Map(${shown.entries.length})` : `Map { ${few(shown.entries).map(([key, item]) => `${written(key, depth + 1)} => ${written(item, depth + 1)}`).join(", ")}${more(shown.entries)} }`;
  const items = isDeep ? `${shown.items.length}` : `${few(shown.items).map((item) => written(item, depth + 1)).join(", ")}${more(shown.items)}`;
  return shown.kind === "set" ? `Set { ${items} }` : `[${items}]`;
}

/** A date as ISO text; one that no calendar has as its number. */
export function dateText(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? `Date(${atMs})` : date.toISOString();
}

function few<T>(items: readonly T[]): readonly T[] {
  return items.slice(0, 20);
}

function more(items: readonly unknown[]): string {
  return items.length > 20 ? ", …" : "";
}

function bytesIn(base64: string): number {
  return Math.max(0, (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0));
}
