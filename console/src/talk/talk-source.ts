// What is said in a conversation, as the server shows it: masked, and masked again when more becomes known.
//
//   TS1. Only lines that the server sent are shown. A line that is heard of is shown at once and asked for right after: what
//        has to be hidden in it, or in an earlier one, may have become known since.                                  (P21)

import type { InspectorEvent, TalkEvent } from "../../../src/inspector/api.ts";
import type { Api } from "../lib/api.ts";
import { Store } from "../lib/store.ts";
import { throttled } from "../lib/throttle.ts";
import { mergeTranscript, type KnownLine } from "./transcript-merge.ts";

const AGAIN_MS = 200;

export interface TalkState {
  readonly lines: readonly KnownLine[];
  /** The agent's turn goes on. */
  readonly isTurn: boolean;
  /** The tool that runs for the agent's turn. */
  readonly tool: string | null;
}

export class TalkSource {
  readonly state = new Store<TalkState>({ lines: [], isTurn: false, tool: null });
  readonly #api: Api;
  readonly #id: string;
  readonly #abort = new AbortController();
  readonly #load: () => void;
  #isLive = false;

  constructor(api: Api, conversationId: string) {
    this.#api = api;
    this.#id = conversationId;
    this.#load = throttled(() => this.#loadLines(), AGAIN_MS);
  }

  start(onEvent: (listener: (event: InspectorEvent) => void) => () => void): () => void {
    const stop = onEvent((event) => {
      if (event.type === "reset") this.#missed();
      else if (event.type === "talk" && event.conversationId === this.#id) this.#hear(event.event);
    });
    return () => {
      stop();
      this.#abort.abort();
    };
  }

  /** Something was said on the line: where no events are told, this is how it is known. */
  readonly poke = (): void => this.#loadIfLive();

  /** Whether the call goes on: asks for what was said so far when it does. */
  readonly setLive = (isLive: boolean): void => {
    this.#isLive = isLive;
    this.#loadIfLive();
    if (!isLive) this.state.update((state) => ({ ...state, isTurn: false, tool: null }));
  };

  #hear(event: TalkEvent): void {
    switch (event.type) {
      case "turn_began":
        return this.state.update((state) => ({ ...state, isTurn: true, tool: null }));
      case "turn_ended":
        return this.state.update((state) => ({ ...state, isTurn: false, tool: null }));
      case "turn_called":
        return this.state.update((state) => ({ ...state, tool: event.tool }));
      case "caller_said":
      case "agent_said":
        return this.#said(event);
      case "call_answered":
      case "call_failed":
      case "call_timed_out":
        return this.state.update((state) => ({ ...state, tool: null }));
      default:
        return undefined;
    }
  }

  #said({ type, turn, text, isInterrupted }: TalkEvent & { readonly type: "caller_said" | "agent_said" }): void {
    const line: KnownLine = { isHeard: true, by: type === "caller_said" ? "caller" : "agent", turn, text, at: new Date().toISOString(), ...(isInterrupted ? { isInterrupted } : {}) };
    this.state.update((state) => ({ ...state, lines: [...state.lines, line] }));
    this.#loadIfLive();
  }

  /** The end of a turn may have been missed: nobody thinks for ever. */
  #missed(): void {
    this.state.update((state) => ({ ...state, isTurn: false, tool: null }));
    this.#loadIfLive();
  }

  /** A platform has no transcript of a call that is over. */
  #loadIfLive(): void {
    if (this.#isLive) this.#load();
  }

  async #loadLines(): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return;
    const lines = await this.#api.said(this.#id, signal).catch(() => undefined);
    if (lines) this.state.update((state) => ({ ...state, lines: mergeTranscript(state.lines, lines) }));
  }
}
