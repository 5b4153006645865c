// How the answer of a tool call looks.

import type { PartChanges } from "../../state/changes.ts";
import { changeLines, valueText } from "../rendering.ts";
import type { CallView } from "../../platform/conversation.ts";
import { outcomeOfResult, type Outcome } from "../outcome.ts";
import { columns, printable, type Terminal } from "../terminal.ts";
import type { Made, Spoke } from "./open-call.ts";
import type { Outcomes } from "./state-window.ts";

/** The answer, how long it took, and what changed. */
export function showAnswer(tool: string, { answer, shown, ms, changes, outcomes, offered }: Made, terminal: Terminal): void {
  const time = terminal.tone("quiet", msText(ms));
  if (answer.kind === "error") {
    terminal.say(`${terminal.tone("bad", "✗")} ${terminal.tone("strong", tool)}  ${terminal.tone("bad", printable(answer.type))}  ${time}`);
    terminal.say(`  ${printable(answer.message)}`);
  } else {
    const outcome = outcomes.get(answer.callId) ?? outcomeOfResult(answer.result);
    terminal.say(`${signOf(outcome, answer.result, terminal)} ${terminal.tone("strong", tool)}  ${outcomeText(outcome, terminal)}${time}`);
    terminal.say(valueText(shown, terminal, 2));
  }
  showRest(changes, offered, terminal);
}

/** What the agent said, by which calls, and what changed. The arguments are masked. */
export function showSpoken({ turn, ms, changes, outcomes, offered }: Spoke, terminal: Terminal): void {
  for (const { callId, tool, arguments: input, status, result, error } of turn.toolCalls) {
    const outcome = outcomes.get(callId) ?? outcomeOfResult(result);
    const sign = status === "answered" ? signOf(outcome, result, terminal) : terminal.tone(status === "failed" ? "bad" : "warning", status === "failed" ? "✗" : "…");
    const came = error ? terminal.tone("bad", printable(error.type)) : outcomeText(outcome, terminal);
    terminal.say(`${sign} ${terminal.tone("strong", printable(tool))} ${terminal.tone("quiet", printable(JSON.stringify(input)))}  ${came}`.trimEnd());
  }
  for (const said of turn.said) terminal.say(`${terminal.tone("accent", "»")} ${printable(said)}`);
  terminal.say(terminal.tone("quiet", `  ${msText(ms)}${turn.isInterrupted ? ", interrupted" : ""}`));
  showRest(changes, offered, terminal);
  if (turn.isOver) terminal.say(terminal.tone("quiet", "The conversation has ended."));
}

/** How the calls of a conversation came out, one line for each. */
export function callLines(calls: readonly CallView[], outcomes: Outcomes): readonly string[] {
  return columns(calls.map(({ callId, createdAt, tool, status, result, error }) => {
    const { word, why } = (status === "answered" ? (outcomes.get(callId) ?? outcomeOfResult(result)) : undefined) ?? { word: status, why: error?.type };
    return [new Date(createdAt).toTimeString().slice(0, 8), printable(tool), word, printable(why ?? "")];
  }));
}

/** What did as it was asked needs no word; a login says that it was accepted. */
function outcomeText(outcome: Outcome | undefined, terminal: Terminal): string {
  if (outcome === undefined || outcome.word === "ok") return "";
  return `${terminal.tone(outcome.tone, printable(outcome.why === undefined ? outcome.word : `${outcome.word}, ${outcome.why}`))}  `;
}

function signOf(outcome: Outcome | undefined, result: unknown, terminal: Terminal): string {
  const tone = outcome && outcome.tone !== "good" ? outcome.tone : hasError(result) ? "warning" : "good";
  return terminal.tone(tone, tone === "good" ? "✓" : tone === "bad" ? "✗" : "!");
}

function msText(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function showRest(changes: readonly PartChanges[], offered: readonly string[] | undefined, terminal: Terminal): void {
  for (const change of changes) for (const line of changeLines(change, terminal)) terminal.say(line);
  if (offered) terminal.say(terminal.tone("quiet", `  now offered: ${printable(offered.join(", ")) || "no tools"}`));
}

/** The answer for programs. */
export function answerJson({ answer, shown }: Made): Readonly<Record<string, unknown>> {
  if (answer.kind === "error") return { error: { type: answer.type, message: answer.message } };
  return { callId: answer.callId, result: shown.value };
}

/** Whether a result says by itself that something did not work. */
function hasError(result: unknown): boolean {
  return typeof result === "object" && result !== null && typeof (result as { error?: unknown }).error === "string";
}
