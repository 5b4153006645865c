// The weather between a platform and its agents: which frame is lost, late, doubled or overtaken, from a seed.
//
//   WE1. Every decision comes from the seed and is recorded; the same seed and the same frames give the same ones.
//   WE2. Each frame draws the same count of numbers, so that one decision does not move the others.

import { seededRandom } from "./seeded-random.ts";

/** How likely each misfortune of a frame is, from 0 to 1; 0 unless given. */
export interface WeatherOptions {
  /** From which everything is drawn; 1 unless given. */
  readonly seed?: number;
  /** The frame never arrives. */
  readonly drop?: number;
  /** It arrives late, and what is behind it too. */
  readonly delay?: number;
  /** It arrives twice. */
  readonly repeat?: number;
  /** It arrives late, and what is behind it overtakes it. */
  readonly reorder?: number;
  /** The connection breaks right after it. */
  readonly cut?: number;
  /** The longest delay, milliseconds; 1,000 unless given. */
  readonly maxDelayMs?: number;
}

/** Which way a frame goes. */
export type Direction = "to_agent" | "to_platform";

/** What becomes of one frame. */
export interface Fate {
  /** Milliseconds until each arrival; none when it is dropped. */
  readonly delaysMs: readonly number[];
  /** Whether what is behind it may overtake it. */
  readonly isOvertaken: boolean;
  readonly isCut: boolean;
}

/** A frame whose fate was not the usual one. */
export interface WeatherDecision {
  /** The how-manieth frame it was, from 1. */
  readonly frame: number;
  readonly direction: Direction;
  readonly event: string;
  readonly fate: Fate;
}

const FAIR: Fate = { delaysMs: [0], isOvertaken: false, isCut: false };

/** Decides about frames (WE1, WE2). */
export class Weather {
  /** Decisions that changed something, in order. */
  readonly decisions: WeatherDecision[] = [];
  readonly #options: WeatherOptions;
  readonly #random: () => number;
  #frames = 0;
  #isCalm = false;

  constructor(options: WeatherOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
  }

  /** From now on every frame arrives, once, in order. */
  calm(): void {
    this.#isCalm = true;
  }

  decide(direction: Direction, event: string): Fate {
    const frame = ++this.#frames;
    const fate = this.#draw();
    if (this.#isCalm || isFair(fate)) return FAIR;
    this.decisions.push({ frame, direction, event, fate });
    return fate;
  }

  /** One line per decision, to be printed when a seed failed. */
  print(): string {
    return this.decisions.map(({ frame, direction, event, fate }) => `${frame} ${direction} ${event}: ${wordsOf(fate)}`).join("\n");
  }

  #draw(): Fate {
    const { drop = 0, delay = 0, repeat = 0, reorder = 0, cut = 0, maxDelayMs = 1_000 } = this.#options;
    const happens = (share: number) => this.#random() < share;
    const isDropped = happens(drop);
    const isDelayed = happens(delay);
    const isRepeated = happens(repeat);
    const isOvertaken = happens(reorder);
    const isCut = happens(cut);
    const lateMs = 1 + Math.floor(this.#random() * maxDelayMs);
    const againMs = Math.floor(this.#random() * maxDelayMs);
    const firstMs = isDelayed || isOvertaken ? lateMs : 0;
    const delaysMs = isDropped ? [] : isRepeated ? [firstMs, firstMs + againMs] : [firstMs];
    return { delaysMs, isOvertaken, isCut };
  }
}

function isFair({ delaysMs, isOvertaken, isCut }: Fate): boolean {
  return delaysMs.length === 1 && delaysMs[0] === 0 && !isOvertaken && !isCut;
}

function wordsOf({ delaysMs, isOvertaken, isCut }: Fate): string {
  const words = delaysMs.length === 0 ? ["dropped"] : [`arrives after ${delaysMs.join(" and ")} ms`];
  if (isOvertaken) words.push("overtaken");
  if (isCut) words.push("then the connection breaks");
  return words.join(", ");
}
