// Standard Schema, as the SDK uses it: synchronous validation and JSON Schema for what a model must fill in.
//
//   V1. Asynchronous schemas are refused, never half-run.
//   V2. An issue has a path and a reason, never the value that was refused.                          (P8)

import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

import { ConversimpleError } from "./errors.ts";
import { pathText, type Path } from "./path.ts";

/** A schema of any library that speaks Standard Schema (zod 4, valibot, arktype). */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>;

/** What a schema reads and what it gives. */
export type InputOf<S extends Schema> = StandardSchemaV1.InferInput<S>;
export type OutputOf<S extends Schema> = StandardSchemaV1.InferOutput<S>;

/** What an object schema gives; inferred anew, so that an editor shows the fields alone. */
export type ObjectOf<S extends Schema> = OutputOf<S> extends infer Value extends object ? Value : never;

/** A JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Why a value was refused, and where. */
export interface Issue {
  readonly path: Path;
  readonly reason: string;
}

export type Validation<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly Issue[] };

/** Whether something is a schema; functions count, since some libraries make callable schemas. */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as { "~standard"?: { validate?: unknown } })["~standard"];
  return typeof standard?.validate === "function";
}

/**
 * Checks a value.
 *
 * @throws {ConversimpleError} `definition_invalid` when the schema is asynchronous (V1).
 */
export function validate<S extends Schema>(schema: S, value: unknown): Validation<OutputOf<S>> {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new ConversimpleError("definition_invalid", "The schema is asynchronous. Use a synchronous schema and do the waiting in the tool.");
  }
  if (result.issues === undefined) return { ok: true, value: result.value as OutputOf<S> };
  return { ok: false, issues: result.issues.map((issue) => ({ path: keysOf(issue.path), reason: withoutValue(issue.message) })) };
}

/** The first issues as one line: `cart[0].quantity: expected number`. */
export function issuesText(root: string, issues: readonly Issue[]): string {
  const shown = issues.slice(0, 5).map((issue) => `${pathText(root, issue.path)}: ${issue.reason}`);
  if (issues.length > shown.length) shown.push(`and ${issues.length - shown.length} more`);
  return shown.join("; ");
}

function keysOf(path: StandardSchemaV1.Issue["path"]): Path {
  return (path ?? []).map((segment) => {
    const key = typeof segment === "object" ? segment.key : segment;
    return typeof key === "number" ? key : String(key);
  });
}

/** arktype repeats the value in its messages: `must be a number (was "4711")`. */
function withoutValue(message: string): string {
  return message.replace(/\s*\(was .*\)/s, "").slice(0, 300);
}

/**
 * The JSON Schema of what a schema reads.
 *
 * @param what how the schema is called in the error: `parameter "when" of tool add_to_cart`.
 * @throws {ConversimpleError} `definition_invalid` when the library cannot describe it, for example a Date.
 */
export function jsonSchemaOf(schema: Schema, what: string): JsonSchema {
  const text = describe(schema, "input", what, false);
  const { $schema: _draft, ...rest } = text;
  return rest;
}

/** The JSON Schema of what a schema gives, with what cannot be described left open; undefined when there is none. */
export function looseJsonSchemaOf(schema: Schema): JsonSchema | undefined {
  try {
    return describe(schema, "output", "the schema", true);
  } catch {
    return undefined;
  }
}

function describe(schema: Schema, direction: "input" | "output", what: string, loose: boolean): Record<string, unknown> {
  const converter = (schema["~standard"] as Partial<StandardJSONSchemaV1.Props>).jsonSchema;
  if (!converter) {
    throw new ConversimpleError(
      "definition_invalid",
      `${what} has no JSON Schema. Use a library with "~standard.jsonSchema" (zod 4.2 or newer, arktype, valibot with toStandardJsonSchema).`,
    );
  }
  const options: StandardJSONSchemaV1.Options = { target: "draft-2020-12", ...(loose ? { libraryOptions: { unrepresentable: "any" } } : {}) };
  try {
    return converter[direction](options);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : "it cannot be described";
    throw new ConversimpleError("definition_invalid", `${what} cannot be described as JSON Schema: ${reason}. Use a type that JSON has.`, {}, { cause: thrown });
  }
}
