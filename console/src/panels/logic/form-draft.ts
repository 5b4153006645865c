// What somebody typed into a form, and the value that it stands for.
//
// Owns drafts: made empty, with defaults, or from a value; read back as a value or as what is wrong, field by field.
//
//   FD1. A field that was left empty and need not be there is not in the value: the schema's default applies, not ours.
//        So the one value that cannot be typed is an empty text.
//   FD2. What the form refuses it refuses at the field, before anything is sent; the server's word counts all the same.

import type { FormField } from "./schema-form.ts";

/** What stands in a field. */
export type Draft =
  | { readonly kind: "text"; readonly text: string }
  /** Index of the option; none is chosen by -1. */
  | { readonly kind: "choice"; readonly index: number }
  | { readonly kind: "truth"; readonly isTrue: boolean | undefined }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, Draft>>; readonly others: readonly (readonly [name: string, draft: Draft])[]; /** Whether it is there at all. */ readonly isThere: boolean }
  | { readonly kind: "list"; readonly items: readonly Draft[]; readonly isThere: boolean }
  | { readonly kind: "null" };

/** A key of each field on the way. */
export type FieldPath = readonly (string | number)[];

export interface Problem {
  readonly path: FieldPath;
  readonly message: string;
}

export type Read = { readonly ok: true; readonly value: unknown; /** Whether there is one (FD1). */ readonly isThere: boolean } | { readonly ok: false; readonly problems: readonly Problem[] };

/** A draft of a field nobody touched. */
export function emptyDraft(field: FormField): Draft {
  if (field.initial !== undefined) return draftOf(field, field.initial);
  switch (field.kind) {
    case "choice":
      return { kind: "choice", index: field.options.length === 1 && field.isRequired ? 0 : -1 };
    case "truth":
      return { kind: "truth", isTrue: field.isRequired ? false : undefined };
    case "object":
      return { kind: "object", fields: Object.fromEntries(field.fields.map(([name, inner]) => [name, emptyDraft(inner)])), others: [], isThere: field.isRequired };
    case "list":
      return { kind: "list", items: Array.from({ length: field.minItems }, () => emptyDraft(field.item)), isThere: field.isRequired || field.minItems > 0 };
    default:
      return { kind: "text", text: "" };
  }
}

/** A draft that stands for a value. What does not fit the field is written as JSON text, for somebody to correct. */
export function draftOf(field: FormField, value: unknown): Draft {
  if (value === null && field.isNullable) return { kind: "null" };
  switch (field.kind) {
    case "choice":
      return { kind: "choice", index: field.options.findIndex((option) => JSON.stringify(option) === JSON.stringify(value)) };
    case "truth":
      return { kind: "truth", isTrue: typeof value === "boolean" ? value : undefined };
    case "object":
      return objectDraft(field, value);
    case "list":
      return { kind: "list", items: Array.isArray(value) ? value.map((item) => draftOf(field.item, item)) : [], isThere: Array.isArray(value) };
    case "json":
      return { kind: "text", text: value === undefined ? "" : JSON.stringify(value, null, 2) };
    default:
      return { kind: "text", text: typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value) };
  }
}

function objectDraft(field: Extract<FormField, { kind: "object" }>, value: unknown): Draft {
  const given = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const known = new Set(field.fields.map(([name]) => name));
  const others = field.others;
  return {
    kind: "object",
    fields: Object.fromEntries(field.fields.map(([name, inner]) => [name, Object.hasOwn(given, name) ? draftOf(inner, given[name]) : emptyDraft(inner)])),
    others: others ? Object.entries(given).filter(([name]) => !known.has(name)).map(([name, item]) => [name, draftOf(others, item)] as const) : [],
    isThere: true,
  };
}

/** The value of a draft, or what is wrong with it (FD2). */
export function readDraft(field: FormField, draft: Draft, path: FieldPath = []): Read {
  if (draft.kind === "null") return there(null);
  switch (field.kind) {
    case "choice":
      return draft.kind === "choice" && draft.index >= 0 ? there(field.options[draft.index]) : absent(field, path, "Choose one.");
    case "truth":
      return draft.kind === "truth" && draft.isTrue !== undefined ? there(draft.isTrue) : absent(field, path, "Choose yes or no.");
    case "object":
      return draft.kind === "object" ? readObject(field, draft, path) : absent(field, path, "Fill this in.");
    case "list":
      return draft.kind === "list" ? readList(field, draft, path) : absent(field, path, "Fill this in.");
    default:
      return draft.kind === "text" ? readText(field, draft.text, path) : absent(field, path, "Fill this in.");
  }
}

