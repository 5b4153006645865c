// Ringing back: what a conversation that has ended hands over to the customer's next one.             (P12)
//
// Owns the option and the hand-over. Who the customer is, and which conversation was theirs, is the customer state's.
//
//   RS1. Only the named fields of the conversation state, and only into those that still have their defaults: a caller who
//        began something before they said who they are keeps it.
//   RS2. Of what nobody can read any more nothing is carried; nor what does not fit into the new conversation's state.

import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import { copyOf } from "../base/plain.ts";
import { looseJsonSchemaOf, validate, type Schema } from "../base/schema.ts";
import { isSame } from "../state/patch.ts";

/** What a customer who rings back gets back. */
export interface ResumeOptions<State = Record<string, unknown>> {
  /** How long ago the conversation may have ended, milliseconds. Its record must stay as long: `retentionMs` of the host. */
  readonly withinMs: number;
  /** The root fields that are carried over. */
  readonly carry: readonly (keyof State & string)[];
}

const OPTIONS: OptionNames<ResumeOptions> = { withinMs: true, carry: true };

/** What is wrong with the option, in words. */
export function resumeMistake(schema: Schema, options: ResumeOptions): string | undefined {
  const mistake = optionMistakeText(options, OPTIONS, "resume");
  if (mistake !== undefined) return mistake;
  const { withinMs, carry } = options;
  if (!isList(carry)) return "resume.carry must be a list of field names";
  if (!Number.isFinite(withinMs) || withinMs <= 0) return "resume.withinMs must be a number of milliseconds, more than 0";
  if (carry.length === 0) return "resume.carry names no field";
  const known = fieldsOf(schema);
  const unknown = carry.find((field) => known && !known.has(field));
  return unknown === undefined ? undefined : `resume.carry names "${unknown}", which is no field of the schema`;
}

/** A text is a list of letters to a loop. */
function isList(value: unknown): boolean {
  return Array.isArray(value);
}

/** Puts what was left into the draft of a state (RS1). */
export function carry(state: Record<string, unknown>, initial: Readonly<Record<string, unknown>>, left: Readonly<Record<string, unknown>>, fields: readonly string[]): void {
  for (const field of fields) {
    if (Object.hasOwn(left, field) && isSame(copyOf(state[field]), initial[field])) state[field] = left[field];
  }
}

/** The root fields of a schema; undefined when it does not say which it has. */
function fieldsOf(schema: Schema): ReadonlySet<string> | undefined {
  const properties = looseJsonSchemaOf(schema)?.properties;
  if (typeof properties !== "object" || properties === null) return undefined;
  const defaults = validate(schema, {});
  return new Set([...Object.keys(properties), ...(defaults.ok ? Object.keys(defaults.value as object) : [])]);
}
