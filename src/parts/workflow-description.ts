// What a workflow says of itself to people: its stored value as a JSON Schema, and its steps.

import type { WorkflowDescription } from "../agent/part-description.ts";
import type { JsonSchema } from "../base/schema.ts";
import { schemaText } from "./schema-slice.ts";
import { targetsOf, type Definition } from "./workflow-definition.ts";

/** The JSON Schema of what is stored: the step, and the fields that are known. */
export function fieldsText({ data, steps }: Definition): { readonly schema: JsonSchema } {
  const properties = Object.fromEntries(Object.entries(data).map(([field, schema]) => [field, schemaText(schema).schema ?? {}]));
  const step = { type: "string", enum: Object.keys(steps) };
  return { schema: { type: "object", properties: { step, data: { type: "object", properties, additionalProperties: false }, since: { type: "integer" }, isLate: { type: "boolean" } }, required: ["step", "data"] } };
}

/** The steps, in the order of the definition. */
export function stepsText({ initial, steps }: Definition): WorkflowDescription {
  return {
    initial,
    steps: Object.entries(steps).map(([name, step]) => {
      const { prompt, refusal, needs = [], to = [], final, deadlineMs, onDeadline } = step;
      return {
        name,
        needs,
        to,
        isFinal: final ?? targetsOf(step).length === 0,
        ...(prompt === undefined ? {} : { prompt }),
        ...(refusal === undefined ? {} : { refusal }),
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        ...(typeof onDeadline === "string" ? { deadlineTo: onDeadline } : {}),
      };
    }),
  };
}
