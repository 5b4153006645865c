// Playing a script: each step is called, compared and shown.
//
//   PS1. The first step that is not as expected does not stop the rest; the exit code tells of it.

import { systemClock } from "../../base/clock.ts";
import { losslessChanges } from "../rendering.ts";
import { printable, type Terminal } from "../terminal.ts";
import { answerJson, showAnswer } from "./answer-lines.ts";
import { maskedMismatch } from "./matching.ts";
import { OpenCall, type Made } from "./open-call.ts";
import type { PlatformClient } from "./platform-client.ts";
import type { Script, Step } from "./script.ts";

/** @returns the exit code. */
export async function playScript(script: Script, platform: PlatformClient, asJson: boolean, terminal: Terminal): Promise<number> {
  const id = await platform.create(script.agent, script.conversationId, script.caller);
  const call = await OpenCall.join(platform, id, terminal);
  try {
    if (!asJson) terminal.say(`${terminal.tone("strong", call.agentId)}  ${terminal.tone("quiet", call.conversationId)}`);
    let failures = 0;
    for (const [index, step] of script.calls.entries()) {
      const made = await call.make(step.tool, step.arguments, () => systemClock.monotonic(), step.callId);
      const wrong = await judge(step, made, call);
      failures += wrong.length === 0 ? 0 : 1;
      if (asJson) terminal.say(JSON.stringify(stepJson(index, step, made, wrong)));
      else showStep(step, made, wrong, terminal);
    }
    if (script.end) await call.end();
    if (!asJson) terminal.say(summary(script, failures, terminal));
    return failures === 0 ? 0 : 1;
  } finally {
    await call.close();
  }
}

/** What is not as the step expects. */
async function judge(step: Step, { answer }: Made, call: OpenCall): Promise<string[]> {
  const wrong: (string | undefined)[] = [];
  if (answer.kind === "error") wrong.push(answer.type === step.expectError ? undefined : `the call failed with ${answer.type}${step.expectError === undefined ? "" : ` instead of ${step.expectError}`}`);
  else if (step.expectError !== undefined) wrong.push(`the call succeeded instead of failing with ${step.expectError}`);
  if (answer.kind === "result" && step.expect !== undefined) wrong.push(maskedMismatch("result", step.expect, answer.result, call.resultMasks(step.tool)));
  if (step.expectState !== undefined) wrong.push(await stateMismatch(step.expectState, call));
  return wrong.filter((each) => each !== undefined);
}

async function stateMismatch(expected: Readonly<Record<string, unknown>>, call: OpenCall): Promise<string | undefined> {
  const state = await call.state();
  if (state === undefined) return "the state cannot be read from here, so expectState cannot be checked";
  const [first] = Object.entries(expected).flatMap(([part, value]) => maskedMismatch(part, value, state.clear[part], state.masks[part]) ?? []);
  return first;
}

function stepJson(index: number, { tool }: Step, made: Made, wrong: readonly string[]) {
  const { ms, changes } = made;
  return { step: index, tool, ok: wrong.length === 0, ms: Math.round(ms * 10) / 10, ...answerJson(made), changes: changes.map(losslessChanges), ...(wrong.length === 0 ? {} : { wrong }) };
}

function showStep(step: Step, made: Made, wrong: readonly string[], terminal: Terminal): void {
  showAnswer(step.tool, made, terminal);
  for (const each of wrong) terminal.say(`  ${terminal.tone("bad", "not as expected:")} ${printable(each)}`);
}

function summary({ calls, end }: Script, failures: number, terminal: Terminal): string {
  const count = `${calls.length} call${calls.length === 1 ? "" : "s"}`;
  const ended = end ? ", conversation ended" : "";
  return failures === 0 ? terminal.tone("good", `${count} as expected${ended}`) : terminal.tone("bad", `${failures} of ${count} not as expected${ended}`);
}
