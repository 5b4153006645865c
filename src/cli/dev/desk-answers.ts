// The agents' process answers what the inspector asks it.
//
//   DA1. Every question gets one answer; what is no error of ours goes out without its words: it may hold what somebody
//        said (P21). A developer reads it at the terminal.

import { ConversimpleError } from "../../base/errors.ts";
import type { AgentDesk } from "../../inspector/desks.ts";
import { DESK_METHODS, type DeskAnswer, type DeskQuestion } from "./desk-messages.ts";

/** The answer of a desk; never rejects. `undefined` for what is no question. */
export async function answerOf(desk: AgentDesk | undefined, message: unknown, onError: (thrown: unknown) => void): Promise<DeskAnswer | undefined> {
  if (!isQuestion(message)) return undefined;
  const { id, method, inputs } = message;
  try {
    if (!desk) throw new ConversimpleError("state_unavailable", "The agents are not there yet. Try again in a moment.");
    const value = await (desk[method] as (...given: readonly unknown[]) => Promise<unknown>).apply(desk, inputs.map((input) => input ?? undefined));
    return { type: "answer", id, value };
  } catch (thrown) {
    if (thrown instanceof ConversimpleError) return { type: "answer", id, error: { code: thrown.code, message: thrown.message, fields: thrown.fields } };
    onError(thrown);
    return { type: "answer", id, error: { code: "tool_execution_error", message: "The agents' process failed at that; the terminal says where.", fields: {} } };
  }
}

function isQuestion(message: unknown): message is DeskQuestion {
  const { type, id, method, inputs } = message as Partial<Record<keyof DeskQuestion, unknown>>;
  return type === "ask" && typeof id === "number" && (DESK_METHODS as readonly unknown[]).includes(method) && Array.isArray(inputs);
}
