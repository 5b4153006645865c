// Workflow: a conversation that has to go through steps.
//
// Owns where a conversation is, what it has collected, and how it moves on. Who may run at which step is asked by
// `workflow-guard.ts`, what is stored is `workflow-slice.ts`.
//
//   WF1. A step is left only to a step of its `to`, by `reset`, or by its deadline.
//   WF2. `set` is all or nothing: fields are validated and checked together before anything changes.     (P8)
//   WF3. `set` goes on by itself while the step has needs and all are known; `go`, a deadline and a step without needs
//        never do.
//   WF4. Step and data are part of the conversation's draft: a tool that throws leaves both as they were. (P3)
//   WF5. A deadline counts from the moment at which the step was entered, also over a restart; it passes once.

import type { Guard } from "../agent/guard.ts";
import type { Fields } from "../agent/parameters.ts";
import { Part, runningFor } from "../agent/part.ts";
import { DESCRIBE, EDITED, type PartDescription } from "../agent/part-description.ts";
import { running } from "../agent/running.ts";
import { ConversimpleError, RefusedError, StateInvalidError } from "../base/errors.ts";
import { pathText } from "../base/path.ts";
import { copyOf } from "../base/plain.ts";
import type { Slice } from "../state/slice.ts";
import { checkDefinition, checkStepName, nextOf, type Definition, type StoredWorkflow, type WorkflowData, type WorkflowDefinition, type WorkflowInput } from "./workflow-definition.ts";
import { diagramOf } from "./workflow-diagram.ts";
import { fieldsText, stepsText } from "./workflow-description.ts";
import { StepGuard } from "./workflow-guard.ts";
import { fieldValue, workflowSlice } from "./workflow-slice.ts";

/** Where a conversation is in a workflow. Read and moved inside tools and hooks; in parallel tools, moved inside `this.update`. */
export interface Workflow<D extends Fields, Step extends string> {
  /** The step that the conversation is at. */
  readonly step: Step;
  /** What was collected so far: a frozen copy; `set` changes it. */
  readonly data: WorkflowData<D>;
  /** What the agent asks at this step. */
  readonly prompt: string | undefined;
  /** The fields that this step still needs. */
  readonly missing: readonly (keyof D & string)[];
  /**
   * Takes some fields, and goes on to the first `to` as long as the step has `needs` and all are known. A field that is
   * `undefined` stays as it is.
   *
   * @throws {StateInvalidError} A field is unknown, or its schema refuses it; nothing was changed.
   * @throws {RefusedError} `check_failed`: the fields do not fit together; nothing was changed.
   */
  set(data: WorkflowInput<D>): void;
  /** Goes to a step. @throws {ConversimpleError} `move_not_allowed` when it is not in the `to` of the present one. */
  go(step: Step): void;
  /** Begins again: the initial step, nothing collected. Also from a final step. */
  reset(): void;
  /** A guard for tools: `step: this.booking.at("readyToConfirm")`. */
  at(...steps: readonly [Step, ...Step[]]): Guard;
  /** A Mermaid state diagram, with a step highlighted if one is named. */
  toMermaid(current?: Step): string;
}

/**
 * Declares a workflow: its steps, what each needs, and where each leads.
 *
 * @throws {ConversimpleError} `definition_invalid`, naming the step: an unknown name, a step that cannot be reached, a
 *   final step that leads on, a deadline without an `onDeadline`.
 */
export function workflow<const D extends Fields, const Step extends string>(definition: WorkflowDefinition<D, Step>): Workflow<D, Step> {
  return new WorkflowPart(definition) as unknown as Workflow<D, Step>;
}

class WorkflowPart extends Part {
  readonly kind = "workflow";
  readonly definition: Definition;
  #slice: Slice | undefined;

  constructor(definition: Definition) {
    super();
    checkDefinition(definition);
    this.definition = definition;
  }

  override [DESCRIBE](): PartDescription {
    return { kind: "workflow", ...fieldsText(this.definition), workflow: stepsText(this.definition) };
  }

  override slice(): Slice {
    this.#slice ??= workflowSlice(this.name, this.definition);
    return this.#slice;
  }

  get step(): string {
    return this.#draft("step").step;
  }

