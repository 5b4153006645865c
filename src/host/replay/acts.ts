// What has to be done so that a recorded call happens again: one act for each of its units.
//
//   AC1. A secret argument is not in the recording: a placeholder that its schema accepts takes its place.   (P21)
//   AC2. What cannot be done again is passed over, and a remark says so.

import type { ToolPart } from "../../agent/tool.ts";
import { decode } from "../../base/codec.ts";
import { diff, isSame, type Patch } from "../../state/patch.ts";
import { REVEAL } from "../../state/journal.ts";
import { EDIT } from "../hand-edits.ts";
import { placeholderFor } from "./placeholders.ts";
import type { RecordedCall, RecordedStep } from "./recorded-call.ts";

/** Something that is done to an agent. */
export type Deed =
  | { readonly kind: "start" | "resume" | "deadline" }
  | { readonly kind: "tool"; readonly callId: string; readonly tool: string; readonly input: unknown }
  | { readonly kind: "signal"; readonly name: string; readonly payload: unknown }
  | { readonly kind: "update"; readonly changes: Readonly<Record<string, unknown>> }
  | { readonly kind: "edit"; readonly part: string; readonly patches: readonly Patch[] }
  | { readonly kind: "end"; readonly reason: string }
  /** It comes of the deed before, or changes nothing. */
  | { readonly kind: "follow" }
  /** It cannot be done again. */
  | { readonly kind: "skip" };

/** A unit of the recording, and what makes it happen again. */
export interface Act {
  readonly step: RecordedStep;
  readonly deed: Deed;
}

/** The acts of a call, and what is to be known of them. */
export function actsOf(call: RecordedCall): { readonly acts: readonly Act[]; readonly remarks: readonly string[] } {
  const remarks = new Set<string>();
  const acts = call.steps.map((step) => ({ step, deed: deedOf(call, step, (remark) => remarks.add(remark)) }));
  return { acts, remarks: [...remarks] };
}

type Remark = (remark: string) => void;

function deedOf(call: RecordedCall, step: RecordedStep, remark: Remark): Deed {
  const { entry } = step;
  switch (entry.unit) {
    case "tool":
      return toolDeed(call, step, remark);
    case "hook":
      return hookDeed(call, step);
    case "deadline":
      return { kind: "deadline" };
    case "signal": {
      const { payload } = entry.recorded ?? {};
      if (payload !== undefined) return { kind: "signal", name: entry.name, payload: decode(payload) };
      remark(`What the signal "${entry.name}" carried was not recorded; it is sent without anything.`);
      return { kind: "signal", name: entry.name, payload: undefined };
    }
    default:
      return outsideDeed(call, step, remark);
  }
}

function toolDeed({ agent }: RecordedCall, { entry }: RecordedStep, remark: Remark): Deed {
  const { name, callId, arguments: input, outcome } = entry;
  const tool = agent.tools.get(name);
  if (!tool || callId === undefined) remark(`The agent has no tool "${name}" any more.`);
  else if (outcome === "timeout" || outcome === "cancelled") remark(`A call of ${name} that ran out of time, or was cancelled, is not run again: it changed nothing.`);
  else if (input === undefined) remark(`Arguments of ${name} that its schema refused are not kept; the call is not run again.`);
  else return { kind: "tool", callId, tool: name, input: withPlaceholders(tool, input, remark) };
  return { kind: "skip" };
}

/** AC1. */
function withPlaceholders(tool: ToolPart, input: unknown, remark: Remark): unknown {
  const { secrets, jsonSchema } = tool.parameters;
  if (secrets.size === 0 || typeof input !== "object" || input === null) return input;
  let filled: Readonly<Record<string, unknown>> = { ...input };
  for (const name of Object.keys(filled)) {
    if (!secrets.has(name)) continue;
    const schema = (jsonSchema.properties as Readonly<Record<string, unknown>> | undefined)?.[name];
    const number = [...secrets].indexOf(name) + 1;
    const before = filled;
    filled = { ...before, [name]: placeholderFor(schema, number, (value) => isFineAt(tool.parameters.parse({ ...before, [name]: value }), name)) };
    remark(`The secret "${name}" of ${tool.name} was a placeholder: secrets are not recorded.`);
  }
  return filled;
}

function isFineAt(parsed: ReturnType<ToolPart["parameters"]["parse"]>, name: string): boolean {
  return parsed.ok || !parsed.issues.some(({ path }) => path[0] === name);
}

function hookDeed({ endReason }: RecordedCall, { entry: { name } }: RecordedStep): Deed {
  if (name === "onConversationStarted") return { kind: "start" };
  if (name === "onConversationResumed") return { kind: "resume" };
  if (name === "onConversationEnded") return { kind: "end", reason: endReason ?? "hangup" };
  return { kind: "follow" };
}

function outsideDeed({ agent }: RecordedCall, { entry, before, after }: RecordedStep, remark: Remark): Deed {
  if (entry.name === REVEAL) return { kind: "follow" };
  if (entry.outcome !== "ok") {
    remark("A change from outside that was refused is not made again: what it was is not kept.");
    return { kind: "skip" };
  }
  const changed = Object.keys(after).filter((name) => agent.parts.has(name) && !isSame(before[name], after[name]));
  if (changed.length === 0) return { kind: "follow" };
  const [part = ""] = changed;
  if (entry.name === EDIT && changed.length === 1) return { kind: "edit", part, patches: diff(before[part], after[part]) };
  const [old, now] = [before.state, after.state] as Readonly<Record<string, unknown>>[];
  const fields = Object.keys(now ?? {}).filter((field) => !isSame(old?.[field], now![field]));
  return { kind: "update", changes: Object.fromEntries(fields.map((field) => [field, now![field]])) };
}
