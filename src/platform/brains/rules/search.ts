// What is looked for in an utterance, and what was found there.

import type { Slot } from "./slots.ts";
import type { Utterance } from "./utterance.ts";

/** A value and the place that it was said at. */
export interface Found {
  readonly slot: Slot;
  readonly value: unknown;
  readonly start: number;
  readonly end: number;
}

/** What is looked for, and in what. */
export interface Search {
  readonly slots: readonly Slot[];
  readonly utterance: Utterance;
  /** The slot that was asked for just now: a bare answer is its value. */
  readonly asked: Slot | undefined;
  /** Stems that belong to the tool, not to a value. */
  readonly toolWords: ReadonlySet<string>;
}
