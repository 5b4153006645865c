// A conversation that is spoken: who has the word.
//
// Owns turn-taking between a caller and a brain. Knows no socket, no HTTP and no agent.
//
//   TK1. One turn at a time. What a caller says while one goes on ends it (barge-in) and is the next turn's; what is said before
//        that one began belongs to it too.
//   TK2. A call that a turn began goes on when the turn was interrupted. Its answer is news of the next turn; when somebody
//        listens and nobody speaks, that turn begins by itself.
//   TK3. Every `hear` settles: with its turn's record, also when the conversation ends.

import { MASKED } from "../../base/mask.ts";
import type { Brain, Gesture, Heard, Outcome } from "../brains/brain.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import type { RegisteredTool } from "../known-tools.ts";
import type { PlatformEvent } from "../platform-events.ts";
import { SpokenTurn, type BegunCall, type TurnRecord, type TurnWorld } from "./spoken-turn.ts";
import { Transcript, type SpokenLine } from "./transcript.ts";

/** How long a turn may take, milliseconds; then it is interrupted. */
const TURN_MS = 180_000;
/** How long after a key the next one belongs to it, milliseconds. */
const KEYS_MS = 2_500;
/** Keys that are waited for; more are dropped. */
const MAX_KEYS = 64;

/** Somebody who listens to what the agent says. */
export interface Ear {
  text(token: string, isLast: boolean): void;
  gesture(gesture: Gesture): void;
  /** The conversation is over. */
  over(reason: string): void;
}

/** What a talk needs of the platform. */
export interface TalkPort {
  readonly conversationId: string;
  /** An earlier run of the platform began it: what was said then is not known. */
  readonly isRestored: boolean;
  tools(): readonly RegisteredTool[];
  /** Resolves when tools are registered, or it was waited long enough for them. */
  ready(signal: AbortSignal): Promise<void>;
  begin(turn: number, tool: string, input: Readonly<Record<string, unknown>>, hide: (texts: readonly string[]) => void): BegunCall;
  end(reason: string): Promise<void>;
  now(): Date;
  emit(event: PlatformEvent): void;
  report(error: unknown): void;
}

interface Waiting {
  heard: Heard;
  readonly record: PromiseWithResolvers<TurnRecord>;
}

export class Talk {
  readonly #port: TalkPort;
  readonly #deadlines: Deadlines;
  readonly #ears = new Set<Ear>();
  readonly #transcript = new Transcript();
  #brain: Brain;
  #running: SpokenTurn | undefined;
  #waiting: Waiting | undefined;
  #news: Outcome[] = [];
  #heardUpTo: string | undefined;
  #keys = "";
  #keysAt: Deadline | undefined;
  #turns = 0;
  #isOver = false;

  constructor(port: TalkPort, brain: Brain, deadlines: Deadlines) {
    this.#port = port;
    this.#brain = brain;
    this.#deadlines = deadlines;
  }

  /** Another brain from the next turn on. */
  think(brain: Brain): void {
    this.#brain = brain;
  }

  /** Nobody spoke in it yet, so the one whose line opens may be greeted. */
  get isNew(): boolean {
    return this.#turns === 0 && !this.#port.isRestored;
  }

  /** What was said, masked. */
  lines(): readonly SpokenLine[] {
    return this.#transcript.lines();
  }

  /** Listens from now on; returns a function that stops it. */
  listen(ear: Ear): () => void {
    this.#ears.add(ear);
    this.#tellNews();
    return () => void this.#ears.delete(ear);
  }

  /** The line is open: the brain may greet. */
  start(): Promise<TurnRecord> {
    return this.#hear({ kind: "start", text: "", keys: "" });
  }

  /** The caller said something (TK1). */
  hear(text: string): Promise<TurnRecord> {
    return this.#hear({ kind: "said", text, keys: this.#takeKeys() });
  }

