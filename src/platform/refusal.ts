// What the platform answers when it does not do what was asked.
//
//   R1. Every refusal has an HTTP status, a code and a message with a remedy; none repeats arguments or results.

import { ConversimpleError } from "../base/errors.ts";
import type { ErrorCode, ErrorFields } from "../base/errors.ts";

/** The HTTP statuses a {@link PlatformRefusal} can have. */
export type RefusalStatus = 400 | 404 | 409 | 413 | 429 | 503;

/** A request that was refused; `status` is what HTTP says, `code` is the `error.type` of the body. */
export class PlatformRefusal extends ConversimpleError {
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, code: ErrorCode, message: string, fields: ErrorFields = {}) {
    super(code, message, fields);
    this.status = status;
  }
}

export const refusals = {
  unknownConversation: () =>
    new PlatformRefusal(404, "conversation_not_found", "There is no such conversation. Create it with POST /v1/conversations, or list what there is with GET."),
  ended: () => new PlatformRefusal(409, "conversation_ended", "The conversation has ended. Create a new one."),
  unknownTool: (known: readonly string[]) =>
    new PlatformRefusal(404, "tool_not_found", `The tool is not registered in this conversation. Registered: ${listed(known)}.`, { known }),
  mismatch: () =>
    new PlatformRefusal(409, "call_mismatch", "This callId was used with another tool or other arguments. Use a new callId for a new call."),
  agentMismatch: () =>
    new PlatformRefusal(409, "option_invalid", "A conversation with this id exists for another agent. Use another conversationId."),
  crowded: (limit: number) =>
    new PlatformRefusal(429, "overloaded", `The conversation has ${limit} unanswered calls. Wait for answers, then try again.`, { limit }),
  stopping: () => new PlatformRefusal(503, "connection_closed", "The platform is stopping. Send the same callId again when it runs."),
  storage: () => new PlatformRefusal(503, "state_unavailable", "The platform cannot write its data file; nothing was delivered. Free space or fix the file, then try again."),
} as const;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, 20).join(", ");
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
