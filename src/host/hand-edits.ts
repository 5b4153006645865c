// Changes of a part by hand: what an inspector posts, applied in a unit of the conversation's owner.      (P16)
//
//   ED1. The part's own checks hold: what its schema refuses is not stored, and a workflow goes only to steps that it has. (P8)
//   ED2. Who is logged in and who the customer is comes from a login and from trusted code only, never from here. (P18, P19)

import { DESCRIBE, EDITED } from "../agent/part-description.ts";
import type { AgentDefinition } from "../agent/definition.ts";
import type { Part } from "../agent/part.ts";
import { ConversimpleError } from "../base/errors.ts";
import { copyOf } from "../base/plain.ts";
import { editedByHand } from "../state/hand-edit.ts";
import type { Patch } from "../state/patch.ts";
import type { Slice } from "../state/slice.ts";
import type { UnitRun } from "./unit-run.ts";

/** The name of its unit. */
export const EDIT = "edit";

/** Somebody changes a part by hand. */
export interface HandEdit {
  readonly kind: "edit";
  readonly part: string;
  readonly patches: readonly Patch[];
  /** The version that the conversation must have when it is applied. */
  readonly expectedVersion?: number | undefined;
  readonly source: string;
}

/**
 * Applies an edit to the running unit.
 *
 * @param version the conversation's, before the unit.
 * @throws {ConversimpleError} `version_conflict`, `read_only` (ED2), `option_invalid`: no such part, `state_invalid`.
 */
export function applyEdit(agent: AgentDefinition, run: UnitRun, { part: name, patches, expectedVersion }: HandEdit, version: number): void {
  const { part, slice } = editablePart(agent, name);
  if (expectedVersion !== undefined && expectedVersion !== version) throw new ConversimpleError("version_conflict", `The conversation is at version ${version} by now, not at ${expectedVersion}. Look at it again, then repeat the change.`, { expected: expectedVersion, found: version });
  const before = copyOf(run.draft(slice));
  const after = editedByHand(name, before, patches, slice.masks);
  run.replace(slice, part[EDITED](after, before));
}

/** @throws {ConversimpleError} why a part cannot be changed by hand (ED2). */
function editablePart({ parts, agentId }: AgentDefinition, name: string): { readonly part: Part; readonly slice: Slice } {
  const part = parts.get(name);
  const slice = part?.slice();
  if (!part || !slice) {
    const durable = [...parts.values()].filter((each) => each.slice()).map((each) => each.name);
    throw new ConversimpleError("option_invalid", `The agent "${agentId}" has no durable part "${name.slice(0, 64)}". It has: ${durable.join(", ") || "none"}.`, { agentId });
  }
  const { kind } = part[DESCRIBE]();
  if (kind === "session") throw new ConversimpleError("read_only", `"${name}" is a session: nobody becomes logged in, or somebody else, by hand. Log in with a tool call.`, { part: name });
  if (kind === "customer") throw new ConversimpleError("read_only", `"${name}" says who the customer is: only the agent's own code identifies somebody. What is remembered of them can be changed in the customer's record.`, { part: name });
  return { part, slice };
}
