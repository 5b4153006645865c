// One value of state as a field of its own kind, and back.
//
//   LE1. A value keeps its kind: a Date stays a Date, a bigint a bigint. Another kind is written as lossless JSON.
//   LE2. Times are edited in the time zone of who looks, and are the same moment.

import type { JsonSchema } from "../../../../src/host/host.ts";
import { readJson, type Read } from "./form-draft.ts";
import { MASKED, shownOf, type Shown } from "./shown-value.ts";

/** How a value is edited. */
export type Editor = "text" | "number" | "truth" | "date" | "bigint" | "choice" | "json";

/** The editor of a value, and the options where its schema names them. */
export function editorOf(node: Shown, schema: JsonSchema | undefined): { readonly editor: Editor; readonly options: readonly unknown[] } {
  const options = Array.isArray(schema?.enum) ? (schema.enum as unknown[]) : [];
  if (options.length > 0) return { editor: "choice", options };
  if (node.kind === "text") return { editor: "text", options };
  if (node.kind === "undefined") return { editor: EDITORS[String(schema?.type)] ?? "json", options };
  if (node.kind === "number" || node.kind === "truth" || node.kind === "date" || node.kind === "bigint") return { editor: node.kind, options };
  return { editor: "json", options };
}

/** Of a value that is not there yet, by the type that its schema names. */
const EDITORS: Readonly<Record<string, Editor>> = { string: "text", number: "number", integer: "number", boolean: "truth" };

/** What stands in the field at first. `offsetMinutes`: of the time zone, as `Date.getTimezoneOffset` gives it (LE2). */
export function textOfLeaf(raw: unknown, editor: Editor, offsetMinutes: (ms: number) => number): string {
  const node = shownOf(raw);
  if (editor === "date" && node.kind === "date") return localText(node.ms, offsetMinutes(node.ms));
  if ((editor === "text" && node.kind === "text") || (editor === "number" && node.kind === "number") || (editor === "bigint" && node.kind === "bigint")) return node.text;
  if (editor === "truth" && node.kind === "truth") return String(node.isTrue);
  if (editor === "choice") return JSON.stringify(raw);
  return raw === MASKED ? "" : JSON.stringify(raw, null, 2);
}

/** The raw value of what was typed (LE1). */
export function readLeaf(text: string, editor: Editor, offsetMinutes: (ms: number) => number): Read {
  switch (editor) {
    case "text":
      return given(text);
    case "truth":
      return given(text === "true");
    case "number":
      return text.trim() === "" || !Number.isFinite(Number(text)) ? refused("This is not a number.") : given(Object.is(Number(text), -0) ? { $number: "-0" } : Number(text));
    case "bigint":
      return /^-?\d+$/.test(text.trim()) ? given({ $bigint: String(BigInt(text.trim())) }) : refused("A whole number, please.");
    case "date":
      return readDate(text, offsetMinutes);
    default:
      return readJson(text);
  }
}

function readDate(text: string, offsetMinutes: (ms: number) => number): Read {
  const asUtc = Date.parse(`${text}Z`);
  return Number.isNaN(asUtc) ? refused("This is not a date and time.") : given({ $date: asUtc + offsetMinutes(asUtc) * 60_000 });
}

/** As `<input type="datetime-local" step="0.001">` takes it. */
function localText(ms: number, offsetMinutes: number): string {
  const local = new Date(ms - offsetMinutes * 60_000);
  return Number.isNaN(local.getTime()) ? "" : local.toISOString().slice(0, -1);
}

function given(value: unknown): Read {
  return { ok: true, value, isThere: true };
}

function refused(message: string): Read {
  return { ok: false, problems: [{ path: [], message }] };
}
