// A scripted call: who says what, which tool that comes to, and what is expected. One format for `conversimple call --script`,
// which plays the caller, and for the brain `script`, which plays the agent.
//
//   SC1. What is wrong with a script is told with its path: `calls[2].tool is missing`.

import { ConversimpleError } from "../../base/errors.ts";

/** One step; it has `say`, `tool` or something for the line. */
export interface Step {
  /** What the caller says. */
  readonly say?: string;
  /** The tool that is called: by the script, or by the agent when somebody says something. */
  readonly tool?: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly callId?: string;
  /** What the agent says, instead of the tool's result. */
  readonly answer?: string;
  /** What is played, pressed or switched on the caller's line. */
  readonly play?: string;
  readonly sendDigits?: string;
  readonly language?: string;
  /** Deep partial of the result. */
  readonly expect?: unknown;
  /** The type of the error that the call must end with. */
  readonly expectError?: string;
  /** What the agent must have said among other things. */
  readonly expectSaid?: string;
  /** Deep partial of the stored state after the call, by part. */
  readonly expectState?: Readonly<Record<string, unknown>>;
}

/** A scripted call. */
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
const STEP_TEXTS = ["say", "tool", "callId", "answer", "play", "sendDigits", "language", "expectError", "expectSaid"] as const;
const STEP_FIELDS = [...STEP_TEXTS, "arguments", "expect", "expectState"];

/** @throws {ConversimpleError} `option_invalid`: it is no script (SC1). */
export function checkedScript(value: unknown): Script {
  const fields = object(value, "the script", SCRIPT_FIELDS);
  const { calls, end } = fields;
  if (!Array.isArray(calls) || calls.length === 0) throw wrong("calls must be a list with at least one call");
  if (end !== undefined && typeof end !== "boolean") throw wrong("end must be true or false");
  return {
    agent: text(fields.agent, "agent"),
    ...(fields.conversationId === undefined ? {} : { conversationId: text(fields.conversationId, "conversationId") }),
    ...(fields.caller === undefined ? {} : { caller: object(fields.caller, "caller") }),
    calls: calls.map((step, index) => checkedStep(step, `calls[${index}]`)),
    end: end === true,
  };
}

function checkedStep(value: unknown, path: string): Step {
  const step = object(value, path, STEP_FIELDS);
  const texts = Object.fromEntries(STEP_TEXTS.filter((name) => step[name] !== undefined).map((name) => [name, text(step[name], `${path}.${name}`)]));
  const isSilent = !["say", "answer", "play", "sendDigits", "language"].some((name) => name in texts);
  if (isSilent && texts.tool === undefined) throw wrong(`${path}.tool is missing`);
  if (texts.expectSaid !== undefined && texts.say === undefined) throw wrong(`${path}.expectSaid needs a say in the same step`);
  return {
    ...texts,
    arguments: step.arguments === undefined ? {} : object(step.arguments, `${path}.arguments`),
    ...(step.expect === undefined ? {} : { expect: step.expect }),
    ...(step.expectState === undefined ? {} : { expectState: object(step.expectState, `${path}.expectState`) }),
  };
}

function object(value: unknown, path: string, known?: readonly string[]): Fields {
  if (value === undefined) throw wrong(`${path} is missing`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`${path} must be an object`);
  const stray = known && Object.keys(value).find((key) => !known.includes(key));
  if (stray !== undefined) throw wrong(`${path} has the unknown field "${stray.slice(0, 64)}"; known are ${known!.join(", ")}`);
  return value as Fields;
}

function text(value: unknown, path: string): string {
  if (value === undefined) throw wrong(`${path} is missing`);
  if (typeof value !== "string" || value === "") throw wrong(`${path} must be a text`);
  return value;
}

function wrong(what: string): ConversimpleError {
  return new ConversimpleError("option_invalid", what);
}
