// Fields that somebody wrote as JSON.
//
//   FT1. An empty text is no fields, which is not the same as an empty object.

import { ApiFailure } from "../lib/api-failure.ts";

/** The object that a text says. @throws {ApiFailure} why it is none. */
export function readFields(text: string, label: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiFailure("not_json", 0, `${label} is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}`, undefined);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ApiFailure("not_fields", 0, `${label} must be an object, like { "field": 1 }.`, undefined);
  return value as Readonly<Record<string, unknown>>;
}
