// How the answer of a tool call looks.

import type { PartChanges } from "../../state/changes.ts";
import { changeLines, valueText } from "../rendering.ts";
import { printable, type Terminal } from "../terminal.ts";
import type { Made, Spoke } from "./open-call.ts";

/** The answer, how long it took, and what changed. */
export function showAnswer(tool: string, { answer, shown, ms, changes, offered }: Made, terminal: Terminal): void {
  const time = terminal.tone("quiet", `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);
  if (answer.kind === "error") {
    terminal.say(`${terminal.tone("bad", "✗")} ${terminal.tone("strong", tool)}  ${terminal.tone("bad", printable(answer.type))}  ${time}`);
    terminal.say(`  ${printable(answer.message)}`);
  } else {
    const refusal = refusalIn(answer.result);
    const sign = refusal === undefined ? terminal.tone("good", "✓") : terminal.tone("warning", "!");
    terminal.say(`${sign} ${terminal.tone("strong", tool)}  ${time}`);
    terminal.say(valueText(shown, terminal, 2));
  }
  showChanges(changes, terminal);
  if (offered) terminal.say(terminal.tone("quiet", `  now offered: ${printable(offered.join(", ")) || "no tools"}`));
}

/** What the agent said, by which calls, and what changed. The arguments are masked. */
export function showSpoken({ turn, ms, changes, offered }: Spoke, terminal: Terminal): void {
  for (const { tool, arguments: input, status, error } of turn.toolCalls) {
    const sign = status === "answered" ? terminal.tone("good", "✓") : terminal.tone(status === "failed" ? "bad" : "warning", status === "failed" ? "✗" : "…");
    terminal.say(`${sign} ${terminal.tone("strong", printable(tool))} ${terminal.tone("quiet", printable(JSON.stringify(input)))}${error ? `  ${terminal.tone("bad", printable(error.type))}` : ""}`);
  }
  for (const said of turn.said) terminal.say(`${terminal.tone("accent", "»")} ${printable(said)}`);
  terminal.say(terminal.tone("quiet", `  ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms${turn.isInterrupted ? ", interrupted" : ""}`));
  showChanges(changes, terminal);
  if (offered) terminal.say(terminal.tone("quiet", `  now offered: ${printable(offered.join(", ")) || "no tools"}`));
  if (turn.isOver) terminal.say(terminal.tone("quiet", "The conversation has ended."));
}

/** The answer for programs. */
export function answerJson({ answer, shown }: Made): Readonly<Record<string, unknown>> {
  if (answer.kind === "error") return { error: { type: answer.type, message: answer.message } };
  return { callId: answer.callId, result: shown.value };
}

export function showChanges(changes: readonly PartChanges[], terminal: Terminal): void {
  for (const change of changes) for (const line of changeLines(change, terminal)) terminal.say(line);
}

/** The word of a refusal or of a ToolError: both are results. */
function refusalIn(result: unknown): string | undefined {
  const error = typeof result === "object" && result !== null ? (result as { error?: unknown }).error : undefined;
  return typeof error === "string" ? error : undefined;
}
