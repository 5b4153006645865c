// One caller's line: a WebSocket that speaks ConversationRelay, and the talk behind it.
//
//   RL1. Nothing happens before `setup`; a second one is an error. A line that says no `setup` is closed.
//   RL2. The line's end is the call's end: closed as it should be, the conversation ends at once. Lost, it waits a minute for the
//        caller to come back with its id.
//   RL3. What is wrong with a frame is answered by `error`, and the line goes on. Too much of that closes it.
//   RL4. What a line sends and does not read is bounded.
//   RL5. A line whose other end answers no ping is lost: a network that goes away says nothing.

import type { WebSocket } from "ws";

import { ConversimpleError } from "../../base/errors.ts";
import type { Gesture } from "../brains/brain.ts";
import type { Deadline, Deadlines } from "../deadlines.ts";
import { MAX_SAID } from "../requests.ts";
import type { Ear, Talk } from "../talk/talk.ts";
import { endFrame, gestureFrame, MAX_RELAY_FRAME, readFrame, textFrame, type RelayFrame } from "./relay-frames.ts";

/** How long a line may take to say `setup`, milliseconds. */
const SETUP_MS = 10_000;
/** How often a line is pinged; what was not answered by the next one is not answered any more. Milliseconds. */
const PING_MS = 30_000;
/** Frames that cannot be used before the line is closed. */
const MAX_MISTAKES = 20;
const OPEN = 1;

/** What opens a line: the agent of the address, and the parameters of the call. */
export interface LineWish {
  readonly parameters: Readonly<Record<string, string>>;
  /** A hint about who calls. */
  readonly call: Readonly<Record<string, string>>;
}

/** The conversation that a line is for. */
export interface LineCall {
  readonly conversationId: string;
  readonly talk: Talk;
}

/** What a line needs of the platform. */
export interface LineWorld {
  readonly deadlines: Deadlines;
  readonly maxBufferedBytes: number;
  /** @throws {PlatformRefusal} There is no such agent or conversation. */
  open(wish: LineWish): Promise<LineCall>;
  /** The caller hung up (`isClean`) or was lost (RL2). */
  left(conversationId: string, isClean: boolean): void;
  report(error: unknown): void;
}

export class RelayLine implements Ear {
  readonly #socket: WebSocket;
  readonly #world: LineWorld;
  readonly #setupLimit: Deadline;
  #state: "new" | "opening" | "open" | "over" = "new";
  #call: LineCall | undefined;
  #stopListening: (() => void) | undefined;
  /** Frames that came while the conversation was opened. */
  readonly #early: RelayFrame[] = [];
  #mistakes = 0;
  #ping: Deadline;
  #isHeard = true;

  constructor(socket: WebSocket, world: LineWorld) {
    this.#socket = socket;
    this.#world = world;
    this.#setupLimit = world.deadlines.set(SETUP_MS, () => this.#refuse("No setup came."));
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#receive(isBinary || data.length > 4 * MAX_RELAY_FRAME ? undefined : data.toString("utf8")));
    this.#ping = this.#nextPing();
    socket.on("pong", () => (this.#isHeard = true));
    socket.on("close", (code) => this.#gone(code === 1000 || code === 1005));
    socket.on("error", () => undefined); // "close" follows
  }

  text(token: string, isLast: boolean): void {
    this.#send(textFrame(token, isLast));
  }

  gesture(gesture: Gesture): void {
    this.#send(gestureFrame(gesture));
  }

  over(reason: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#world.deadlines.remove(this.#setupLimit);
    this.#stopListening?.();
    if (reason !== "stopping") this.#send(endFrame(this.#call?.conversationId, reason));
    this.#socket.close(reason === "stopping" ? 1001 : 1000, reason === "stopping" ? "the platform is stopping" : "the conversation is over");
  }

  /** The platform stops: the caller can come back. */
  close(): void {
    this.over("stopping");
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #receive(text: string | undefined): void {
    if (this.#state === "over") return;
    const frame: RelayFrame = text === undefined ? { kind: "malformed", reason: "it is too long or not text" } : readFrame(text);
    if (frame.kind === "malformed") return this.#mistake(frame.reason);
    if (frame.kind === "unknown") return this.#mistake("its type is not known");
    if (frame.kind === "setup") return this.#state === "new" ? void this.#setup(frame) : this.#mistake("setup came before");
    if (this.#state === "open") return this.#handle(frame);
    if (this.#state === "new") return this.#mistake("setup must come first");
    if (this.#early.length < MAX_MISTAKES) this.#early.push(frame);
  }

  async #setup(wish: LineWish): Promise<void> {
    this.#state = "opening";
    this.#world.deadlines.remove(this.#setupLimit);
    try {
      this.#call = await this.#world.open(wish);
    } catch (error) {
      if (!(error instanceof ConversimpleError)) this.#world.report(error);
      return this.#refuse(error instanceof ConversimpleError ? error.message : "The conversation could not begin.");
    }
    const { talk, conversationId } = this.#call;
    // Hung up meanwhile.
    if (this.#socket.readyState !== OPEN) return this.#world.left(conversationId, true);
    this.#state = "open";
    this.#stopListening = talk.listen(this);
    if (talk.isNew) this.#settled(talk.start());
    for (const frame of this.#early.splice(0)) this.#handle(frame);
  }

  #handle(frame: RelayFrame): void {
    const { talk } = this.#call!;
    if (frame.kind === "interrupt") return talk.interrupt(frame.heardUpTo);
    if (frame.kind === "dtmf") return /[A-D]/.test(frame.digit) ? undefined : talk.press(frame.digit);
    if (frame.kind !== "prompt") return;
    // What is heard so far comes again with the last: it only tells that somebody speaks.
    if (!frame.isLast) return talk.interrupt(undefined);
    const said = frame.text.trim();
    if (said.length > MAX_SAID) return this.#mistake("more was said than can be understood at once");
    if (said !== "") this.#settled(talk.hear(said));
  }

  #settled(turn: Promise<unknown>): void {
    turn.catch((error: unknown) => this.#world.report(error));
  }

  /** RL3. */
  #mistake(reason: string): void {
    this.#mistakes += 1;
    if (this.#mistakes > MAX_MISTAKES) return this.#refuse("Too many frames could not be used.");
    this.#send(JSON.stringify({ type: "error", description: `A frame was not used: ${reason}.` }));
  }

  #refuse(description: string): void {
    if (this.#state === "over") return;
    this.#send(JSON.stringify({ type: "error", description }));
    this.#send(endFrame(this.#call?.conversationId, "refused"));
    this.#socket.close(1008, "refused");
  }

  #send(text: string): void {
    if (this.#socket.readyState !== OPEN) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > this.#world.maxBufferedBytes) this.#socket.terminate();
  }

  /** RL5. */
  #nextPing(): Deadline {
    return this.#world.deadlines.set(PING_MS, () => {
      if (!this.#isHeard) return this.#socket.terminate();
      this.#isHeard = false;
      this.#socket.ping();
      this.#ping = this.#nextPing();
    });
  }

  #gone(isClean: boolean): void {
    this.#world.deadlines.remove(this.#setupLimit);
    this.#world.deadlines.remove(this.#ping);
    this.#stopListening?.();
    if (this.#state === "open" && this.#call) {
      this.#call.talk.interrupt(undefined);
      this.#world.left(this.#call.conversationId, isClean);
    }
    this.#state = "over";
  }
}
