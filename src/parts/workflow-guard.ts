// The guard of a step: which tools may run now, and what is said when one may not.                   (P17)
//
//   WU1. It is asked when the tool runs, of the draft: what an earlier tool of the unit changed counts.
//   WU2. A refusal can be said aloud: the step's own words, else what is still missing, else a general sentence.

import type { Guard } from "../agent/guard.ts";
import type { RefusalResult } from "../base/errors.ts";
import { looseJsonSchemaOf } from "../base/schema.ts";
import type { Slice } from "../state/slice.ts";
import type { Definition, StoredWorkflow } from "./workflow-definition.ts";

/** Said when there is nothing better to say. */
const GENERAL_MESSAGE = "I can't do that at this point.";

/** What the guard asks of its workflow. */
export interface Guarded {
  readonly name: string;
  readonly definition: Definition;
  readonly step: string;
  readonly missing: readonly string[];
  slice(): Slice;
}

export class StepGuard implements Guard {
  readonly #workflow: Guarded;
  readonly #steps: ReadonlySet<string>;

  /** @param steps names that the definition has. */
  constructor(workflow: Guarded, steps: readonly string[]) {
    this.#workflow = workflow;
    this.#steps = new Set(steps);
  }

  refusal(): RefusalResult | undefined {
    const { step, missing, definition } = this.#workflow;
    if (this.#steps.has(step)) return undefined;
    return { error: "step_not_allowed", message: definition.steps[step]!.refusal ?? stillNeeded(definition, missing), step, missing };
  }

  inWords(): string {
    return `${this.#workflow.name} at ${[...this.#steps].join(", ")}`;
  }

  isOffered(value: (slice: Slice) => unknown): boolean {
    return this.#steps.has((value(this.#workflow.slice()) as StoredWorkflow).step);
  }
}

/** WU2. */
function stillNeeded({ data }: Definition, missing: readonly string[]): string {
  if (missing.length === 0) return GENERAL_MESSAGE;
  const spoken = missing.map((field) => looseJsonSchemaOf(data[field]!)?.description ?? inWords(field)).map(String);
  const last = spoken.pop()!;
  return `I still need ${spoken.length > 0 ? `${spoken.join(", ")} and ${last}` : last}.`;
}

/** `checkIn` as "check in". */
function inWords(field: string): string {
  return field.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll(/[_-]+/g, " ").toLowerCase();
}
