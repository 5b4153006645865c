// A workflow as it is stored: the step, what was collected, and since when.
//
//   WS1. What is stored is a step that the definition has, with fields that their schemas accept; anything else is not
//        committed, and quarantines a record that has it.                                       (P8, P10)
//   WS2. A workflow of an older definition is upgraded first; no step and no field is dropped or guessed. (P10)

import { StateInvalidError } from "../base/errors.ts";
import { maskStep, masksOf } from "../base/marks.ts";
import { Mask } from "../base/mask.ts";
import { pathText, type Path } from "../base/path.ts";
import { copyOf } from "../base/plain.ts";
import { validate, type Schema } from "../base/schema.ts";
import type { Fields } from "../agent/parameters.ts";
import { isSame } from "../state/patch.ts";
import type { Slice } from "../state/slice.ts";
import { STATE_MAX_BYTES } from "./conversation-state.ts";
import { droppedKey } from "./dropped-key.ts";
import { upgraded, type Versions } from "./schema-versions.ts";
import type { Definition, StoredWorkflow } from "./workflow-definition.ts";

/** Why a value cannot be stored. */
interface Problem {
  readonly path: Path;
  readonly reason: string;
}

/** @param name the part's field. */
export function workflowSlice(name: string, definition: Definition): Slice {
  const { initial, version: schemaVersion = 1, upgrade } = definition;
  return {
    name,
    schemaVersion,
    maxBytes: STATE_MAX_BYTES,
    masks: masksOfFields(definition.data),
    initial: (): StoredWorkflow => ({ step: initial, data: {} }),
    restore(stored, version) {
      const value = upgraded(name, stored, version, schemaVersion, upgrade as Versions["upgrade"]);
      const problem = problemOf(definition, value);
      if (problem) throw new Error(`${pathText(name, problem.path)} ${problem.reason}. Raise version, and move it in upgrade: { ${schemaVersion}: (old) => ... }`);
      return value;
    },
    check(value) {
      const problem = problemOf(definition, value);
      if (problem) throw new StateInvalidError(pathText(name, problem.path), problem.reason);
      return value;
    },
  };
}

/**
 * What a field's schema makes of a value.
 *
 * @throws {StateInvalidError} naming the field, never the value.
 */
export function fieldValue(name: string, field: string, schema: Schema, value: unknown): unknown {
  const read = readField(field, schema, value);
  if ("reason" in read) throw new StateInvalidError(pathText(name, read.path), read.reason);
  return read.value;
}

/** WS1. */
function problemOf({ steps, data: schemas }: Definition, stored: unknown): Problem | undefined {
  if (!isRecord(stored)) return { path: [], reason: "is not an object" };
  const { step, data, since, isLate, ...others } = stored;
  for (const odd of Object.keys(others)) return { path: [odd], reason: "is nothing that a workflow stores" };
  if (typeof step !== "string" || !Object.hasOwn(steps, step)) return { path: ["step"], reason: `is ${JSON.stringify(step)?.slice(0, 64)}, which is not a step of the workflow` };
  if (!isRecord(data)) return { path: ["data"], reason: "is not an object" };
  if (since !== undefined && !Number.isSafeInteger(since)) return { path: ["since"], reason: "is not a time in milliseconds" };
  if (isLate !== undefined && isLate !== true) return { path: ["isLate"], reason: "is not true" };
  for (const [field, value] of Object.entries(data)) {
    const schema = Object.hasOwn(schemas, field) ? schemas[field] : undefined;
    if (!schema) return { path: [field], reason: "is not a field of the workflow" };
    const read = readField(field, schema, value);
    if ("reason" in read) return read;
    if (!isSame(read.value, value)) return { path: [field], reason: "is changed by its schema when it is read again; move transforms into the tool" };
  }
  return undefined;
}

function readField(field: string, schema: Schema, value: unknown): { readonly value: unknown } | Problem {
  // A key below something personal may be as personal as its value.
  const refused = (path: Path, reason: string): Problem => ({ path: [field, ...Mask.of(masksOf(schema)).along(path).path], reason });
  const result = validate(schema, value);
  if (!result.ok) return refused(result.issues[0]!.path, `is not valid: ${result.issues[0]!.reason}`);
  const dropped = droppedKey(value, result.value);
  return dropped ? refused(dropped, "is not in the schema and would be lost") : { value: copyOf(result.value) };
}

/** What is personal in the fields, as places of the stored value. (P21) */
function masksOfFields(fields: Fields): readonly string[] {
  return Object.keys(fields).flatMap((field) => masksOf(fields[field]!).map((place) => `data/${maskStep(field)}${place === "" ? "" : `/${place}`}`));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
