// A turn without a conversation: the tools are given, calls are remembered, answers are made up.

import type { Brain, Outcome, Turn } from "../../../src/platform/brains/brain.ts";
import type { RegisteredTool } from "../../../src/platform/known-tools.ts";

export interface Called {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** What was offered at that moment. */
  readonly offered: readonly string[];
}

/** A tool as an agent registers it. */
export function tool(name: string, description: string, properties: Record<string, object> = {}, more: { required?: string[]; examples?: string[] } = {}): RegisteredTool {
  const { required = Object.keys(properties), examples } = more;
  return { name, description, parameters: { type: "object", properties, required, additionalProperties: false }, ...(examples ? { examples } : {}) };
}

/** Speaks with a brain. `tools` is asked anew at every look; `answer` says what a call comes to. */
export class FakeTalk {
  readonly calls: Called[] = [];
  readonly hidden: string[] = [];
  readonly #brain: Brain;
  readonly #tools: () => readonly RegisteredTool[];
  readonly #answer: (call: Called) => unknown;

  constructor(brain: Brain, tools: readonly RegisteredTool[] | (() => readonly RegisteredTool[]), answer: (call: Called) => unknown = () => ({ success: true })) {
    this.#brain = brain;
    this.#tools = typeof tools === "function" ? tools : () => tools;
    this.#answer = answer;
  }

  /** Says something; gives what the brain said. */
  async say(text: string, keys = ""): Promise<string> {
    const said: string[] = [];
    const turn: Turn = {
      heard: { kind: "said", text, keys },
      news: [],
      heardUpTo: undefined,
      signal: new AbortController().signal,
      tools: this.#tools,
      call: async (name, input): Promise<Outcome> => {
        const called = { tool: name, input, offered: this.#tools().map((each) => each.name) };
        this.calls.push(called);
        return { kind: "result", tool: name, result: await this.#answer(called) };
      },
      say: (piece) => void said.push(piece),
      gesture: () => undefined,
      hide: (...texts) => void this.hidden.push(...texts),
      hangUp: () => undefined,
    };
    await this.#brain.take(turn);
    return said.join(" ");
  }

  /** The arguments of the only call since the last look. */
  took(): Readonly<Record<string, unknown>> | undefined {
    const [only, ...more] = this.calls.splice(0);
    if (more.length > 0) throw new Error("more than one call");
    return only?.input;
  }
}
