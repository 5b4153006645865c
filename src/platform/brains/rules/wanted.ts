// What a parameter asks for, in words, and lists of words.
//
//   WA1. Why a value was refused is said without the value.                                          (P21)

import { sampleCode, type Slot } from "./slots.ts";

type Schema = Readonly<Record<string, unknown>>;

/** What a parameter asks for, as words: "a whole number from 1 to 8" (WA1). */
export function wantedOf({ kind, schema, choices, item, about }: Slot): string {
  const sample = sampleCode(about);
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
    default:
      return textWanted(schema, sample);
  }
}

function textWanted({ examples, pattern, format }: Schema, sample: string | undefined): string {
  const example: unknown = Array.isArray(examples) ? examples[0] : sample;
  if (typeof example === "string" && example !== "") return `something like ${example}`;
  return pattern === undefined && format === undefined ? "something else" : "of another form";
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
