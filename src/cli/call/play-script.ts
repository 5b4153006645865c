// Playing a script: each step is called, compared and shown.
//
//   PS1. The first step that is not as expected does not stop the rest; the exit code tells of it.

import { systemClock } from "../../base/clock.ts";
import { marksIn } from "../../base/marks.ts";
import { Mask } from "../../base/mask.ts";
import { losslessChanges } from "../rendering.ts";
import { printable, type Terminal } from "../terminal.ts";
import { answerJson, showAnswer, showSpoken } from "./answer-lines.ts";
import { maskedMismatch, mismatch } from "./matching.ts";
import { OpenCall, type Made, type Spoke } from "./open-call.ts";
import type { PlatformClient } from "./platform-client.ts";
import type { Script, Step } from "../../platform/brains/script.ts";

/** @returns the exit code. */
export async function playScript(script: Script, platform: PlatformClient, asJson: boolean, terminal: Terminal): Promise<number> {
  const id = await platform.create(script.agent, script.conversationId, script.caller);
  const call = await OpenCall.join(platform, id, terminal);
  try {
    if (!asJson) terminal.say(`${terminal.tone("strong", call.agentId)}  ${terminal.tone("quiet", call.conversationId)}`);
    let failures = 0;
    for (const [index, step] of script.calls.entries()) {
      const { wrong, json, show } = await played(step, call);
      failures += wrong.length === 0 ? 0 : 1;
      if (asJson) terminal.say(JSON.stringify({ step: index, ok: wrong.length === 0, ...json, ...(wrong.length === 0 ? {} : { wrong }) }));
      else {
        show(terminal);
        for (const each of wrong) terminal.say(`  ${terminal.tone("bad", "not as expected:")} ${printable(each)}`);
      }
    }
    if (script.end) await call.end();
    if (!asJson) terminal.say(summary(script, failures, terminal));
    return failures === 0 ? 0 : 1;
  } finally {
    await call.close();
  }
}

interface Played {
  /** What is not as the step expects. */
  readonly wrong: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly show: (terminal: Terminal) => void;
}

async function played(step: Step, call: OpenCall): Promise<Played> {
  const elapsed = () => systemClock.monotonic();
  if (step.say !== undefined) {
    const spoke = await call.say(step.say, elapsed);
    return { wrong: [...judgeTurn(step, spoke, call), ...(await judgeState(step, call))], json: turnJson(step, spoke), show: (terminal) => showTurn(step, spoke, terminal) };
  }
  if (step.tool === undefined) return { wrong: [], json: { skipped: true }, show: () => undefined };
  const { tool } = step;
  const made = await call.make(tool, step.arguments, elapsed, step.callId);
  return { wrong: [...judge(step, tool, made, call), ...(await judgeState(step, call))], json: callJson(tool, made), show: (terminal) => showAnswer(tool, made, terminal) };
}

function judge(step: Step, tool: string, { answer }: Made, call: OpenCall): string[] {
  const wrong: (string | undefined)[] = [];
  if (answer.kind === "error") wrong.push(answer.type === step.expectError ? undefined : `the call failed with ${answer.type}${step.expectError === undefined ? "" : ` instead of ${step.expectError}`}`);
  else if (step.expectError !== undefined) wrong.push(`the call succeeded instead of failing with ${step.expectError}`);
  if (answer.kind === "result" && step.expect !== undefined) wrong.push(maskedMismatch("result", step.expect, answer.result, call.resultMasks(tool)));
  return wrong.filter((each) => each !== undefined);
}

/** What a sentence must lead to: masked values are compared masked, since nobody here knows them. */
function judgeTurn({ tool, arguments: wanted, expect, expectError, expectSaid }: Step, { turn }: Spoke, call: OpenCall): string[] {
  const wrong: (string | undefined)[] = [];
  const made = turn.toolCalls.find((each) => each.tool === tool);
  if (tool !== undefined && !made) wrong.push(`it did not lead to a call of ${tool}`);
  if (made) {
    const schema = call.known.get(made.tool)?.parameters ?? {};
    wrong.push(mismatch("arguments", Mask.of(marksIn(schema, ["pii", "secret"])).shown(wanted), made.arguments));
    wrong.push(made.error?.type === expectError ? undefined : `the call ended with ${made.error?.type ?? "a result"} instead of ${expectError ?? "a result"}`);
    if (expect !== undefined) wrong.push(mismatch("result", Mask.of(call.resultMasks(made.tool)).shown(expect), made.result));
  }
  if (expectSaid !== undefined && !turn.said.join(" ").includes(expectSaid)) wrong.push(`the agent did not say "${expectSaid}"`);
  return wrong.filter((each) => each !== undefined);
}

async function judgeState({ expectState }: Step, call: OpenCall): Promise<string[]> {
  const wrong = expectState === undefined ? undefined : await stateMismatch(expectState, call);
  return wrong === undefined ? [] : [wrong];
}

async function stateMismatch(expected: Readonly<Record<string, unknown>>, call: OpenCall): Promise<string | undefined> {
  const state = await call.state();
  if (state === undefined) return "the state cannot be read from here, so expectState cannot be checked";
  const [first] = Object.entries(expected).flatMap(([part, value]) => maskedMismatch(part, value, state.clear[part], state.masks[part]) ?? []);
  return first;
}

function callJson(tool: string, made: Made) {
  const { ms, changes } = made;
  return { tool, ms: Math.round(ms * 10) / 10, ...answerJson(made), changes: changes.map(losslessChanges) };
}

function turnJson({ say }: Step, { turn, ms, changes }: Spoke) {
  return { say, said: turn.said, toolCalls: turn.toolCalls, ms: Math.round(ms * 10) / 10, changes: changes.map(losslessChanges) };
}

function showTurn({ say }: Step, spoke: Spoke, terminal: Terminal): void {
  terminal.say(terminal.tone("quiet", `« ${printable(say!)}`));
  showSpoken(spoke, terminal);
}

function summary({ calls, end }: Script, failures: number, terminal: Terminal): string {
  const count = `${calls.length} call${calls.length === 1 ? "" : "s"}`;
  const ended = end ? ", conversation ended" : "";
  return failures === 0 ? terminal.tone("good", `${count} as expected${ended}`) : terminal.tone("bad", `${failures} of ${count} not as expected${ended}`);
}
