// Whether a stored record can be used, and why not.
//
//   JU1. Without the agents it is the text that is judged: damaged, of a newer release, encrypted with another key. With
//        them also whether their schemas take it, as their host would find when it opens the conversation.
//   JU2. A reason holds names, versions and paths, never a value.

import type { AgentDefinition } from "../../../agent/definition.ts";
import { ConversimpleError } from "../../../base/errors.ts";
import { RecordDocument } from "../../../state/document.ts";
import { openRecord } from "../../../state/record.ts";
import type { Loaded } from "../../../state/store.ts";
import type { Command, Input } from "../../command.ts";
import { STORE_OPTION } from "../store-option.ts";

/** Agents by id; none when no path was given. */
export type Definitions = ReadonlyMap<string, AgentDefinition>;

/** The options that all commands about quarantined records have. */
export const QUARANTINE_OPTIONS: Command["options"] = {
  agents: { value: "<path>", summary: "the agents' file or folder: finds also what their schemas do not take" },
  ...STORE_OPTION,
};

/** The agents of `--agents`. @throws {Failure} They cannot be loaded. */
export async function definitionsOf(input: Input): Promise<Definitions> {
  const path = input.text("agents");
  if (path === undefined) return new Map();
  const [{ findAgentFiles }, { loadAgents }, { defineAgent }] = await Promise.all([
    import("../../agents/agent-files.ts"), import("../../agents/agent-modules.ts"), import("../../../agent/definition.ts"),
  ]);
  const agents = await loadAgents(findAgentFiles([path]).files);
  return new Map(agents.map(({ id, agent }) => [id, defineAgent(agent)]));
}

/** Why an owner's record cannot be used; undefined when it can, or when there is none yet (JU1, JU2). */
export function reasonAgainst({ owner, version, record, facts }: Loaded, definitions: Definitions): string | undefined {
  if (facts.status === "forgotten" || version === 0) return undefined;
  if (record === null) return "its record is gone from the store";
  return refusalOf(() => {
    openRecord(owner, version, record);
    checkSchemas(owner, version, record, facts.agentId, definitions);
  });
}

/** @throws {StateQuarantinedError} as the agent's host would. Without the agent nothing is checked. */
export function checkSchemas(owner: Loaded["owner"], version: number, record: string, agentId: string | null, definitions: Definitions): void {
  const definition = owner.startsWith("conversation:") ? definitions.get(agentId ?? "") : undefined;
  if (definition) RecordDocument.open(owner, version, record, definition.slices);
}

/** What a check refuses with; undefined when it does not. */
export function refusalOf(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ConversimpleError) return String(thrown.fields.reason ?? thrown.message);
    throw thrown;
  }
}
