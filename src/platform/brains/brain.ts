// The brain port: what decides, turn by turn, what the agent says and which tools it calls.
//
// Owns the contract between a conversation that is spoken and whatever thinks in it. A brain knows no host, no wire and
// no caller's line; it sees the tools that are offered now, and gets answers.
//
//   BR1. One brain serves one conversation, one turn at a time. What it remembers is in memory and goes with the conversation.
//   BR2. When the caller speaks while a turn goes on, the turn's signal aborts: nothing that it says is heard any more, and
//        `call` throws. The tool runs on; its answer comes as news in a later turn.
//   BR3. Whoever takes a secret out of what was said hides the words before anything else is done: the caller's line is shown
//        to watchers from the first output on.                                                    (P21)

import type { RegisteredTool } from "../known-tools.ts";

/** What a caller did. */
export interface Heard {
  /** `start`: the line is open, nobody spoke. `said`: words or keys. `news`: nobody spoke, an earlier call has its answer. */
  readonly kind: "start" | "said" | "news";
  /** What was said; "" when nothing was. */
  readonly text: string;
  /** Keys that were pressed: 0 to 9, `*`; "" when none were. */
  readonly keys: string;
}

/** What became of a tool call. */
export type Outcome =
  | { readonly kind: "result"; readonly tool: string; readonly result: unknown }
  | { readonly kind: "error"; readonly tool: string; readonly type: string; readonly message: string }
  /** No answer came in time; one may still come, and is lost then. */
  | { readonly kind: "timeout"; readonly tool: string };

/** Something for the caller's line beside words. */
export type Gesture =
  | { readonly kind: "play"; readonly source: string }
  | { readonly kind: "digits"; readonly digits: string }
  | { readonly kind: "language"; readonly language: string };

/** One turn: what was heard, and what can be done about it. */
export interface Turn {
  readonly heard: Heard;
  /** Answers of calls that an earlier turn began and nobody heard of yet. */
  readonly news: readonly Outcome[];
  /** What the caller heard of the last utterance before speaking over it, when the line told. */
  readonly heardUpTo: string | undefined;
  /** Aborts when the caller speaks over this turn, hangs up, or the conversation ends (BR2). */
  readonly signal: AbortSignal;
  /** The tools that are offered now; another list after a call that changed it. */
  tools(): readonly RegisteredTool[];
  /**
   * Calls a tool and waits for what becomes of it.
   *
   * @throws {Interruption} The turn is over; the call goes on (BR2).
   */
  call(tool: string, input: Readonly<Record<string, unknown>>): Promise<Outcome>;
  /** Says a piece; an utterance ends with the piece that is last, as every piece is unless told otherwise. */
  say(text: string, options?: { readonly isLast?: boolean }): void;
  /** Does something else than speaking on the caller's line. */
  gesture(gesture: Gesture): void;
  /** Words of what was heard that watchers must not see (BR3). */
  hide(...texts: readonly string[]): void;
  /** Ends the conversation after this turn. */
  hangUp(reason: string): void;
}

/** Decides what is said and called in one conversation. */
export interface Brain {
  /** Resolves when the turn is over. An {@link Interruption} may be thrown on; anything else is reported. */
  take(turn: Turn): Promise<void>;
}

/** What a brain is made for. */
export interface BrainFacts {
  readonly conversationId: string;
  readonly agentId: string;
  /** The clock of the platform: "tomorrow" is counted from here. */
  readonly now: () => Date;
}

/** Makes the brain of one conversation. */
export type BrainMaker = (facts: BrainFacts) => Brain | Promise<Brain>;

/** The caller spoke over a turn: what waits in it is given up, what it called goes on. */
export class Interruption extends Error {
  override readonly name = "Interruption";

  constructor() {
    super("The turn is over: the caller spoke over it, hung up, or the conversation ended.");
  }
}
