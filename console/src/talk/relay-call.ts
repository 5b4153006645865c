// The caller's side of a line: a WebSocket that speaks ConversationRelay.
//
//   RC1. What is said before the line is open is said when it is; what is said while it is lost too, once it is back.
//   RC2. A lost line is opened again, with the same conversation: the platform waits a minute for it. A refused one is not.
//   RC3. `hangUp` ends the call. Leaving the page does not: the socket is lost then, not closed.

import { backoffMs } from "../lib/backoff.ts";
import { Store } from "../lib/store.ts";

/** How a line is. */
export type LineState =
  | { readonly state: "closed" | "connecting" | "open" | "lost" }
  | { readonly state: "over"; readonly reason: string }
  | { readonly state: "refused"; readonly message: string };

/** What a line does with a WebSocket. */
export interface LineSocket {
  readonly send: (text: string) => void;
  readonly close: (code: number) => void;
}

/** What a line hears of its WebSocket. */
export interface SocketListener {
  readonly opened: () => void;
  readonly heard: (data: unknown) => void;
  readonly closed: (code: number) => void;
}

export interface LineWorld {
  readonly connect: (listener: SocketListener) => LineSocket;
  readonly chance: () => number;
  /** Calls back later; returns a function that stops it. */
  readonly later: (run: () => void, ms: number) => () => void;
}

/** Who is called: the parameters of the call. */
export interface LineParameters {
  readonly agent: string;
  readonly conversation: string;
  readonly brain?: string;
}

/** Hears the agent, piece by piece. */
export interface LineListener {
  text(token: string, isLast: boolean): void;
  /** The agent's turn to speak ended before it was through. */
  over(): void;
}

export class RelayCall {
  readonly state = new Store<LineState>({ state: "closed" });
  readonly #world: LineWorld;
  readonly #parameters: LineParameters;
  readonly #waiting: string[] = [];
  listener: LineListener | undefined;
  #socket: LineSocket | undefined;
  #stopWaiting: (() => void) | undefined;
  #failures = 0;
  #refusal: string | undefined;
  #utterance = "";

  constructor(parameters: LineParameters, world: LineWorld) {
    this.#parameters = parameters;
    this.#world = world;
  }

  /** Who is called. */
  get agentId(): string {
    return this.#parameters.agent;
  }

  /** What the agent said of an utterance that is not through; empty between utterances. */
  get utterance(): string {
    return this.#utterance;
  }

  /** Rings, unless the line is there or its call is over. */
  readonly open = (): void => {
    const { state } = this.state.get();
    if (this.#socket || state === "over") return;
    this.#stopWaiting?.();
    this.#refusal = undefined;
    if (state !== "lost") this.state.set({ state: "connecting" });
    const socket = this.#world.connect({
      opened: () => void (this.#socket === socket && this.#opened(socket)),
      heard: (data) => void (this.#socket === socket && this.#heard(data)),
      closed: (code) => void (this.#socket === socket && this.#closed(code)),
    });
    this.#socket = socket;
  };

  readonly say = (text: string): void => this.#send({ type: "prompt", voicePrompt: text, lang: "en-US", last: true });

  readonly press = (digit: string): void => this.#send({ type: "dtmf", digit });

  /** The caller speaks over the agent. @param heard what of the utterance was heard. */
  readonly interrupt = (heard: string): void => {
    this.#utterance = "";
    this.#send({ type: "interrupt", utteranceUntilInterrupt: heard, durationUntilInterruptMs: 0 });
  };

  /** Ends the call (RC3). */
  readonly hangUp = (): void => {
    this.#stopWaiting?.();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
    this.state.set({ state: "over", reason: "hangup" });
  };

  #opened(socket: LineSocket): void {
    const { agent, conversation, brain } = this.#parameters;
    socket.send(JSON.stringify({ type: "setup", sessionId: `page-${conversation}`, direction: "inbound", callType: "page", customParameters: { agent, conversation, ...(brain === undefined ? {} : { brain }) } }));
    for (const frame of this.#waiting.splice(0)) socket.send(frame);
    this.state.set({ state: "open" });
  }

  #send(frame: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(frame);
    if (this.state.get().state === "open") this.#socket?.send(text);
    else {
      // An interruption of what nobody hears is none.
      if (frame.type !== "interrupt") this.#waiting.push(text);
      this.open();
    }
  }

  #heard(data: unknown): void {
    const frame = frameOf(data);
    if (frame.type === "text" && typeof frame.token === "string") {
      const isLast = frame.last === true;
      // A whole answer is a sign that the line works.
      if (isLast) this.#failures = 0;
      this.#utterance = isLast ? "" : this.#utterance + frame.token;
      this.listener?.text(frame.token, isLast);
    } else if (frame.type === "error" && typeof frame.description === "string") this.#refusal = frame.description;
    else if (frame.type === "end") this.#ended(frame.handoffData);
  }

  #ended(handoff: unknown): void {
    const { reason } = frameOf(handoff);
    if (reason === "refused") this.state.set({ state: "refused", message: this.#refusal ?? "The line was refused." });
    else this.state.set({ state: "over", reason: typeof reason === "string" ? reason : "ended" });
    this.listener?.over();
  }

  /** RC2. */
  #closed(code: number): void {
    this.#socket = undefined;
    this.#utterance = "";
    this.listener?.over();
    const { state } = this.state.get();
    if (state === "over" || state === "refused") return;
    if (code === 1008) return this.state.set({ state: "refused", message: this.#refusal ?? "The line was refused." });
    if (code === 1000) return this.state.set({ state: "over", reason: "ended" });
    this.state.set({ state: "lost" });
    this.#stopWaiting = this.#world.later(this.open, backoffMs(this.#failures++, this.#world.chance()));
  }
}

function frameOf(text: unknown): Readonly<Record<string, unknown>> {
  try {
    const frame: unknown = JSON.parse(String(text));
    return typeof frame === "object" && frame !== null ? (frame as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
