// The errors of the SDK: one root class, a closed set of codes, a remedy in every message.
//
// Owns every code that a caller, a model or a log can see. Knows nothing of stores or tools.
//
//   E1. A message never contains a value of somebody's state, only names, sizes and paths.
//   E2. A code is one snake_case word group, the same in code and on the wire.
//   E3. Match on `code`; `instanceof` fails when two copies of the package are loaded.

/** What went wrong, as one word. The closed list; the docs have the same table. */
export type ErrorCode =
  // The platform's own codes.
  | "tool_not_found"
  | "tool_execution_error"
  | "tool_timeout"
  | "invalid_parameters"
  // State and store.
  | "state_invalid"
  | "state_too_large"
  | "state_unavailable"
  | "state_quarantined"
  | "state_lost"
  | "read_only"
  | "version_conflict"
  | "fenced"
  | "store_misconfigured"
  // Calls.
  | "result_invalid"
  | "call_mismatch"
  | "conversation_not_found"
  | "conversation_ended"
  | "overloaded"
  | "cancelled"
  | "refused"
  | "tool_error"
  // Who calls.
  | "not_authenticated"
  | "not_identified"
  | "already_identified"
  | "customer_forgotten"
  // Misuse by the developer.
  | "no_conversation"
  | "unit_ended"
  | "agent_sealed"
  | "definition_invalid"
  | "move_not_allowed"
  | "option_invalid"
  | "id_invalid"
  // The wire.
  | "connection_refused"
  | "connection_closed"
  | "frame_invalid"
  | "frame_too_large";

/** Facts about an error that are safe to log: names, numbers, paths. Never state. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * Every error that the SDK throws on purpose.
 *
 * Match on {@link ConversimpleError.code}; read {@link ConversimpleError.fields} for the facts.
 */
export class ConversimpleError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.fields = fields;
  }
}

/** The store did not answer, or the outcome of a write is unknown. The same write id may be sent again. */
export class StoreUnavailableError extends ConversimpleError {
  constructor(message: string, fields: ErrorFields = {}, options?: ErrorOptions) {
    super("state_unavailable", message, fields, options);
  }
}

/** Somebody else committed first; nothing was written. */
export class VersionConflictError extends ConversimpleError {
  constructor(owner: string, expected: number, found: number) {
    super(
      "version_conflict",
      `Cannot commit ${owner}: expected version ${expected}, found ${found}. Reload and run the change again.`,
      { owner, expected, found },
    );
  }
}

/** Another process took the conversation over; this one may not write to it any more (P14). */
export class FencedError extends ConversimpleError {
  constructor(owner: string, epoch: number, found: number) {
    super(
      "fenced",
      `Cannot commit ${owner}: this process holds epoch ${epoch}, the store has ${found}. Another process serves it now.`,
      { owner, epoch, found },
    );
  }
}

/** A value was refused by a schema or by the codec when it was written (P7, P8). */
export class StateInvalidError extends ConversimpleError {
  constructor(path: string, reason: string, fields: ErrorFields = {}) {
    super("state_invalid", `${path} ${reason}. The change was not stored.`, { path, reason, ...fields });
  }
}

/** A record would pass its size or depth limit; the old state stays (P9). */
export class StateTooLargeError extends ConversimpleError {
  constructor(message: string, fields: ErrorFields) {
    super("state_too_large", message, fields);
  }
}

/** A stored record cannot be used: corrupt, newer than the code, encrypted with a missing key, or not upgradable (P10). It is kept as it is. */
export class StateQuarantinedError extends ConversimpleError {
  constructor(owner: string, reason: string, fields: ErrorFields = {}, options?: ErrorOptions) {
    super(
      "state_quarantined",
      `The record of ${owner} is quarantined: ${reason}. It is kept as it is. What can be done: conversimple state quarantine show ${typed(owner)} --agents <path>`,
      { owner, reason, ...fields },
      options,
    );
  }
}

/** An owner as a command takes it: a conversation by its id. */
function typed(owner: string): string {
  const name = owner.replace(/^conversation:/, "");
  return /^[\w.:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

/** A guard refused a tool: it is a speakable result, not a failure (P17). */
export class RefusedError extends ConversimpleError {
  /** What the agent answers: `error` is a word, `message` can be said aloud. */
  readonly result: RefusalResult;

  constructor(result: RefusalResult) {
    super("refused", result.message, { error: result.error });
    this.result = result;
  }
}

/** The answer of a refused tool call. */
export interface RefusalResult {
  readonly error: string;
  readonly message: string;
  readonly [detail: string]: unknown;
}

/**
 * Throw it in a tool to say something speakable on purpose. The unit's changes are thrown away, the answer
 * `{ error, message }` is recorded, so a redelivery hears the same.
 */
export class ToolError extends ConversimpleError {
  /** The word in the answer's `error`; `tool_error` unless given. */
  readonly error: string;

  constructor(message: string, options: { error?: string } & ErrorOptions = {}) {
    const error = options.error ?? "tool_error";
    super("tool_error", message, { error }, options);
    this.error = error;
  }
}

/** The text of anything that was thrown. For logs only: it may hold what a user wrote. */
export function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return "a value that cannot be shown";
  }
}

/** The code of an SDK error, also of one from another copy of this package. */
export function codeOf(thrown: unknown): ErrorCode | undefined {
  if (thrown instanceof ConversimpleError) return thrown.code;
  return undefined;
}
