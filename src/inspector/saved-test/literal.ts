// Values as TypeScript: what a saved test is written with.
//
//   LI1. What is read back is the same value, for every value that the codec can store.

/** Longer lines are broken, characters. */
const LINE = 120;

/** A value as an expression; lines after the first begin with `indent`. */
export function literal(value: unknown, indent = ""): string {
  const text = oneLine(value);
  if (text.length + indent.length <= LINE || typeof value !== "object" || value === null) return text;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => `${inner}${literal(item, inner)},\n`).join("")}${indent}]`;
  if (value instanceof Map) return `new Map([\n${[...value].map((pair) => `${inner}${literal(pair, inner)},\n`).join("")}${indent}])`;
  if (value instanceof Set || value instanceof Date || value instanceof Uint8Array) return text;
  return `{\n${Object.entries(value).map(([key, item]) => `${inner}${keyText(key)}: ${literal(item, inner)},\n`).join("")}${indent}}`;
}

function oneLine(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : objectLine(value);
    default:
      return String(value);
  }
}

function objectLine(value: object): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (value instanceof Date) return `new Date(${quoted(value.toISOString())})`;
  if (value instanceof Map) return `new Map(${oneLine([...value])})`;
  if (value instanceof Set) return `new Set(${oneLine([...value])})`;
  if (value instanceof Uint8Array) return `Uint8Array.from([${value.join(", ")}])`;
  const fields = Object.entries(value).map(([key, item]) => `${keyText(key)}: ${oneLine(item)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** A line separator in a source would end the line for some readers, and a mark of direction would show another text than runs. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function keyText(key: string): string {
  if (key === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}
