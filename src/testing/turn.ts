// One delivery of a tool call and what came of it.

import type { ErrorCode } from "../base/errors.ts";
import type { Outcome } from "../host/host.ts";
import { expectPartial, type ExpectedState, type StateOf } from "./expected-state.ts";

/** What a tool call was answered with when it was no result. */
export interface TurnError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Names the line in the log, for an exception that is not shown. */
  readonly reference?: string;
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
  /** The answer, read from its JSON; undefined unless the outcome is `result`. */
  readonly result: Result;
  readonly error: TurnError | undefined;
  /** Whether the answer was kept from an earlier delivery. */
  readonly repeated: boolean;
  readonly #stateAfter: () => Readonly<Record<string, unknown>>;

  constructor(delivery: Delivery, outcome: Outcome, stateAfter: () => Readonly<Record<string, unknown>>) {
    this.callId = delivery.callId;
    this.tool = delivery.tool;
    this.arguments = delivery.arguments;
    this.outcome = outcome.kind;
    this.result = (outcome.kind === "result" ? JSON.parse(outcome.json) : undefined) as Result;
    this.error = outcome.kind === "error" ? errorOf(outcome) : undefined;
    this.repeated = outcome.kind === "result" && outcome.repeated;
    this.#stateAfter = stateAfter;
  }

  /** The durable parts as this call left them: a plain copy. */
  get state(): StateOf<A> {
    return this.#stateAfter() as StateOf<A>;
  }

  /** @throws {AssertionError} unless the state after this call has what is expected (a deep partial, by part). */
  expectState(expected: ExpectedState<A>): void {
    // oxlint-disable-next-line typescript/unbound-method -- it is named, not called
    expectPartial(this.state, expected, `After ${this.tool} (${this.callId})${this.error ? `, which failed with ${this.error.code}: ${this.error.message}` : ""}`, this.expectState);
  }
}

function errorOf({ code, message, reference }: Extract<Outcome, { kind: "error" }>): TurnError {
  return { code, message, ...(reference === undefined ? {} : { reference }) };
}
