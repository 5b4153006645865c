// How the inspector says no: a status, a word, a sentence, and what to do.
//
//   IR1. Nothing of a request is repeated in it, and no value of a state.                              (P21)
//   IR2. An error of our own keeps its code as the word; what is unexpected says nothing but that it is.

import { ConversimpleError, type ErrorCode } from "../base/errors.ts";
import { remedyOf } from "./remedies.ts";

/** The statuses of an answer that is no success. */
export type RefusalStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 501 | 503 | 504;

export class InspectorRefusal extends Error {
  readonly status: RefusalStatus;
  /** `error.type` of the body. */
  readonly type: string;
  readonly remedy: string | undefined;

  constructor(status: RefusalStatus, type: string, message: string, remedy?: string) {
    super(message);
    this.name = "InspectorRefusal";
    this.status = status;
    this.type = type;
    this.remedy = remedy;
  }
}

const STATUS: Partial<Record<ErrorCode, RefusalStatus>> = {
  tool_not_found: 404, conversation_not_found: 404,
  id_invalid: 400, option_invalid: 400, invalid_parameters: 400,
  version_conflict: 409, conversation_ended: 409, call_mismatch: 409, state_quarantined: 409, customer_forgotten: 409, state_lost: 409, fenced: 409,
  state_invalid: 422, result_invalid: 422, refused: 422, tool_error: 422, tool_execution_error: 422, move_not_allowed: 422, not_authenticated: 422, not_identified: 422, already_identified: 422, definition_invalid: 422, read_only: 422,
  state_too_large: 413, overloaded: 429,
  state_unavailable: 503, connection_closed: 503,
  tool_timeout: 504, cancelled: 504,
};

/** What was thrown, as an answer; undefined when nobody foresaw it. */
export function refusalOf(thrown: unknown): InspectorRefusal | undefined {
  if (thrown instanceof InspectorRefusal) return thrown;
  if (!(thrown instanceof ConversimpleError)) return undefined;
  // A platform's refusal knows its own status.
  const { status = STATUS[thrown.code] ?? 422 } = thrown as ConversimpleError & { readonly status?: RefusalStatus };
  return new InspectorRefusal(status, thrown.code, thrown.message, remedyOf(thrown.code));
}

/** The body of an answer that is no success. */
export function refusalBody({ type, message, remedy }: InspectorRefusal): { readonly error: { readonly type: string; readonly message: string; readonly remedy?: string } } {
  return { error: { type, message, ...(remedy === undefined ? {} : { remedy }) } };
}

/** Headers of every answer that is no file of the page. */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** The answer to a request that must not reach the inspector at all. */
export function guardRefusal(reason: string): Response {
  return Response.json(refusalBody(new InspectorRefusal(403, "forbidden", reason)), { status: 403, headers: ANSWER_HEADERS });
}

export const refusals = {
  notFound: () => new InspectorRefusal(404, "not_found", "There is nothing here."),
  noConversation: () => new InspectorRefusal(404, "conversation_not_found", "There is no such conversation in this store.", remedyOf("conversation_not_found")),
  noCustomer: () => new InspectorRefusal(404, "customer_not_found", "There is no such customer in this store."),
  unauthorized: () => new InspectorRefusal(401, "unauthorized", "Send the inspector's token: Authorization: Bearer <token>.", "Open the URL that was printed at the start: it has the token behind the #."),
  notJson: () => new InspectorRefusal(415, "unsupported_media_type", "Send Content-Type: application/json."),
  overloaded: () => new InspectorRefusal(503, "overloaded", "The inspector answers too many requests already.", "Try again in a moment."),
  readOnly: () => new InspectorRefusal(403, "forbidden", "This inspector only reads.", 'Beside a dispatcher writing is off unless it is allowed: inspector: { allow: ["write"] }.'),
  noReveal: () => new InspectorRefusal(403, "forbidden", "This inspector shows nothing in clear.", 'Beside a dispatcher it is off unless it is allowed: inspector: { allow: ["reveal"] }.'),
  noTalk: () => new InspectorRefusal(501, "not_available", "There is no platform beside this inspector: calls come from outside.", "Talk to agents in conversimple dev."),
  noReplay: () => new InspectorRefusal(501, "not_available", "Recorded calls are replayed in conversimple dev only."),
  noDesk: () => new InspectorRefusal(501, "not_available", "No process with the agents' code is beside this inspector."),
  noStore: () => new InspectorRefusal(501, "not_available", "The state is in a memory: store, inside of the agents' process: nothing of it can be read from here.", "Run conversimple dev with a store that both processes reach: --store sqlite:<path>, or without --store."),
} as const;
