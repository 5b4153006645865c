// A tool: what the platform calls.
//
// Owns a tool's declaration and its inner call from another tool. How a call from outside is queued, committed and
// answered is the host's business.
//
//   TO1. An inner call joins the running unit of work: same draft, same commit, no savepoint.
//   TO2. An inner call is validated and guarded like an outer one; a refusal is thrown as RefusedError.
//   TO3. A guard that is not there lets nobody in: a session that is declared below its tool is `undefined` in the tool's
//        options, which is a mistake of the definition and no open door. Nor is a name that means nothing: `require`.

import { ConversimpleError, RefusedError } from "../base/errors.ts";
import { masksOf, type MaskPath } from "../base/marks.ts";
import { optionMistakeText, type OptionNames } from "../base/option-names.ts";
import { isSchema, type Schema } from "../base/schema.ts";
import { refusalOf, type Guard, type Requirement } from "./guard.ts";
import { argumentsError, parametersOf, type ArgumentsOf, type Parameters, type ParametersInput, type ParsedOf } from "./parameters.ts";
import { running, type OnceKey } from "./running.ts";

/** How long a tool may take unless it says otherwise, milliseconds. Source: the platform's own default. */
export const TOOL_TIMEOUT_MS = 30_000;
/** The longest limit a tool can ask for, milliseconds. Source: what fits a 32-bit timer comfortably: one hour. */
const TOOL_TIMEOUT_LIMIT_MS = 3_600_000;

/** What a tool can be told beside its description and parameters. */
export interface ToolOptions<Input = unknown> {
  /** Who may run it: a session, a predicate with a speakable message, or several (all must agree). */
  readonly requires?: Requirement | readonly Requirement[];
  /** The workflow step at which it may run. */
  readonly step?: Guard;
  /** How long it may take, milliseconds, queue time included; 30,000 unless given. */
  readonly timeoutMs?: number;
  /** Runs beside other tools of the conversation; state is read-only, changes go through `this.update`. (P2) */
  readonly parallel?: boolean;
  /**
   * A business key: the second call with the same key gets the first answer, marked `repeated: true`. A key holds as long as the conversation (its last 512 keys), for
   * whoever is logged in where the tool requires a session: put what makes an order a new one into the key. (P5)
   */
  readonly once?: (input: Input) => string;
  /** What it returns; a result that the schema refuses is `result_invalid`, and nothing is committed. */
  readonly result?: Schema;
  /** Phrases by which a caller asks for it. */
  readonly examples?: readonly string[];
  /** The name on the wire; the field's name in snake_case unless given. */
  readonly name?: string;
}

const OPTIONS: OptionNames<ToolOptions> = { requires: true, step: true, timeoutMs: true, parallel: true, once: true, result: true, examples: true, name: true };

const TOOL = Symbol("conversimple.tool");

/** A tool of an agent: call it from another tool and it joins the running unit of work (TO1). */
export interface Tool<Arguments, Result> {
  (...input: ToolInput<Arguments>): Promise<Result>;
  /** @internal */
  readonly [TOOL]: ToolPart;
}

/** Arguments can be left out when none is required. */
type ToolInput<Arguments> = object extends Arguments ? [input?: Arguments] : [input: Arguments];
type NoArguments = Readonly<Record<never, never>>;

type Handler<Input, Result> = (input: Input) => Result;

/** A tool without parameters. */
export function tool<R>(description: string, run: () => R): Tool<NoArguments, Awaited<R>>;
/** A tool with parameters: an object schema or a record of schemas. */
export function tool<const P extends ParametersInput, R>(description: string, parameters: P, run: Handler<ParsedOf<P>, R>): Tool<ArgumentsOf<P>, Awaited<R>>;
/** A tool with parameters and options. */
export function tool<const P extends ParametersInput, R>(
  description: string,
  parameters: P,
  options: ToolOptions<ParsedOf<P>>,
  run: Handler<ParsedOf<P>, R>,
): Tool<ArgumentsOf<P>, Awaited<R>>;
export function tool(description: string, ...rest: readonly unknown[]): Tool<never, unknown> {
  const run = rest.at(-1);
  const parameters = rest.length > 1 ? rest[0] : {};
  const options = rest.length > 2 ? rest[1] : {};
  const part = new ToolPart(description, parameters as ParametersInput, options as ToolOptions<never>, run as Handler<never, unknown>);
  const call = (input?: unknown) => part.callInside(input ?? {});
  return Object.assign(call, { [TOOL]: part });
}

/** Options in the place of the parameters: what is said else would be that a session is no schema. @throws {ConversimpleError} `definition_invalid`. */
function checkPlaces(name: string, input: ParametersInput): void {
  if (typeof input !== "object" || input === null || isSchema(input)) return;
  const option = (["requires", "step", "parallel", "once", "timeoutMs", "examples"] as const).find((each) => Object.hasOwn(input, each) && !isSchema(input[each]));
  if (option === undefined) return;
  throw new ConversimpleError("definition_invalid", `${option} of tool ${name} is an option, and stands where its parameters are. Options come after them, {} for none: tool(description, {}, { ${option}: ... }, run).`, { tool: name, option });
}