function readText(field: Extract<FormField, { kind: "text" | "number" | "json" }>, text: string, path: FieldPath): Read {
  if (field.kind === "text") {
    if (text === "") return absent(field, path, "Fill this in.");
    if (field.minLength !== undefined && text.length < field.minLength) return wrong(path, `At least ${field.minLength} characters.`);
    return field.maxLength !== undefined && text.length > field.maxLength ? wrong(path, `At most ${field.maxLength} characters.`) : there(text);
  }
  if (text.trim() === "") return absent(field, path, "Fill this in.");
  return field.kind === "number" ? readNumber(field, text, path) : readJson(text, path);
}

function readNumber({ isWhole, minimum, maximum }: Extract<FormField, { kind: "number" }>, text: string, path: FieldPath): Read {
  const value = Number(text);
  if (!Number.isFinite(value)) return wrong(path, "This is not a number.");
  if (isWhole && !Number.isInteger(value)) return wrong(path, "A whole number, please.");
  if (minimum !== undefined && value < minimum) return wrong(path, `At least ${minimum}.`);
  return maximum !== undefined && value > maximum ? wrong(path, `At most ${maximum}.`) : there(value);
}

/** JSON text as a value; says where it ends being JSON. */
export function readJson(text: string, path: FieldPath = []): Read {
  try {
    return there(JSON.parse(text) as unknown);
  } catch (thrown) {
    return wrong(path, `This is not JSON: ${thrown instanceof Error ? thrown.message : "it cannot be read"}`);
  }
}

function readObject(field: Extract<FormField, { kind: "object" }>, draft: Extract<Draft, { kind: "object" }>, path: FieldPath): Read {
  if (!draft.isThere) return absent(field, path, "Fill this in.");
  const problems: Problem[] = [];
  const entries: [string, unknown][] = [];
  const take = (name: string, read: Read): void => {
    if (!read.ok) problems.push(...read.problems);
    else if (read.isThere) entries.push([name, read.value]);
  };
  for (const [name, inner] of field.fields) take(name, readDraft(inner, draft.fields[name] ?? emptyDraft(inner), [...path, name]));
  const names = new Set(field.fields.map(([name]) => name));
  for (const [name, other] of draft.others) {
    if (name === "" || names.has(name)) problems.push({ path: [...path, name], message: name === "" ? "Give it a name." : `There is a field ${name} already.` });
    else if (field.others) take(name, readDraft(field.others, other, [...path, name]));
    names.add(name);
  }
  return problems.length > 0 ? { ok: false, problems } : there(Object.fromEntries(entries));
}

function readList(field: Extract<FormField, { kind: "list" }>, draft: Extract<Draft, { kind: "list" }>, path: FieldPath): Read {
  if (!draft.isThere) return absent(field, path, "Fill this in.");
  const reads = draft.items.map((item, index) => readDraft(field.item, item, [...path, index]));
  const problems = reads.flatMap((read) => (read.ok ? [] : read.problems));
  if (draft.items.length < field.minItems) problems.push({ path, message: `At least ${field.minItems}.` });
  if (field.maxItems !== undefined && draft.items.length > field.maxItems) problems.push({ path, message: `At most ${field.maxItems}.` });
  return problems.length > 0 ? { ok: false, problems } : there(reads.map((read) => (read.ok ? read.value : undefined)));
}

function there(value: unknown): Read {
  return { ok: true, value, isThere: true };
}

/** FD1. */
function absent({ isRequired }: FormField, path: FieldPath, message: string): Read {
  return isRequired ? wrong(path, message) : { ok: true, value: undefined, isThere: false };
}

function wrong(path: FieldPath, message: string): Read {
  return { ok: false, problems: [{ path, message }] };
}

/**
 * What a server's sentence says of fields: "... arguments.guests: is too large, arguments.rooms[0].name: ...".
 *
 * @param root what the whole is called in it.
 */
export function problemsIn(message: string, root: string): readonly Problem[] {
  const found = message.matchAll(new RegExp(`\\b${root}((?:\\.\\w+|\\[\\d+\\])+):? ([^;]*?)(?=[;.]|, ${root}\\.|$)`, "g"));
  return [...found].map(([, path, said]) => ({ path: [...path!.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index)), message: said!.trim() }));
}
