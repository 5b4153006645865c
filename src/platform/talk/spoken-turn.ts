// One turn while it goes on: the brain's hands.
//
//   ST1. After the abort nothing of the turn is heard any more, and its calls throw; what they called goes on.
//   ST2. An answer that the brain got and had no time to speak of is not lost: it is news of the next turn.
//   ST3. The caller's line is shown before the first output, so after everything that hides a part of it.  (P21)

import { Interruption, type Gesture, type Heard, type Outcome, type Turn } from "../brains/brain.ts";
import type { RegisteredTool } from "../known-tools.ts";

/** A call of a turn, as it is shown: masked. */
export interface TurnCall {
  readonly callId: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly status: "unanswered" | "answered" | "failed";
  readonly result?: unknown;
  readonly error?: { readonly type: string; readonly message: string };
}

/** What a turn came to. */
export interface TurnRecord {
  readonly turn: number;
  /** What the agent said, utterance by utterance: for the caller, so in clear. */
  readonly said: readonly string[];
  readonly toolCalls: readonly TurnCall[];
  /** The caller spoke over it; calls may still run. */
  readonly isInterrupted: boolean;
  /** The conversation is over. */
  readonly isOver: boolean;
}

/** A call that was begun. */
export interface BegunCall {
  readonly callId: string;
  /** As it is shown now; later it has its answer. */
  view(): TurnCall;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** What a turn needs of its talk. */
export interface TurnWorld {
  tools(): readonly RegisteredTool[];
  begin(turn: number, tool: string, input: Readonly<Record<string, unknown>>): BegunCall;
  /** What is said goes to the caller's line. */
  speak(text: string, isLast: boolean): void;
  gesture(gesture: Gesture): void;
  hide(texts: readonly string[]): void;
  /** The caller's line may be shown now. */
  showCaller(turn: number, heard: Heard): void;
  /** An utterance is complete. */
  showAgent(turn: number, text: string, isInterrupted: boolean): void;
  /** An answer that nobody spoke of. */
  keep(outcome: Outcome): void;
}

export class SpokenTurn implements Turn {
  readonly number: number;
  readonly heard: Heard;
  readonly news: readonly Outcome[];
  readonly heardUpTo: string | undefined;
  readonly #world: TurnWorld;
  readonly #abort = new AbortController();
  readonly #said: string[] = [];
  readonly #calls: BegunCall[] = [];
  #utterance = "";
  #isCallerShown = false;
  /** Answers that the brain has and did not speak of yet (ST2). */
  #unspoken: Outcome[] = [];
  #goodbye: string | undefined;

  constructor(number: number, heard: Heard, news: readonly Outcome[], heardUpTo: string | undefined, world: TurnWorld) {
    this.number = number;
    this.heard = heard;
    this.news = news;
    this.heardUpTo = heardUpTo;
    this.#world = world;
    this.#unspoken = [...news];
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Why the conversation is to end after this turn. */
  get goodbye(): string | undefined {
    return this.#goodbye;
  }

  tools(): readonly RegisteredTool[] {
    return this.#world.tools();
  }

  async call(tool: string, input: Readonly<Record<string, unknown>>): Promise<Outcome> {
    if (this.signal.aborted) throw new Interruption();
    const begun = this.#world.begin(this.number, tool, input);
    this.#showCaller();
    this.#calls.push(begun);
    return new Promise((resolve, reject) => {
      const leave = () => reject(new Interruption());
      this.signal.addEventListener("abort", leave, { once: true });
      void begun.outcome.then((outcome) => {
        if (this.signal.aborted) return this.#world.keep(outcome);
        this.signal.removeEventListener("abort", leave);
        this.#unspoken.push(outcome);
        resolve(outcome);
      });
    });
  }

  say(text: string, { isLast = true }: { readonly isLast?: boolean } = {}): void {
    if (this.signal.aborted || (text === "" && this.#utterance === "")) return;
    this.#showCaller();
    this.#unspoken = [];
    this.#utterance += text;
    this.#world.speak(text, isLast);
    if (isLast) this.#endUtterance(false);
  }

  gesture(gesture: Gesture): void {
    if (this.signal.aborted) return;
    this.#showCaller();
    this.#world.gesture(gesture);
  }

  hide(...texts: readonly string[]): void {
    this.#world.hide(texts);
  }

  hangUp(reason: string): void {
    this.#goodbye = reason;
  }

  /** The caller speaks over it (ST1, ST2). */
  interrupt(): void {
    if (this.signal.aborted) return;
    const isSpeaking = this.#utterance !== "";
    this.#abort.abort(new Interruption());
    for (const outcome of this.#unspoken) this.#world.keep(outcome);
    this.#unspoken = [];
    if (!isSpeaking) return;
    this.#world.speak("", true);
    this.#endUtterance(true);
  }

  /** The brain is done. */
  finish(isOver: boolean): TurnRecord {
    this.#showCaller();
    if (this.#utterance !== "") {
      this.#world.speak("", true);
      this.#endUtterance(false);
    }
    return { turn: this.number, said: this.#said, toolCalls: this.#calls.map((call) => call.view()), isInterrupted: this.signal.aborted, isOver };
  }

  #endUtterance(isInterrupted: boolean): void {
    const text = this.#utterance.trim();
    this.#utterance = "";
    if (text === "") return;
    this.#said.push(text);
    this.#world.showAgent(this.number, text, isInterrupted);
  }

  #showCaller(): void {
    if (this.#isCallerShown) return;
    this.#isCallerShown = true;
    if (this.heard.kind === "said") this.#world.showCaller(this.number, this.heard);
  }
}