/** TO3. @throws {ConversimpleError} `definition_invalid`. */
function checkGuards(name: string, option: "requires" | "step", options: ToolOptions<never>): void {
  if (!Object.hasOwn(options, option)) return;
  const given: unknown = options[option];
  for (const each of option === "requires" && Array.isArray(given) ? (given as readonly unknown[]) : [given]) {
    // A predicate takes nothing; what takes something is a method that was not called.
    if (option === "requires" && typeof each === "function" && each.length === 0) continue;
    if (typeof each === "object" && each !== null && "refusal" in each) continue;
    const why = each === undefined ? "is undefined. Is it declared below the tool? Fields are made from top to bottom: move it above the tool" : typeof each === "function" ? "is a method that was not called. Call it: this.session.within(ms), this.booking.at(\"step\")" : "is neither a guard nor a function";
    throw new ConversimpleError("definition_invalid", `${option} of tool ${name} ${why}.`, { tool: name, option });
  }
}

/** The tool behind a field's value, if it is one. */
export function toolOf(value: unknown): ToolPart | undefined {
  return typeof value === "function" ? (value as Partial<Tool<never, unknown>>)[TOOL] : undefined;
}

/** `addToCart` as the wire spells it: `add_to_cart`. */
export function wireName(field: string): string {
  return field
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** A declared tool. */
export class ToolPart {
  readonly description: string;
  readonly options: ToolOptions<never>;
  readonly #input: ParametersInput;
  readonly #run: Handler<never, unknown>;
  #name = "";
  #parameters: Parameters | undefined;
  #resultMasks: readonly MaskPath[] = [];

  constructor(description: string, input: ParametersInput, options: ToolOptions<never>, run: Handler<never, unknown>) {
    this.description = description;
    this.options = options;
    this.#input = input;
    this.#run = run;
    if (typeof run !== "function") throw new ConversimpleError("definition_invalid", "A tool's last argument is the function that it runs: tool(description, parameters, options, run).");
    if (typeof description !== "string" || description.trim() === "") throw new ConversimpleError("definition_invalid", "A tool needs a description: the model decides by it when to call the tool.");
  }

  /** The name on the wire; "" before the agent is taken over. */
  get name(): string {
    return this.#name;
  }

  get parameters(): Parameters {
    if (!this.#parameters) throw new ConversimpleError("definition_invalid", "A tool was used before its agent was taken over by a host or testAgent().");
    return this.#parameters;
  }

  /** How long it may take, milliseconds. */
  get timeoutMs(): number {
    return this.options.timeoutMs ?? TOOL_TIMEOUT_MS;
  }

  /**
   * Names it and prepares its parameters; again is without effect.
   *
   * @throws {ConversimpleError} `definition_invalid` for a name, a schema or an option that cannot be.
   */
  attach(field: string): void {
    if (this.#parameters) return;
    const name = this.options.name ?? wireName(field);
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) throw new ConversimpleError("definition_invalid", `"${name}" cannot be a tool's name. Use 1 to 64 letters, digits, "_" or "-"; { name: "..." } overrides the field's name.`);
    const mistake = optionMistakeText(this.options, OPTIONS);
    if (mistake !== undefined) throw new ConversimpleError("definition_invalid", `Tool ${name}: ${mistake}.`, { tool: name });
    checkPlaces(name, this.#input);
    const { timeoutMs, result, parallel, once } = this.options;
    if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= TOOL_TIMEOUT_LIMIT_MS)) throw new ConversimpleError("definition_invalid", `timeoutMs of tool ${name} must be more than 0 and at most ${TOOL_TIMEOUT_LIMIT_MS}.`);
    if (result !== undefined && !isSchema(result)) throw new ConversimpleError("definition_invalid", `result of tool ${name} is not a schema.`);
    for (const option of ["requires", "step"] as const) checkGuards(name, option, this.options);
    if (parallel && once) throw new ConversimpleError("definition_invalid", `Tool ${name} is parallel and once: two at the same time would both be the first. Drop one of the two.`);
    this.#name = name;
    this.#parameters = parametersOf(name, this.#input);
    this.#resultMasks = result === undefined ? [] : masksOf(result);
  }

  /** What is masked of its result wherever it is shown: the model and the platform see it as it is. */
  get resultMasks(): readonly MaskPath[] {
    return this.#resultMasks;
  }

  /** All guards, in the order in which they are asked: who first, then when. */
  guards(): readonly Requirement[] {
    const { requires, step } = this.options;
    const listed = requires === undefined ? [] : Array.isArray(requires) ? (requires as readonly Requirement[]) : [requires as Requirement];
    return step ? [...listed, step] : listed;
  }

  /** The business key of a call that its guards let run; undefined when it has none. */
  onceKey(parsed: unknown): OnceKey | undefined {
    const key = this.options.once?.(parsed as never);
    if (key === undefined) return undefined;
    return { tool: this.#name, key, whose: this.whose() ?? "" };
  }

  /** For whom it runs now, where a guard knows. */
  whose(): string | undefined {
    return this.guards().map((guard) => (typeof guard === "function" ? undefined : guard.whose?.())).find((each) => each !== undefined);
  }

  /** Runs the handler with arguments that were parsed. */
  run(parsed: unknown): unknown {
    return this.#run(parsed as never);
  }

  /** TO1, TO2. */
  async callInside(input: unknown): Promise<unknown> {
    const context = running(this.#name === "" ? "A tool" : `The tool ${this.#name}`);
    const parsed = this.parameters.parse(input);
    if (!parsed.ok) throw argumentsError(this.#name, parsed.issues);
    const refusal = await refusalOf(this.guards());
    if (refusal) throw new RefusedError(refusal);
    const key = this.onceKey(parsed.value);
    return key === undefined ? this.run(parsed.value) : context.once(key, () => this.run(parsed.value));
  }
}
