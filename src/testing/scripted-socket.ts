// A socket in memory, with the weather between its two ends.
//
//   SS1. Nothing is told before `connect` has returned; the close is told once, nothing after it.      (K1, K2)
//   SS2. Frames of one direction keep their order unless the weather lets one be overtaken.
//   SS3. What is on its way when the connection breaks is lost.

import type { Clock } from "../base/clock.ts";
import { parseFrame } from "../wire/frame.ts";
import type { Socket, SocketClosing, SocketEvents } from "../wire/socket.ts";
import type { Direction, Weather } from "./weather.ts";

/** What the platform hears of a socket. */
export interface PlatformEnd {
  onText(text: string): void;
  onClose(): void;
}

export class ScriptedSocket implements Socket {
  readonly #agent: SocketEvents;
  readonly #platform: PlatformEnd;
  readonly #weather: Weather;
  readonly #clock: Clock;
  /** When the last frame of each direction arrives, by the monotonic clock. */
  readonly #frontMs: Record<Direction, number> = { to_agent: 0, to_platform: 0 };
  #isOpen = false;
  #isClosed = false;

  constructor(agent: SocketEvents, platform: PlatformEnd, weather: Weather, clock: Clock) {
    this.#agent = agent;
    this.#platform = platform;
    this.#weather = weather;
    this.#clock = clock;
    queueMicrotask(() => {
      if (this.#isClosed) return;
      this.#isOpen = true;
      agent.onOpen();
    });
  }

  /** The agent's side sends. */
  send(text: string): void {
    this.#pass("to_platform", text, () => this.#platform.onText(text));
  }

  /** The platform's side sends. */
  say(text: string): void {
    this.#pass("to_agent", text, () => this.#agent.onText(text));
  }

  close(code: number, reason: string): void {
    this.end({ code, reason });
  }

  terminate(): void {
    this.end({ code: 1006, reason: "terminated" });
  }

  /** It is over for both (SS1, SS3). */
  end(closing: SocketClosing): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOpen = false;
    queueMicrotask(() => {
      this.#agent.onClose(closing);
      this.#platform.onClose();
    });
  }

  #pass(direction: Direction, text: string, arrive: () => void): void {
    if (!this.#isOpen) return;
    const { delaysMs, isOvertaken, isCut } = this.#weather.decide(direction, eventOf(text));
    const nowMs = this.#clock.monotonic();
    for (const delayMs of delaysMs) {
      const ownMs = nowMs + delayMs;
      const atMs = isOvertaken ? ownMs : Math.max(ownMs, this.#frontMs[direction]);
      if (!isOvertaken) this.#frontMs[direction] = atMs;
      this.#at(atMs - nowMs, () => this.#isOpen && arrive());
    }
    if (isCut) this.#at(0, () => this.end({ code: 1006, reason: "cut" }));
  }

  /** What is not late needs no clock to move. */
  #at(delayMs: number, run: () => void): void {
    if (delayMs <= 0) queueMicrotask(run);
    else this.#clock.after(delayMs, run, { background: true });
  }
}

/** For the record of the weather; what cannot be read has no name. */
function eventOf(text: string): string {
  try {
    const parsed = parseFrame(text);
    return parsed.kind === "frame" ? parsed.frame.event : parsed.message.type;
  } catch {
    return "unreadable";
  }
}
