// The brain that asks a language model, through the AI SDK.
//
// Owns the conversation as the model sees it. What is offered, called and said goes through the turn like everybody's.
//
//   MB1. The tools of each step are those that are offered at that moment; a call of another one, or with arguments that the
//        schema refuses, is answered to the model and not made.
//   MB2. Calls of one step run at the same time. Interrupted, the stream is cut; what was said so far and which calls go on is
//        what the model sees next.
//   MB3. What the model is told leaves this process: also a PIN that a tool asks for.

import type * as Ai from "ai";
import type { AssistantContent, ModelMessage, ToolResultPart, ToolSet } from "ai";
import { fits } from "../argument-check.ts";
import { Interruption, type Brain, type BrainFacts, type BrainMaker, type Outcome, type Turn } from "../brain.ts";
import { hideSpelled } from "../spelled-secrets.ts";
import { needed } from "./open-model.ts";

/** What the model brain is made of. */
export interface ModelBrainOptions {
  /** A `LanguageModel` of the AI SDK 7: from {@link openModel}, or of any provider. */
  readonly model: object;
  /** What the model is told about its task, instead of the usual. */
  readonly instructions?: string;
}

/** Steps of one turn: after the last one the model has to speak. */
const MAX_STEPS = 8;
/** Messages that the model is shown; older ones go, whole turns at a time. */
const MAX_MESSAGES = 120;

const INSTRUCTIONS = `You are on the phone with a caller. Speak in short sentences that can be said aloud: no lists, no markup.
Use the tools to do what the caller wants, and ask for what a tool needs. Never make up what a tool would tell.
When a tool's answer has a message, say what it says. The tools that are offered change as the call goes on.`;

type AiSdk = typeof Ai;
type Language = Parameters<AiSdk["streamText"]>[0]["model"];

interface ModelCall {
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
}

/** The brain that asks a model. The package `ai` is loaded with the first conversation. */
export function modelBrain(options: ModelBrainOptions): BrainMaker {
  return async (facts) => new ModelBrain(await needed("ai", () => import("ai")), options, facts);
}

class ModelBrain implements Brain {
  readonly #sdk: AiSdk;
  readonly #model: Language;
  readonly #instructions: string;
  readonly #facts: BrainFacts;
  #messages: ModelMessage[] = [];

  constructor(sdk: AiSdk, { model, instructions }: ModelBrainOptions, facts: BrainFacts) {
    this.#sdk = sdk;
    this.#model = model as Language;
    this.#instructions = instructions ?? INSTRUCTIONS;
    this.#facts = facts;
  }

  async take(turn: Turn): Promise<void> {
    hideSpelled(turn);
    this.#messages = recent(this.#messages);
    this.#messages.push({ role: "user", content: heardAs(turn) });
    for (let step = 1; ; step++) {
      const calls = await this.#speak(turn, step < MAX_STEPS);
      if (calls.length === 0) return;
      await this.#answer(turn, calls);
    }
  }

