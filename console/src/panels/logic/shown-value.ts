// A value of state as the server says it: lossless JSON, read one level at a time.
//
// Owns what a node is (Date, Map, Set, bigint, bytes, masked) and its one-line text. Draws nothing, changes nothing.
//
//   SV1. Reading is lazy: a node knows its children's raw values, not theirs. A large value costs what is opened.
//   SV2. What is masked is told by the part's masks together with the masked text: the same text typed by somebody is a text.
//   SV3. A text is data. Nothing here makes markup of it.

/** What the server writes where something is masked. */
export const MASKED = "•••";

/** Texts of one-line previews are cut here, characters. */
const MAX_PREVIEW = 120;

/** One node of a value; children are raw (SV1). */
export type Shown =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "truth"; readonly isTrue: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "undefined" }
  | { readonly kind: "masked" }
  | { readonly kind: "date"; readonly ms: number }
  | { readonly kind: "bigint"; readonly text: string }
  | { readonly kind: "bytes"; readonly base64: string; readonly length: number }
  | { readonly kind: "list" | "set"; readonly items: readonly unknown[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [key: string, raw: unknown])[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [key: unknown, raw: unknown])[] };

/** A way into a value: a key, an index, or the number of an entry of a Map or a Set. */
export type Step = string | number | { readonly entry: number };

/** The fields of a plain object in lossless JSON, unwrapped; undefined for anything else. */
export function fieldsOf(raw: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return undefined;
  const keys = Object.keys(raw);
  if (keys.length !== 1 || !keys[0]!.startsWith("$")) return raw as Readonly<Record<string, unknown>>;
  return keys[0] === "$object" ? (raw as { readonly $object: Readonly<Record<string, unknown>> }).$object : undefined;
}

/** A plain object in lossless JSON. */
export function packed(fields: Readonly<Record<string, unknown>>): unknown {
  const keys = Object.keys(fields);
  return keys.length === 1 && keys[0]!.startsWith("$") ? { $object: fields } : fields;
}

/** The node of a raw value. `isMasked`: whether its place is (SV2). */
export function shownOf(raw: unknown, isMasked = false): Shown {
  if (raw === null) return { kind: "null" };
  if (raw === undefined) return { kind: "undefined" };
  if (typeof raw === "string") return isMasked && raw === MASKED ? { kind: "masked" } : { kind: "text", text: raw };
  if (typeof raw === "number") return { kind: "number", text: String(raw) };
  if (typeof raw === "boolean") return { kind: "truth", isTrue: raw };
  if (Array.isArray(raw)) return { kind: "list", items: raw as unknown[] };
  const fields = fieldsOf(raw);
  return fields ? { kind: "object", entries: Object.entries(fields) } : tagged(raw as Readonly<Record<string, unknown>>);
}

function tagged(raw: Readonly<Record<string, unknown>>): Shown {
  const [tag, content] = Object.entries(raw)[0]!;
  if (tag === "$undefined") return { kind: "undefined" };
  if (tag === "$date" && typeof content === "number") return { kind: "date", ms: content };
  if (tag === "$bigint" && typeof content === "string") return { kind: "bigint", text: content };
  if (tag === "$number") return { kind: "number", text: String(content) };
  if (tag === "$bytes" && typeof content === "string") return { kind: "bytes", base64: content, length: bytesIn(content) };
  if (tag === "$set" && Array.isArray(content)) return { kind: "set", items: content as unknown[] };
  if (tag === "$map" && Array.isArray(content)) return { kind: "map", entries: content as [unknown, unknown][] };
  return { kind: "object", entries: Object.entries(raw) };
}

function bytesIn(base64: string): number {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}

/** A child of a node: how it is reached, what it is called. */
export interface Child {
  readonly step: Step;
  readonly label: string;
  readonly raw: unknown;
  /** The key that a mask knows it by; undefined stands for any. */
  readonly maskKey: string | number | undefined;
}

/** The children of a node, in order; none of a leaf. @param most no more of them are looked at. */
export function childrenOf(node: Shown, most = Infinity): readonly Child[] {
  switch (node.kind) {
    case "object":
      return node.entries.slice(0, most).map(([key, raw]) => ({ step: key, label: key, raw, maskKey: key }));
    case "list":
      return node.items.slice(0, most).map((raw, index) => ({ step: index, label: String(index), raw, maskKey: index }));
    case "set":
      return node.items.slice(0, most).map((raw, entry) => ({ step: { entry }, label: String(entry), raw, maskKey: undefined }));
    case "map":
      return node.entries.slice(0, most).map(([key, raw], entry) => ({ step: { entry }, label: previewOf(key, 40), raw, maskKey: typeof key === "string" || typeof key === "number" ? key : undefined }));
    default:
      return [];
  }
}

/** How many children a node has. */
export function sizeOf(node: Shown): number {
  if (node.kind === "list" || node.kind === "set") return node.items.length;
  return node.kind === "object" || node.kind === "map" ? node.entries.length : 0;
}

/** Whether a node can be opened. */
export function isContainer(node: Shown): boolean {
  return node.kind === "list" || node.kind === "set" || node.kind === "object" || node.kind === "map";
}

/** A raw value on one line, at most `max` characters. */
export function previewOf(raw: unknown, max = MAX_PREVIEW): string {
  return cut(textOf(shownOf(raw), Math.max(max, 8)), max);
}

function textOf(node: Shown, room: number): string {
  switch (node.kind) {
    case "text":
      return node.text === MASKED ? MASKED : JSON.stringify(node.text.length > room ? `${node.text.slice(0, room)}…` : node.text);
    case "number":
      return node.text;
    case "truth":
      return String(node.isTrue);
    case "date":
      return isoOf(node.ms);
    case "bigint":
      return `${node.text}n`;
    case "bytes":
      return `${node.length} ${node.length === 1 ? "byte" : "bytes"}`;
    case "masked":
      return MASKED;
    case "null":
    case "undefined":
      return node.kind;
    default:
      return containerText(node, room);
  }
}

function containerText(node: Shown, room: number): string {
  const pieces: string[] = [];
  let left = room;
  // Each takes some of the room, so no more than that can be shown.
  for (const { label, raw } of childrenOf(node, room)) {
    if (left <= 0) {
      pieces.push("…");
      break;
    }
    const text = textOf(shownOf(raw), Math.min(left, 40));
    pieces.push(node.kind === "object" ? `${label}: ${text}` : node.kind === "map" ? `${label} → ${text}` : text);
    left -= pieces.at(-1)!.length + 2;
  }
  const inner = pieces.join(", ");
  if (node.kind === "list") return `[${inner}]`;
  if (node.kind === "object") return inner === "" ? "{}" : `{ ${inner} }`;
  return `${node.kind === "map" ? "Map" : "Set"}(${sizeOf(node)}) { ${inner} }`;
}

/** A moment as ISO text; what no calendar has, as milliseconds. */
export function isoOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
