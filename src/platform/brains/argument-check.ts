// Whether arguments are what a tool's JSON Schema asks for.
//
//   AC1. Nothing is called with arguments that its schema refuses. A schema that cannot be read refuses everything. But
//        "03:30:00" is a time: what JSON Schema calls one has a time zone, which nobody says, and libraries write a pattern.

import { Validator } from "@cfworker/json-schema";

type Schema = Readonly<Record<string, unknown>>;
type Input = Readonly<Record<string, unknown>>;

/** Whether all arguments together fit (AC1). */
export function fits(parameters: Schema, input: Input): boolean {
  try {
    return new Validator(withoutTimeFormat(parameters) as Schema, "2020-12").validate(input).valid;
  } catch {
    return false;
  }
}

function withoutTimeFormat(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutTimeFormat);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([key, value]) => !(key === "format" && value === "time")).map(([key, value]) => [key, withoutTimeFormat(value)]));
}

/** Whether the value of one parameter fits, whatever the others are. */
export function fitsAlone(parameters: Schema, name: string, value: unknown): boolean {
  return fits({ ...parameters, required: [], minProperties: 0, dependentRequired: {}, allOf: [], anyOf: [{}], oneOf: [{}] }, { [name]: value });
}
