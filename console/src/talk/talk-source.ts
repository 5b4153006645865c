// What is said in a conversation, as the server shows it: masked, and masked again when more becomes known.
//
//   TS1. Only lines that the server sent are shown. A line that is heard of is shown at once and asked for right after: what
//        has to be hidden in it, or in an earlier one, may have become known since.                                  (P21)

import type { InspectorEvent, TalkEvent } from "../../../src/inspector/api.ts";
import type { Api, SaidLine } from "../lib/api.ts";
import { Store } from "../lib/store.ts";
import { throttled } from "../lib/throttle.ts";

const AGAIN_MS = 200;

export interface TalkState {
  readonly lines: readonly SaidLine[];
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

  constructor(api: Api, conversationId: string) {
    this.#api = api;
    this.#id = conversationId;
    this.#load = throttled(() => this.#loadLines(), AGAIN_MS);
  }

  start(onEvent: (listener: (event: InspectorEvent) => void) => () => void): () => void {
    const stop = onEvent((event) => {
      if (event.type === "reset") this.#load();
      else if (event.type === "talk" && event.conversationId === this.#id) this.#hear(event.event);
    });
    this.#load();
    return () => {
      stop();
      this.#abort.abort();
    };
  }

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
    const line: SaidLine = { by: type === "caller_said" ? "caller" : "agent", turn, text, at: new Date().toISOString(), ...(isInterrupted ? { isInterrupted } : {}) };
    this.state.update((state) => ({ ...state, lines: [...state.lines, line] }));
    this.#load();
  }

  async #loadLines(): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return;
    const lines = await this.#api.said(this.#id, signal).catch(() => undefined);
    // A platform that forgot the call says nothing; what was heard stays readable.
    if (lines && (lines.length > 0 || this.state.get().lines.length === 0)) this.state.update((state) => ({ ...state, lines }));
  }
}