  get data(): Readonly<Record<string, unknown>> {
    return frozen(copyOf(this.#draft("data").data));
  }

  get prompt(): string | undefined {
    return this.definition.steps[this.step]!.prompt;
  }

  get missing(): readonly string[] {
    const { step, data } = this.#draft("missing");
    return this.#missingAt(step, data);
  }

  set(given: Readonly<Record<string, unknown>>): void {
    const draft = this.#draft("set()");
    const data = { ...copyOf(draft.data), ...this.#fields(given) };
    this.#check(data);
    let { step } = draft;
    for (let next = nextOf(this.definition.steps[step]!); next !== undefined && this.#missingAt(step, data).length === 0; next = nextOf(this.definition.steps[step]!)) step = next;
    draft.data = data;
    if (step !== draft.step) this.#enter(step);
  }

  go(step: string): void {
    const from = this.#draft("go()").step;
    const { to = [] } = this.definition.steps[from]!;
    if (!to.includes(step)) throw notAllowed(this.name, from, step, to);
    this.#enter(step);
  }

  reset(): void {
    this.#draft("reset()").data = {};
    this.#enter(this.definition.initial);
  }

  at(...steps: readonly string[]): Guard {
    if (steps.length === 0) throw new ConversimpleError("definition_invalid", "workflow: at() names no step. Name the steps at which the tool may run.");
    for (const step of steps) checkStepName(this.definition, step, "at()");
    return new StepGuard(this, steps);
  }

  toMermaid(current?: string): string {
    if (current !== undefined) checkStepName(this.definition, current, "toMermaid()");
    return diagramOf(this.definition, current);
  }

  /** WF5. */
  override dueAtMs(value: unknown, createdAtMs: number): number | undefined {
    const { step, since = createdAtMs, isLate } = value as StoredWorkflow;
    const { deadlineMs } = this.definition.steps[step]!;
    return deadlineMs === undefined || isLate ? undefined : since + deadlineMs;
  }

  override async due(): Promise<void> {
    const draft = this.#draft("due()");
    const { onDeadline } = this.definition.steps[draft.step]!;
    if (typeof onDeadline === "string") return this.#enter(onDeadline);
    draft.isLate = true;
    await onDeadline?.();
  }

  /** A step that was set by hand was entered now (WF5), and fields fit together (WF2). */
  override [EDITED](after: unknown, before: unknown): unknown {
    const [old, now] = [before, after] as [StoredWorkflow, Partial<StoredWorkflow> | null];
    if (typeof now?.data === "object" && now.data !== null) this.#check(now.data);
    if (now?.step === old.step || now?.since !== old.since) return after;
    const { isLate: _isLate, ...rest } = now as StoredWorkflow;
    return { ...rest, since: Math.round(running("workflow").nowMs()) };
  }

  #draft(member: string): { -readonly [K in keyof StoredWorkflow]: StoredWorkflow[K] } {
    return runningFor(this, member).draft(this.slice()) as StoredWorkflow;
  }

  #enter(step: string): void {
    const draft = this.#draft("go()");
    draft.step = step;
    draft.since = Math.round(running("workflow").nowMs());
    delete draft.isLate;
  }

  #missingAt(step: string, data: StoredWorkflow["data"]): readonly string[] {
    return (this.definition.steps[step]!.needs ?? []).filter((field) => !Object.hasOwn(data, field));
  }

  /** What was given, by its schemas. */
  #fields(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const schemas = this.definition.data;
    const fields: Record<string, unknown> = {};
    for (const field of Object.keys(given)) {
      if (!Object.hasOwn(schemas, field)) throw new StateInvalidError(pathText(this.name, [field]), `is not a field of the workflow, which has: ${Object.keys(schemas).join(", ")}`);
      if (given[field] === undefined) continue;
      const value = fieldValue(this.name, field, schemas[field]!, given[field]);
      if (value !== undefined) fields[field] = value;
    }
    return fields;
  }

  #check(data: Record<string, unknown>): void {
    const answer: unknown = this.definition.check?.(frozen(copyOf(data)) as never) ?? true;
    if (answer === true) return;
    if (answer !== false && typeof answer !== "string") throw new ConversimpleError("definition_invalid", `The check of workflow ${this.name} must answer at once: true, or why not in words.`);
    throw new RefusedError({ error: "check_failed", message: answer || "That does not fit together." });
  }
}

function notAllowed(name: string, from: string, to: string, allowed: readonly string[]): ConversimpleError {
  const way = allowed.length > 0 ? `it leads to ${allowed.join(", ")}` : "nothing leaves it but reset()";
  return new ConversimpleError("move_not_allowed", `The workflow ${name} cannot go from "${from}" to "${to.slice(0, 64)}": ${way}. Nothing was changed.`, { workflow: name, from, allowed });
}

/** What is handed out cannot be taken for what is stored: writing to it throws. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (!(value instanceof Uint8Array)) Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
  return value;
}