  /** One step of the model: what it says is said at once; gives what it calls. */
  async #speak(turn: Turn, mayCall: boolean): Promise<readonly ModelCall[]> {
    const tools = mayCall ? toolsOf(turn, this.#sdk) : {};
    const now = this.#facts.now();
    const { fullStream } = this.#sdk.streamText({
      model: this.#model,
      instructions: `${this.#instructions}\nYou speak for the agent "${this.#facts.agentId}". It is ${now.toISOString()}.`,
      messages: this.#messages,
      ...(Object.keys(tools).length > 0 ? { tools } : {}),
      abortSignal: turn.signal,
      maxRetries: 1,
      onError: () => undefined, // it comes with the stream
    });
    let said = "";
    const calls: ModelCall[] = [];
    try {
      for await (const part of fullStream) {
        if (part.type === "error") throw part.error instanceof Error ? part.error : new Error("The model's server failed.");
        if (part.type === "text-delta") {
          said += part.text;
          turn.say(part.text, { isLast: false });
        } else if (part.type === "tool-call") calls.push({ id: part.toolCallId, tool: part.toolName, input: part.input });
      }
    } catch (error) {
      if (!turn.signal.aborted) throw error;
    }
    if (turn.signal.aborted) {
      // A call that was only announced is not made, so the model must not believe that it was.
      if (said !== "") this.#messages.push({ role: "assistant", content: said });
      throw new Interruption();
    }
    if (said !== "") turn.say("", { isLast: true });
    const content: AssistantContent = [...(said === "" ? [] : [{ type: "text" as const, text: said }]), ...calls.map(({ id, tool, input }) => ({ type: "tool-call" as const, toolCallId: id, toolName: tool, input: input ?? {} }))];
    if (content.length > 0) this.#messages.push({ role: "assistant", content });
    return calls;
  }

  /** MB2: each call gets a result, since no server takes a call without one. */
  async #answer(turn: Turn, calls: readonly ModelCall[]): Promise<void> {
    const results = await Promise.allSettled(calls.map((call) => made(turn, call)));
    const content = results.map((result, index): ToolResultPart => {
      const { id, tool } = calls[index]!;
      const value = result.status === "fulfilled" ? result.value : { status: "it still runs; its answer comes later" };
      return { type: "tool-result", toolCallId: id, toolName: tool, output: { type: "text", value: JSON.stringify(value) } };
    });
    this.#messages.push({ role: "tool", content });
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }
}

/** MB1. */
async function made(turn: Turn, { tool, input }: ModelCall): Promise<unknown> {
  const offered = turn.tools().find(({ name }) => name === tool);
  if (!offered) return { error: "tool_not_found", message: `There is no tool ${tool} at this point. Offered: ${turn.tools().map(({ name }) => name).join(", ")}.` };
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  if (!isObject || !fits(offered.parameters, input as Record<string, unknown>)) return { error: "invalid_parameters", message: `The arguments of ${tool} do not fit its schema.` };
  return plain(await turn.call(tool, input as Record<string, unknown>));
}

function plain(outcome: Outcome): unknown {
  if (outcome.kind === "result") return outcome.result;
  return outcome.kind === "error" ? { error: outcome.type, message: outcome.message } : { error: "timeout", message: "No answer came in time." };
}

function toolsOf(turn: Turn, { jsonSchema }: AiSdk): ToolSet {
  return Object.fromEntries(turn.tools().map(({ name, description, parameters, examples }) => {
    const asked = examples ? `${description}. Callers ask for it like this: ${examples.join(" / ")}` : description;
    return [name, { description: asked, inputSchema: jsonSchema(parameters) }];
  }));
}

/** What was heard, as the model reads it. */
function heardAs({ heard, news, heardUpTo }: Turn): string {
  const { kind, text, keys } = heard;
  const notes = [
    ...(heardUpTo === undefined ? [] : [`(The caller spoke over you and heard only: ${JSON.stringify(heardUpTo)})`]),
    ...news.map((outcome) => `(The call of ${outcome.tool} that you began earlier has its answer: ${JSON.stringify(plain(outcome))})`),
    ...(kind === "start" ? ["(The caller is on the line. Greet them in one sentence.)"] : []),
    ...(kind === "news" ? ["(Nobody spoke. Tell the caller about the answer.)"] : []),
    ...(keys === "" ? [] : [`(The caller pressed the keys ${keys})`]),
  ];
  return [...notes, text].filter((each) => each !== "").join("\n");
}

/** The last messages, from a caller's turn on: a tool's result must not stand without its call. */
function recent(messages: readonly ModelMessage[]): ModelMessage[] {
  if (messages.length <= MAX_MESSAGES) return [...messages];
  const last = messages.slice(-MAX_MESSAGES);
  const first = last.findIndex(({ role }) => role === "user");
  return first < 0 ? [] : last.slice(first);
}
