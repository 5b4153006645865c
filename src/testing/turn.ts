// One delivery of a tool call and what came of it.

import { ConversimpleError, textOf, type ErrorCode } from "../base/errors.ts";
import { causeOfOutcome } from "../host/failure-cause.ts";
import type { Outcome } from "../host/host.ts";
import { expectParts, type ExpectedState, type StateOf } from "./expected-state.ts";

/** What a tool call was answered with when it was no result. */
export interface TurnError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Names the line in the log, for an exception that is not shown. */
  readonly reference?: string;
  /** What was thrown, by the tool or for it. No caller sees it; a test may. */
  readonly cause: unknown;
}

/** What was delivered. */
export interface Delivery {
  readonly callId: string;
  /** The tool's name on the wire. */
  readonly tool: string;
  /** The arguments as they are after JSON. */
  readonly arguments: unknown;
}

/** A tool call as a test sees it. A refusal and a `ToolError` are results, as on the wire. */
export class Turn<A, Result = unknown> {
  readonly callId: string;
  readonly tool: string;
  readonly arguments: unknown;
  /** `gone`: the process died, or another one serves the conversation; no answer was given. */
  readonly outcome: Outcome["kind"];
  /**
   * The answer, read from its JSON.
   *
   * @throws {ConversimpleError} when the outcome is no `result`: it says what failed, and its `cause` is what was thrown.
   */
  declare readonly result: Result;
  readonly error: TurnError | undefined;
  /** Whether the answer was kept from an earlier delivery. */
  readonly repeated: boolean;
  readonly #stateAfter: () => Readonly<Record<string, unknown>>;

  constructor(delivery: Delivery, outcome: Outcome, stateAfter: () => Readonly<Record<string, unknown>>) {
    this.callId = delivery.callId;
    this.tool = delivery.tool;
    this.arguments = delivery.arguments;
    this.outcome = outcome.kind;
    this.error = outcome.kind === "error" ? errorOf(outcome) : undefined;
    this.repeated = outcome.kind === "result" && outcome.repeated;
    this.#stateAfter = stateAfter;
    // Not enumerable when there is none: printing a turn must not throw.
    const result: PropertyDescriptor = outcome.kind === "result" ? { value: JSON.parse(outcome.json) as unknown, enumerable: true } : { get: () => this.#noResult() };
    Object.defineProperty(this, "result", result);
  }

  /** The durable parts as this call left them: a plain copy. */
  get state(): StateOf<A> {
    return this.#stateAfter();
  }

  /** @throws {AssertionError} unless the state after this call has what is expected (a deep partial, by part). */
  expectState(expected: ExpectedState<A>): void {
    // oxlint-disable-next-line typescript/unbound-method -- it is named, not called
    expectParts(this.state, expected, `After ${this.error ? this.#failed(this.error, ", which") : `${this.tool} (${this.callId})`}`, this.expectState);
  }

  #noResult(): never {
    if (this.error) throw new ConversimpleError(this.error.code, `There is no result: ${this.#failed(this.error)}`, {}, { cause: this.error.cause });
    throw new ConversimpleError("cancelled", `There is no result: ${this.tool} (${this.callId}) was not answered. Its process died, or another one serves the conversation.`);
  }

  /** A sentence for whoever reads a failed test. A reference leads to the cause, so that is said in its place. */
  #failed({ code, message, reference, cause }: TurnError, link = ""): string {
    const kind = cause instanceof Error && cause.name !== "Error" ? `${cause.name}: ` : "";
    return `${this.tool} (${this.callId})${link} failed with ${code}: ${reference === undefined ? message : `${kind}${textOf(cause)}`}`;
  }
}

function errorOf(outcome: Extract<Outcome, { kind: "error" }>): TurnError {
  const { code, message, reference } = outcome;
  return { code, message, ...(reference === undefined ? {} : { reference }), cause: causeOfOutcome(outcome) };
}
