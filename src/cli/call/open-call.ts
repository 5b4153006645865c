// A call that is open: a conversation on the platform, and the window on its state.
//
// Owns how both are found: by options, by the `dev` that runs in this folder, by the environment.

import { existsSync } from "node:fs";

import { textOf } from "../../base/errors.ts";
import type { MaskPath } from "../../base/marks.ts";
import type { ConversationView } from "../../platform/conversation.ts";
import type { RegisteredTool } from "../../platform/known-tools.ts";
import type { TurnRecord } from "../../platform/talk/spoken-turn.ts";
import { DEV_KEY_PATH, devKey } from "../../platform/dev-key.ts";
import { readRunning } from "../dev/running-file.ts";
import { Failure } from "../failure.ts";
import { Shown } from "../../base/shown.ts";
import type { Terminal } from "../terminal.ts";
import { PlatformClient, type Answer } from "./platform-client.ts";
import { StateWindow, type News, type Outcomes } from "./state-window.ts";
import type { PartChanges } from "../../state/changes.ts";
import type { StoredParts } from "../state/conversations.ts";

const DEFAULT_PORT = 4_000;

export interface CallOptions {
  readonly url: string | undefined;
  readonly key: string | undefined;
}

/** The platform that the options, the running `dev` or the environment name. */
export function platformOf({ url, key }: CallOptions): PlatformClient {
  const running = readRunning();
  const address = url ?? running?.url ?? `http://127.0.0.1:${process.env.CONVERSIMPLE_PORT || DEFAULT_PORT}`;
  const given = key ?? (process.env.CONVERSIMPLE_API_KEY || undefined);
  if (given === undefined && !existsSync(DEV_KEY_PATH)) {
    if (running) throw new Failure("The conversimple dev of this folder was started with CONVERSIMPLE_API_KEY.", { remedy: "Set CONVERSIMPLE_API_KEY to the same key here." });
    throw new Failure("No conversimple dev was started in this folder, so the key of its platform is not known.", {
      remedy: "Run this in the folder of conversimple dev, or start it here: conversimple dev <paths>. For another platform: --url and --key.",
    });
  }
  const hint = given === undefined ? "dev was started with another key: set CONVERSIMPLE_API_KEY to it here too." : `Give the right one with --key${key === undefined ? ", or unset CONVERSIMPLE_API_KEY" : ""}.`;
  return new PlatformClient(address, given ?? devKey(), hint);
}

/** What a call came to. */
export interface Made {
  readonly answer: Answer;
  /** The result of the answer as it may be shown. */
  readonly shown: Shown;
  readonly ms: number;
  /** What was committed meanwhile. */
  readonly changes: readonly PartChanges[];
  /** How the calls came out, as far as that is known. */
  readonly outcomes: Outcomes;
  /** The tools that are offered now, if they are others than before. */
  readonly offered: readonly string[] | undefined;
}

/** What something that was said came to. */
export interface Spoke extends Pick<Made, "ms" | "changes" | "outcomes" | "offered"> {
  readonly turn: TurnRecord;
}

export class OpenCall {
  readonly platform: PlatformClient;
  readonly conversationId: string;
  readonly agentId: string;
  /** All tools that were offered since this call was joined: a model may have decided a moment ago, and so may a person. */
  readonly known = new Map<string, RegisteredTool>();
  #tools: readonly RegisteredTool[] = [];
  readonly #window: StateWindow | undefined;

  /** Joins a conversation of the platform that an agent serves. */
  static async join(platform: PlatformClient, conversationId: string, terminal: Terminal): Promise<OpenCall> {
    const view = await platform.served(conversationId, (agentId) => terminal.complain(terminal.errorTone("quiet", `waiting for the agent "${agentId}" ...`)));
    const running = readRunning();
    let window: StateWindow | undefined;
    try {
      const store = running?.url === platform.url ? running.store : process.env.CONVERSIMPLE_STORE;
      if (!store) throw new Failure("its store is not known here. Set CONVERSIMPLE_STORE as the agents have it");
      window = await StateWindow.open(store, conversationId);
    } catch (thrown) {
      terminal.complain(terminal.errorTone("quiet", `The state is not shown: ${textOf(thrown)}`));
    }
    return new OpenCall(platform, view, window);
  }

  private constructor(platform: PlatformClient, view: ConversationView, window: StateWindow | undefined) {
    this.platform = platform;
    this.conversationId = view.conversationId;
    this.agentId = view.agentId;
    this.#window = window;
    this.#offered(view.tools);
  }

  /** The tools that are offered now. */
  get tools(): readonly RegisteredTool[] {
    return this.#tools;
  }

  async make(tool: string, input: unknown, elapsed: () => number, callId?: string): Promise<Made> {
    const since = elapsed();
    const answer = await this.platform.call(this.conversationId, tool, input, callId);
    const ms = elapsed() - since;
    const shown = this.shownResult(tool, answer.kind === "result" ? answer.result : undefined);
    return { answer, shown, ms, ...(await this.#news()), offered: await this.look() };
  }

  async say(text: string, elapsed: () => number): Promise<Spoke> {
    const since = elapsed();
    const turn = await this.platform.say(this.conversationId, text);
    const ms = elapsed() - since;
    return { turn, ms, ...(await this.#news()), offered: turn.isOver ? undefined : await this.look() };
  }

  /** Looks at the tools that are offered now; gives their names if they are others than before. */
  async look(): Promise<readonly string[] | undefined> {
    return this.#offered((await this.platform.view(this.conversationId))?.tools ?? this.#tools);
  }

  /** The stored parts; undefined when the state cannot be read from here. */
  async state(): Promise<Pick<StoredParts, "parts" | "clear" | "masks"> | undefined> {
    return this.#window && ((await this.#window.parts()) ?? { parts: {}, clear: {}, masks: {} });
  }

  /** How the calls so far came out. */
  async outcomes(): Promise<Outcomes> {
    return (await this.#window?.outcomes()) ?? new Map();
  }

  async #news(): Promise<News> {
    return (await this.#window?.news()) ?? { changes: [], outcomes: new Map() };
  }

  /** A tool's result as it may be shown: without what the tool's `result` schema marks. */
  shownResult(tool: string, result: unknown): Shown {
    return Shown.masked(result, this.resultMasks(tool));
  }

  resultMasks(tool: string): readonly MaskPath[] {
    return this.known.get(tool)?.resultMasks ?? [];
  }

  /** Takes note of the present tools, and gives their names if they are others than before. */
  #offered(tools: readonly RegisteredTool[]): readonly string[] | undefined {
    const names = tools.map(({ name }) => name);
    const before = this.#tools.map(({ name }) => name);
    this.#tools = tools;
    for (const tool of tools) this.known.set(tool.name, tool);
    return names.join(" ") === before.join(" ") ? undefined : names;
  }

  end(): Promise<void> {
    return this.platform.end(this.conversationId);
  }

  async close(): Promise<void> {
    await this.#window?.close();
  }
}
