// What a workflow is: its fields, its steps and where each leads.
//
// Owns the form of a definition and its refusal. What a conversation is at is the workflow's business.
//
//   WD1. A definition that contradicts itself is refused when the agent is made, naming the step.
//   WD2. Every step can be reached, every name means something.
//   WD3. Passing over steps whose needs are known comes to an end: no steps with needs lead in a circle.

import type { Fields } from "../agent/parameters.ts";
import { ConversimpleError } from "../base/errors.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import { isSchema, validate, type InputOf, type OutputOf } from "../base/schema.ts";
import { versionMistake } from "./schema-versions.ts";
import { secretField } from "./secret-fields.ts";

/** What a workflow has collected: every field is missing until it is set. */
export type WorkflowData<D extends Fields> = { readonly [K in keyof D]?: OutputOf<D[K]> };
/** What `set` takes: some of the fields. One that is `undefined` stays as it is. */
export type WorkflowInput<D extends Fields> = { readonly [K in keyof D]?: InputOf<D[K]> | undefined };

/** A step of a workflow. */
export interface WorkflowStep<Step extends string, Field extends string> {
  /** What the agent asks at this step. */
  readonly prompt?: string;
  /** What the agent says when a tool is refused at this step. */
  readonly refusal?: string;
  /** Fields that it collects; when all are set it goes on to the first of `to` by itself. */
  readonly needs?: readonly Field[];
  /** Where it can lead. */
  readonly to?: readonly Step[];
  /** Nothing leaves it but `reset()`. */
  readonly final?: boolean;
  /** How long a conversation may stay at this step, milliseconds. Needs `onDeadline`. */
  readonly deadlineMs?: number;
  /** What happens then: the step to go to (it need not be in `to`), or a handler that runs in a unit of work of its own. */
  readonly onDeadline?: Step | (() => void | Promise<void>);
}

/** A stored workflow, as an `upgrade` gets it and gives it back. */
export interface StoredWorkflow {
  readonly step: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** When the step was entered, milliseconds since 1970; missing as long as the conversation is where it began. */
  readonly since?: number;
  /** Whether the step's deadline has passed without leaving it. */
  readonly isLate?: boolean;
}

/** What `workflow` takes. */
export interface WorkflowDefinition<D extends Fields, Step extends string> {
  /** A schema for each field that the steps collect. */
  readonly data: D;
  /** Whether fields fit together: true, or why not, in words that can be said aloud. Fields that are not set are missing. */
  readonly check?: (data: WorkflowData<NoInfer<D>>) => boolean | string;
  readonly initial: NoInfer<Step>;
  readonly steps: { readonly [Name in Step]: WorkflowStep<NoInfer<Step>, keyof NoInfer<D> & string> };
  /** Version of the definition, 1 unless given. Raise it when a step or a field is renamed or removed. */
  readonly version?: number;
  /** `{ 1: (old) => ({ ...old, step: "..." }) }` makes version 2 of a stored workflow of version 1, and so on. */
  readonly upgrade?: Readonly<Record<number, (old: StoredWorkflow) => StoredWorkflow>>;
}

const NAMES: OptionNames<WorkflowDefinition<Fields, string>> = { data: true, check: true, initial: true, steps: true, version: true, upgrade: true };
const STEP_NAMES: OptionNames<WorkflowStep<string, string>> = { prompt: true, refusal: true, needs: true, to: true, final: true, deadlineMs: true, onDeadline: true };

/** A definition whose names are checked, without its types. */
export interface Definition {
  readonly data: Fields;
  readonly check?: (data: never) => boolean | string;
  readonly initial: string;
  readonly steps: Readonly<Record<string, WorkflowStep<string, string>>>;
  readonly version?: number;
  readonly upgrade?: Readonly<Record<number, (old: StoredWorkflow) => StoredWorkflow>>;
}

/** @throws {ConversimpleError} `definition_invalid`, naming the step or the field (WD1). */
export function checkDefinition(definition: Definition): void {
  const unknown = optionMistakeText(definition, NAMES);
  if (unknown !== undefined) throw mistake(unknown);
  const { data, steps, initial, version, upgrade } = definition;
  if (typeof data !== "object" || data === null || isSchema(data)) throw mistake("data is a record with a schema for each field, {} for none. Write for example data: { guests: z.number() }");
  if (typeof steps !== "object" || steps === null) throw mistake("it has no steps");
  for (const field of Object.keys(data)) checkField(field, data[field]);
  const names = Object.keys(steps);
  if (names.length === 0) throw mistake("it has no steps");
  if (!Object.hasOwn(steps, initial)) throw mistake(`initial is ${quoted(initial)}, which is not a step. The steps are: ${names.join(", ")}`);
  for (const name of names) checkStep(name, definition);
  checkReach(definition);
  checkCircles(definition);
  const versions = versionMistake({ ...(version === undefined ? {} : { version }), ...(upgrade ? { upgrade: upgrade as Readonly<Record<number, never>> } : {}) });
  if (versions !== undefined) throw mistake(versions);
}

