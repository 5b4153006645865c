// What became of a tool that was run by hand, in a word: its answer alone does not say it.
//
//   AV1. A refusal is a result, and a login that was wrong or locked answers like any other. What happened is in the journal; until
//        its entry is here, a refusal is known by its form.                                            (P17, P18)

import type { CallResult, TimelineEntry } from "../../../../src/inspector/api.ts";
import { explain, failedLogin, outcomeText, toneOf, type Explanation, type TimeText } from "./entry-words.ts";
import { fieldsOf, MASKED } from "./shown-value.ts";

export interface Verdict {
  readonly label: "Answered" | "Refused" | "Failed";
  /** The kind of the answer, or the word of what went wrong. */
  readonly word: string;
  readonly tone: "plain" | "warn" | "bad";
  /** Why, and what to do about it. */
  readonly why?: Pick<Explanation, "headline" | "sentences" | "remedy">;
}

/** The tool was not even begun. */
const DID_NOT_RUN: ReadonlySet<string> = new Set(["invalid_parameters", "tool_not_found", "conversation_ended", "overloaded", "call_mismatch", "state_quarantined"]);

/** AV1. @param entry the call's, once it is here. */
export function verdictOf(answer: CallResult, entry: TimelineEntry | undefined, timeText: TimeText): Verdict {
  if (answer.kind === "error") {
    const { type, message } = answer.error;
    return { label: DID_NOT_RUN.has(type) ? "Refused" : "Failed", word: type, tone: "bad", why: { headline: message, sentences: [], ...(answer.remedy === undefined ? {} : { remedy: answer.remedy }) } };
  }
  const { error, message } = fieldsOf(answer.result) ?? {};
  const said = typeof message === "string" && message !== MASKED ? message : undefined;
  if (entry && (entry.outcome !== "ok" || failedLogin(entry))) {
    const { headline, sentences, remedy } = explain(entry, timeText);
    const word = failedLogin(entry) ? outcomeText(entry) : (entry.code ?? outcomeText(entry));
    // What the caller hears is the agent's own sentence, and says it best.
    const why = said === undefined || failedLogin(entry) ? { headline, sentences } : { headline: said, sentences: [] };
    return { label: "Refused", word, tone: toneOf(entry) === "bad" ? "bad" : "warn", why: { ...why, ...(remedy === undefined ? {} : { remedy }) } };
  }
  if (!entry && typeof error === "string" && said !== undefined) return { label: "Refused", word: error, tone: "warn", why: { headline: said, sentences: [] } };
  return { label: "Answered", word: "result", tone: "plain" };
}
