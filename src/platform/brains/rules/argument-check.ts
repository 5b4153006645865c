// Whether arguments are what a tool's JSON Schema asks for.
//
//   AC1. Nothing is called with arguments that its schema refuses. A schema that cannot be read refuses everything.
//        But "03:30:00" is a time: what JSON Schema calls one has a time zone, which nobody says, and libraries write a pattern.
//   AC2. Why a value was refused is said without the value.                                          (P21)

import { Validator } from "@cfworker/json-schema";

import type { Slot } from "./slots.ts";

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

/** What a parameter asks for, as words: "a whole number from 1 to 8" (AC2). */
export function wantedOf({ kind, schema, choices, item }: Slot): string {
  switch (kind) {
    case "number":
      return `${schema.type === "integer" ? "a whole number" : "a number"}${rangeOf(schema)}`;
    case "choice":
      return listed(choices.map(String), "or");
    case "boolean":
      return "yes or no";
    case "date":
      return "a day";
    case "date-time":
      return "a day with a time";
    case "time":
      return "a time of the day";
    case "list":
      return item ? `a list of ${wantedOf(item).replace(/^an? /, "")}` : "a list";
    case "code":
    case "text":
      return "something else";
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const isReal = (limit: unknown): limit is number => typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  if (isReal(minimum) && isReal(maximum)) return ` from ${minimum} to ${maximum}`;
  if (isReal(minimum)) return `, at least ${minimum}`;
  if (isReal(maximum)) return `, at most ${maximum}`;
  if (isReal(exclusiveMinimum)) return ` above ${exclusiveMinimum}`;
  return isReal(exclusiveMaximum) ? ` below ${exclusiveMaximum}` : "";
}

/** `a, b or c`. */
export function listed(items: readonly string[], word: "and" | "or"): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} ${word} ${items.at(-1)}`;
}
