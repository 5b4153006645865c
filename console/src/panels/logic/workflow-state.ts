// Where a conversation is in its workflow: the step, what is still needed, what was passed, when it is late.
//
//   WF1. Read from the stored part, whatever shape it has: an odd one gives no step, not an error.
//   WF2. The way is what the timeline says of the step; of trimmed entries it is not known.

import type { TimelineEntry, WorkflowInfo } from "../../../../src/inspector/api.ts";
import { fieldsOf } from "./shown-value.ts";

export interface WorkflowState {
  readonly step: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** When the step was entered. */
  readonly sinceMs: number | undefined;
  readonly isLate: boolean;
}

/** The state of a stored workflow (WF1). */
export function workflowState(value: unknown): WorkflowState {
  const { step, data, since, isLate } = fieldsOf(value) ?? {};
  return { step: typeof step === "string" ? step : undefined, data: fieldsOf(data) ?? {}, sinceMs: typeof since === "number" ? since : undefined, isLate: isLate === true };
}

/** The steps that were passed, in order, the present one last (WF2). */
export function visitedSteps(entries: readonly TimelineEntry[], part: string, untilVersion: number, initial: string): readonly string[] {
  const visited = [initial];
  for (const { version, changes } of entries) {
    if (version > untilVersion) break;
    for (const patch of changes?.[part] ?? []) {
      const [kind, path] = patch;
      if (kind !== "set") continue;
      const step = path.length === 0 ? workflowState(patch[2]).step : path.length === 1 && path[0] === "step" ? patch[2] : undefined;
      if (typeof step === "string" && step !== visited.at(-1)) visited.push(step);
    }
  }
  return visited;
}

/** When the deadline of the present step is; undefined for none, or once it has passed. */
export function deadlineOf(workflow: WorkflowInfo, { step, sinceMs, isLate }: WorkflowState): number | undefined {
  const deadlineMs = workflow.steps.find(({ name }) => name === step)?.deadlineMs;
  return deadlineMs === undefined || sinceMs === undefined || isLate ? undefined : sinceMs + deadlineMs;
}

/** What the present step needs, and whether it is there. */
export function needsOf(workflow: WorkflowInfo, { step, data }: WorkflowState): readonly { readonly field: string; readonly isThere: boolean }[] {
  const needs = workflow.steps.find(({ name }) => name === step)?.needs ?? [];
  return needs.map((field) => ({ field, isThere: Object.hasOwn(data, field) }));
}
