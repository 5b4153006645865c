// What a conversation that was loaded from the store is: begun or not, whole or not.

import type { AgentDefinition } from "../agent/definition.ts";
import { ConversimpleError } from "../base/errors.ts";
import { RecordDocument } from "../state/document.ts";
import type { Loaded, Owner } from "../state/store.ts";
import { START_EFFECTS } from "./units.ts";

/** Whether its start came to an end; all that is committed may be effects of one that was killed. */
export function hasStarted({ version, calls }: Loaded): boolean {
  return calls.filter(({ callId }) => callId.startsWith(START_EFFECTS)).length < version;
}

/** Its record, or why there is none that can be used. */
export function recordOf(loaded: Loaded, agent: AgentDefinition): RecordDocument | ConversimpleError {
  try {
    return loaded.record === null ? emptyRecord(loaded.owner, loaded.version, agent) : RecordDocument.open(loaded.owner, loaded.version, loaded.record, agent.slices);
  } catch (thrown) {
    if (thrown instanceof ConversimpleError) return thrown;
    throw thrown;
  }
}

/** A conversation that has commits but no record has lost it: that is never shown as an empty one (P10). */
function emptyRecord(owner: Owner, version: number, agent: AgentDefinition): RecordDocument {
  if (version > 0) throw new ConversimpleError("state_lost", `The record of ${owner} is gone from the store.`, { owner });
  return RecordDocument.begin(owner, agent.slices);
}
