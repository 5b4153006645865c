// What to do about each error code: for a developer who looks at a call, not for its caller.
//
//   RM1. Every code has one, and docs/errors.md knows every code (tests/inspector/remedies.test.ts).

import type { ErrorCode } from "../base/errors.ts";

const REMEDIES: Readonly<Record<ErrorCode, string>> = {
  tool_not_found: "The name is not one of the agent's tools: they are in snake_case. A tool that was renamed is still known to a model that was told of it before.",
  tool_execution_error: "The tool threw. Its text is in the terminal of conversimple dev, or in the log under the reference; state is as it was before.",
  tool_timeout: "It did not finish in time, the time in the queue included. Raise timeoutMs of the tool, pass its signal on to what it calls, or take slow reads out of the queue: parallel: true.",
  invalid_parameters: "The arguments do not fit the tool's parameters; the handler did not run. The reason names the place. A clearer description of the parameter helps a model.",
  state_invalid: "What was to be stored does not fit the schema of the state, or cannot be stored at all. The reason names the place; nothing was stored.",
  state_too_large: "The state would pass its limit. Store ids, not documents; or raise maxBytes of the part, up to a record of 1 MiB.",
  state_unavailable: "The store did not answer. Look at its server and at the network; what was acknowledged is safe, and calls go on when it is back.",
  state_quarantined: "The stored record cannot be used and is kept as it is. What can be done: conversimple state quarantine show <id> --agents <path>",
  state_lost: "The record, or a kept answer, is gone from the store: it was evicted, deleted or lost in a failover. The call cannot go on. Look at the store's memory policy and its replicas.",
  read_only: "A parallel tool wrote state, logged somebody in or moved a workflow. Drop parallel: true, or do it in another tool.",
  version_conflict: "Somebody else committed first. Load the conversation again and decide anew.",
  fenced: "Another process serves the conversation now; this one stopped in time. Nothing to do, unless it happens often: then look for processes that stall longer than their lease.",
  store_misconfigured: "The message says which setting. Nothing was opened.",
  result_invalid: "What the tool returned is no JSON, is refused by its result schema, or is over 256 KiB. Return less, or plain data.",
  call_mismatch: "The same call id came with another tool or other arguments. A new call needs a new id.",
  conversation_not_found: "There is no such conversation in this store. It was never begun, or its retention time is over.",
  conversation_ended: "The conversation is over. Its state can still be looked at, and forked into a new conversation.",
  overloaded: "Too much waits already, or the process is shutting down. Try again in a moment.",
  cancelled: "The caller gave up before it was done. Nothing was stored.",
  refused: "A guard of the tool said no; its word is the outcome's code. The caller heard the guard's sentence.",
  tool_error: "The tool said no on purpose (ToolError), or a hook did. What it changed was thrown away.",
  not_authenticated: "Nobody is logged in, or their time is over: the session panel says which. A login tool comes first.",
  not_identified: "Customer state was used before identify() was called in this conversation.",
  already_identified: "The conversation belongs to another customer. One call is one person: begin a new conversation.",
  customer_forgotten: "The customer's data was erased less than two days ago; until then nothing is stored under that id.",
  no_conversation: "State was used outside of a handler, for example in a timer or at module level. Use it inside of a tool, a hook or update().",
  unit_ended: "A handler went on with state after it had ended: a promise was not awaited.",
  agent_sealed: "A plain field of the agent was written while it serves all conversations. Declare the field with conversationState or ephemeral.",
  definition_invalid: "The agent, a tool or a schema cannot be as it is declared; the message names the field.",
  move_not_allowed: "The tool moved the workflow to a step that the present one does not lead to. Add the step to `to`, or require the right step.",
  option_invalid: "A setting or a field of the request is not one that there is; the message names it.",
  id_invalid: "An id has 1 to 256 characters and no control characters.",
  connection_refused: "The platform refused the key. Look at CONVERSIMPLE_API_KEY.",
  connection_closed: "The connection to the platform is gone, or it is stopping. Agents connect again by themselves.",
  frame_invalid: "A frame was not understood and was ignored. Are both sides of one version?",
  frame_too_large: "A frame was over 1 MiB. Return less from tools.",
};

/** Words of the SDK's own guards, which stand in an entry beside the codes. */
const REFUSALS: Readonly<Record<string, string>> = {
  reauthentication_required: "The login is older than the tool allows (session.within). The caller has to log in again.",
  already_logged_in: "Somebody else is logged in. Log out first; one call is one person at a time.",
};

/** What to do about a code; undefined for the words of an agent's own guards. */
export function remedyOf(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (Object.hasOwn(REMEDIES, code)) return REMEDIES[code as ErrorCode];
  return Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
}