  /** The caller pressed a key; `#` ends a row of them, and so does a pause. */
  press(key: string): void {
    this.interrupt(undefined);
    if (key !== "#" && this.#keys.length < MAX_KEYS) this.#keys += key;
    if (this.#keysAt) this.#deadlines.remove(this.#keysAt);
    const flush = () => {
      this.#keysAt = undefined;
      const keys = this.#takeKeys();
      if (keys !== "") void this.#hear({ kind: "said", text: "", keys });
    };
    if (key === "#") flush();
    else this.#keysAt = this.#deadlines.set(KEYS_MS, flush);
  }

  /** The caller speaks over what is said. @param heardUpTo what of it was heard, when the line knows. */
  interrupt(heardUpTo: string | undefined): void {
    if (heardUpTo !== undefined) this.#heardUpTo = heardUpTo;
    this.#running?.interrupt();
  }

  /** The conversation is over: nobody waits any more (TK3). */
  over(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#takeKeys();
    this.#running?.interrupt();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.record.resolve({ turn: this.#turns + 1, said: [], toolCalls: [], isInterrupted: true, isOver: true });
    for (const ear of this.#ears) ear.over(reason);
    this.#ears.clear();
  }

  #hear(heard: Heard): Promise<TurnRecord> {
    const waiting = this.#waiting;
    if (waiting) {
      waiting.heard = joined(waiting.heard, heard);
      return waiting.record.promise;
    }
    const record = Promise.withResolvers<TurnRecord>();
    this.#waiting = { heard, record };
    if (this.#running) this.#running.interrupt();
    else this.#next();
    return record.promise;
  }

  #next(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return this.#tellNews();
    const turn = new SpokenTurn(++this.#turns, waiting.heard, this.#news, this.#heardUpTo, this.#world);
    this.#news = [];
    this.#heardUpTo = undefined;
    this.#running = turn;
    void this.#run(turn).then((record) => {
      this.#running = undefined;
      waiting.record.resolve(record);
      if (!this.#isOver) this.#next();
    });
  }

  async #run(turn: SpokenTurn): Promise<TurnRecord> {
    const { conversationId } = this.#port;
    this.#port.emit({ type: "turn_began", conversationId, turn: turn.number });
    const limit = this.#deadlines.set(TURN_MS, () => turn.interrupt());
    try {
      await this.#port.ready(turn.signal);
      await this.#brain.take(turn);
    } catch (error) {
      if (!turn.signal.aborted) {
        this.#port.report(error);
        turn.say("Sorry, something went wrong. Please try again.");
      }
    } finally {
      this.#deadlines.remove(limit);
    }
    const { goodbye } = turn;
    const record = turn.finish(this.#isOver || (goodbye !== undefined && !turn.signal.aborted));
    this.#port.emit({ type: "turn_ended", conversationId, turn: turn.number, isInterrupted: record.isInterrupted });
    if (record.isOver && !this.#isOver) await this.#port.end(goodbye ?? "ended").catch((error: unknown) => this.#port.report(error));
    return record;
  }

  /** TK2. */
  #tellNews(): void {
    if (this.#news.length === 0 || this.#running || this.#waiting || this.#ears.size === 0 || this.#isOver) return;
    void this.#hear({ kind: "news", text: "", keys: "" });
  }

  #takeKeys(): string {
    const keys = this.#keys;
    this.#keys = "";
    if (this.#keysAt) this.#deadlines.remove(this.#keysAt);
    this.#keysAt = undefined;
    return keys;
  }

  readonly #world: TurnWorld = {
    tools: () => this.#port.tools(),
    begin: (turn, tool, input) => {
      const begun = this.#port.begin(turn, tool, input, (texts) => this.#transcript.hide(texts));
      this.#port.emit({ type: "turn_called", conversationId: this.#port.conversationId, turn, callId: begun.callId, tool });
      return begun;
    },
    speak: (text, isLast) => {
      for (const ear of this.#ears) ear.text(text, isLast);
    },
    gesture: (gesture) => {
      for (const ear of this.#ears) ear.gesture(gesture);
    },
    hide: (texts) => this.#transcript.hide(texts),
    showCaller: (turn, { text, keys }) => this.#show("caller", turn, [text, keys === "" ? "" : MASKED].filter((each) => each !== "").join(" "), false),
    showAgent: (turn, text, isInterrupted) => this.#show("agent", turn, text, isInterrupted),
    keep: (outcome) => {
      this.#news.push(outcome);
      this.#tellNews();
    },
  };

  #show(by: SpokenLine["by"], turn: number, said: string, isInterrupted: boolean): void {
    const { text } = this.#transcript.add({ by, turn, text: said, at: this.#port.now().toISOString(), ...(isInterrupted ? { isInterrupted } : {}) });
    this.#port.emit({ type: `${by}_said`, conversationId: this.#port.conversationId, turn, text, ...(isInterrupted ? { isInterrupted } : {}) });
  }
}

function joined(first: Heard, second: Heard): Heard {
  const text = [first.text, second.text].filter((each) => each !== "").join(" ");
  return { kind: second.kind === "said" ? "said" : first.kind, text, keys: first.keys + second.keys };
}
