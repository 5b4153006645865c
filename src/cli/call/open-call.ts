// A call that is open: a conversation on the platform, and the window on its state.
//
// Owns how both are found: by options, by the `dev` that runs in this folder, by the environment.

import { existsSync } from "node:fs";

import { textOf } from "../../base/errors.ts";
import type { ConversationView, RegisteredTool } from "../../platform/conversation.ts";
import { DEV_KEY_PATH, devKey } from "../../platform/dev-key.ts";
import { readRunning } from "../dev/running-file.ts";
import { Failure } from "../failure.ts";
import type { Terminal } from "../terminal.ts";
import { PlatformClient, type Answer } from "./platform-client.ts";
import { StateWindow } from "./state-window.ts";
import type { PartChanges } from "../state/changes.ts";
import type { Parts } from "../../state/history.ts";

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
  readonly ms: number;
  /** What was committed meanwhile. */
  readonly changes: readonly PartChanges[];
}

export class OpenCall {
  readonly platform: PlatformClient;
  readonly conversationId: string;
  readonly agentId: string;
  readonly tools: readonly RegisteredTool[];
  readonly #window: StateWindow | undefined;

  /** Joins a conversation of the platform that an agent serves. */
  static async join(platform: PlatformClient, conversationId: string, terminal: Terminal): Promise<OpenCall> {
    const view = await platform.served(conversationId, (agentId) => terminal.complain(terminal.errorTone("quiet", `waiting for the agent "${agentId}" ...`)));
    const running = readRunning();
    let window: StateWindow | undefined;
    try {
      if (!running || running.url !== platform.url) throw new Failure("its store is not known here");
      window = await StateWindow.open(running.store, conversationId);
    } catch (thrown) {
      terminal.complain(terminal.errorTone("quiet", `The state is not shown: ${textOf(thrown)}`));
    }
    return new OpenCall(platform, view, window);
  }

  private constructor(platform: PlatformClient, view: ConversationView, window: StateWindow | undefined) {
    this.platform = platform;
    this.conversationId = view.conversationId;
    this.agentId = view.agentId;
    this.tools = view.tools;
    this.#window = window;
  }

  async make(tool: string, input: unknown, elapsed: () => number, callId?: string): Promise<Made> {
    const since = elapsed();
    const answer = await this.platform.call(this.conversationId, tool, input, callId);
    const ms = elapsed() - since;
    return { answer, ms, changes: (await this.#window?.news()) ?? [] };
  }

  /** The stored parts; undefined when the state cannot be read from here. */
  async state(): Promise<Parts | undefined> {
    return this.#window && ((await this.#window.parts()) ?? {});
  }

  end(): Promise<void> {
    return this.platform.end(this.conversationId);
  }

  async close(): Promise<void> {
    await this.#window?.close();
  }
}
