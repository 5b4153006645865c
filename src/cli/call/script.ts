// A scripted call: the file, checked before anything is called.
//
//   SC1. What is wrong with a script is told with its path: `calls[2].tool is missing`.

import { readFileSync } from "node:fs";

import { misuse } from "../failure.ts";
import { placeOfMistake } from "./json-mistake.ts";

export interface Step {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly callId?: string;
  /** Deep partial of the result. */
  readonly expect?: unknown;
  /** The type of the error that the call must end with. */
  readonly expectError?: string;
  /** Deep partial of the stored state after the call, by part. */
  readonly expectState?: Readonly<Record<string, unknown>>;
}

export interface Script {
  readonly agent: string;
  readonly conversationId?: string;
  readonly caller?: Readonly<Record<string, unknown>>;
  readonly calls: readonly Step[];
  /** Whether the conversation is ended after the last call. */
  readonly end: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const SCRIPT_FIELDS = ["agent", "conversationId", "caller", "calls", "end"];
const STEP_FIELDS = ["tool", "arguments", "callId", "expect", "expectError", "expectState"];

/** @throws {Failure} The file cannot be read, is not JSON, or is no script (SC1). */
export function readScript(file: string): Script {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    throw wrong(file, (thrown as NodeJS.ErrnoException).code === "ENOENT" ? "it does not exist" : "it cannot be read");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw wrong(file, `it is not JSON${placeOfMistake(thrown)}`);
  }
  return checkScript(file, value);
}

function checkScript(file: string, value: unknown): Script {
  const check = new Check(file);
  const fields = check.object(value, "the script", SCRIPT_FIELDS);
  const { calls, end } = fields;
  if (!Array.isArray(calls) || calls.length === 0) throw wrong(file, "calls must be a list with at least one call");
  if (end !== undefined && typeof end !== "boolean") throw wrong(file, "end must be true or false");
  const conversationId = check.optionalText(fields.conversationId, "conversationId");
  return {
    agent: check.text(fields.agent, "agent"),
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(fields.caller === undefined ? {} : { caller: check.object(fields.caller, "caller") }),
    calls: calls.map((step, index) => checkStep(check, step, `calls[${index}]`)),
    end: end === true,
  };
}

function checkStep(check: Check, value: unknown, path: string): Step {
  const step = check.object(value, path, STEP_FIELDS);
  const callId = check.optionalText(step.callId, `${path}.callId`);
  const expectError = check.optionalText(step.expectError, `${path}.expectError`);
  return {
    tool: check.text(step.tool, `${path}.tool`),
    arguments: step.arguments === undefined ? {} : check.object(step.arguments, `${path}.arguments`),
    ...(callId === undefined ? {} : { callId }),
    ...(step.expect === undefined ? {} : { expect: step.expect }),
    ...(expectError === undefined ? {} : { expectError }),
    ...(step.expectState === undefined ? {} : { expectState: check.object(step.expectState, `${path}.expectState`) }),
  };
}

class Check {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  object(value: unknown, path: string, known?: readonly string[]): Fields {
    if (value === undefined) throw wrong(this.#file, `${path} is missing`);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(this.#file, `${path} must be an object`);
    const stray = known && Object.keys(value).find((key) => !known.includes(key));
    if (stray !== undefined) throw wrong(this.#file, `${path} has the unknown field "${stray.slice(0, 64)}"; known are ${known!.join(", ")}`);
    return value as Fields;
  }

  text(value: unknown, path: string): string {
    if (value === undefined) throw wrong(this.#file, `${path} is missing`);
    if (typeof value !== "string" || value === "") throw wrong(this.#file, `${path} must be a text`);
    return value;
  }

  optionalText(value: unknown, path: string): string | undefined {
    return value === undefined ? undefined : this.text(value, path);
  }
}

function wrong(file: string, what: string): Error {
  return misuse(`The script ${file} cannot be played: ${what}.`, 'A script is { "agent": "shop", "calls": [{ "tool": "add_to_cart", "arguments": {}, "expect": {}, "expectState": {} }], "end": true }');
}
