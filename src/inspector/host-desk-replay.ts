// A replay for a page: what was recorded beside what came of it now. Places and outcomes, no values.       (P21)

import type { AgentHost } from "../host/agent-host.ts";
import { actsOf } from "../host/replay/acts.ts";
import { differences } from "../host/replay/compare.ts";
import { readCall, type RecordedCall } from "../host/replay/recorded-call.ts";
import { rehearse, type Rehearsed } from "../host/replay/rehearse.ts";
import { isSame } from "../state/patch.ts";
import type { Replay, ReplayStep } from "./api.ts";

/** Said whenever tools ran: it cannot be known what they call. */
const DIRECT = "What a tool calls directly - not by this.effect, a cache or a login - was called again.";

/** Runs a recorded call again and compares. @throws {ConversimpleError} as {@link readCall}. */
export async function replayCall(host: AgentHost, conversationId: string): Promise<Replay> {
  const call = await readCall(host.store, host.definitions, conversationId);
  const { acts, remarks } = actsOf(call);
  const played = await rehearse(call, acts, { hash: host.settings.hash });
  const steps = played.map((each) => stepOf(call, each));
  const stuck = played.find(({ isStuck }) => isStuck)?.act.step.entry.name;
  const hasTools = played.some(({ act, outcome }) => act.deed.kind === "tool" && outcome !== "not run");
  return {
    isSame: played.every((each, index) => isSameStep(each, steps[index]!)),
    steps,
    remarks: [...call.remarks, ...remarks, ...(hasTools ? [DIRECT] : []), ...(stuck === undefined ? [] : [`"${stuck}" did not come to its end within 10 s; nothing after it was run.`])],
  };
}

function isSameStep({ act }: Rehearsed, { recorded, replayed, differences: found }: ReplayStep): boolean {
  // What cannot be done again changed nothing, or a remark says what it was.
  if (act.deed.kind === "skip") return found.length === 0;
  return recorded === replayed && found.length === 0;
}

function stepOf(call: RecordedCall, each: Rehearsed): ReplayStep {
  const { version, entry } = each.act.step;
  const { unit, name, callId, outcome } = entry;
  return { version, unit, name, ...(callId === undefined ? {} : { callId }), recorded: outcome, replayed: each.outcome, differences: differencesOf(call, each) };
}

/** Where a unit differs from the recorded one: its parts, its result, its code. */
export function differencesOf({ agent }: RecordedCall, { act: { step }, after, code, result, outcome }: Rehearsed): readonly string[] {
  const { withinMs, entry } = step;
  const found = agent.slices.flatMap(({ name, masks = [] }) => differences(name, step.after[name], after[name], withinMs, masks));
  if (outcome === "not run") return found;
  const masks = agent.tools.get(entry.name)?.resultMasks ?? [];
  const results = step.result !== undefined && result !== undefined ? differences("result", JSON.parse(step.result), JSON.parse(result), withinMs, entry.unit === "tool" ? masks : []) : [];
  return [...found, ...results, ...(isSame(entry.code, code) ? [] : ["code"])];
}