/** Refuses what is not of the workflow. @throws {ConversimpleError} `definition_invalid` */
export function checkStepName({ steps }: Definition, name: string, where: string): void {
  if (!Object.hasOwn(steps, name)) throw mistake(`${where} names the step ${quoted(name)}, which does not exist. The steps are: ${Object.keys(steps).join(", ")}`);
}

function checkField(field: string, schema: unknown): void {
  if (!isSchema(schema)) throw mistake(`data.${field} is not a schema. Write for example { ${field}: z.string() }`);
  // An asynchronous one is found here, not in the first call.
  validate(schema, undefined);
  const secret = secretField(field, schema);
  if (secret !== undefined) throw mistake(`data.${secret} is marked secret. Secrets are not state: use them in the tool and let them go`);
}

function checkStep(name: string, definition: Definition): void {
  const unknown = optionMistakeText(definition.steps[name], STEP_NAMES, `steps.${name}`);
  if (unknown !== undefined) throw mistake(unknown);
  const { to = [], needs = [], final = false, deadlineMs, onDeadline } = definition.steps[name]!;
  const where = `step ${quoted(name)}`;
  if (!isList(to)) throw mistake(`to of ${where} must be a list: to: ["next"]`);
  if (!isList(needs)) throw mistake(`needs of ${where} must be a list: needs: ["field"]`);
  for (const target of to) checkStepName(definition, target, `to of ${where}`);
  for (const field of needs) {
    if (!Object.hasOwn(definition.data, field)) throw mistake(`${where} needs ${quoted(field)}, which is not a field of data. The fields are: ${Object.keys(definition.data).join(", ")}`);
  }
  if (final && to.length > 0) throw mistake(`${where} is final, but leads to ${to.join(", ")}. Drop one of the two`);
  if (final && deadlineMs !== undefined) throw mistake(`${where} is final, but has a deadline. Nothing leaves a final step`);
  if ((deadlineMs === undefined) !== (onDeadline === undefined)) throw mistake(`${where} has ${deadlineMs === undefined ? "onDeadline without deadlineMs" : "deadlineMs without onDeadline"}. Give both, or none`);
  if (deadlineMs !== undefined && !(Number.isSafeInteger(deadlineMs) && deadlineMs > 0)) throw mistake(`deadlineMs of ${where} must be a whole number of milliseconds above 0`);
  if (typeof onDeadline === "string") checkStepName(definition, onDeadline, `onDeadline of ${where}`);
}

/** A text is a list of letters to a loop. */
function isList(value: unknown): boolean {
  return Array.isArray(value);
}

/** WD2. */
function checkReach({ steps, initial }: Definition): void {
  const reached = new Set([initial]);
  for (const name of reached) for (const target of targetsOf(steps[name]!)) reached.add(target);
  const lost = Object.keys(steps).filter((name) => !reached.has(name));
  if (lost.length > 0) throw mistake(`step ${lost.map(quoted).join(" and step ")} cannot be reached from ${quoted(initial)}. Name it in the to of a step, or drop it`);
}

/** Where a step can lead, its deadline included. */
export function targetsOf({ to = [], onDeadline }: WorkflowStep<string, string>): readonly string[] {
  return typeof onDeadline === "string" ? [...to, onDeadline] : to;
}

/** Where a step goes by itself once its needs are known. */
export function nextOf({ needs = [], to = [] }: WorkflowStep<string, string>): string | undefined {
  return needs.length > 0 ? to[0] : undefined;
}

/** WD3. */
function checkCircles({ steps }: Definition): void {
  for (const first of Object.keys(steps)) {
    const passed = [first];
    for (let next = nextOf(steps[first]!); next !== undefined; next = nextOf(steps[next]!)) {
      if (next === first) throw mistake(`the steps ${[...passed, next].map(quoted).join(" -> ")} lead in a circle by themselves once their needs are known. Put another step first in one of their to, or drop needs of one`);
      if (passed.includes(next)) break;
      passed.push(next);
    }
  }
}

/** @param name what somebody wrote there, whose compiler may have been silent. */
function quoted(name: unknown): string {
  return `"${String(name).slice(0, 64)}"`;
}

function mistake(reason: string): ConversimpleError {
  return new ConversimpleError("definition_invalid", `workflow: ${reason}.`);
}
