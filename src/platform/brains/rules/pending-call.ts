// A call that is not complete yet: what is known of its arguments, and what was asked for.
//
//   PE1. It lives in memory only; secrets go with it.                                                (P21)
//   PE2. The sentences that it came of are kept with it: what it does not take may be for the call that comes after it.

import { fill } from "./filling.ts";
import type { Slot } from "./slots.ts";
import type { Speakable } from "./tool-match.ts";
import type { Utterance } from "./utterance.ts";

/** Sentences that are kept; what was said longer ago is not waited for. */
const MAX_HEARD = 8;

export class PendingCall {
  readonly tool: string;
  /** What was said for it, the newest first (PE2). */
  readonly heard: Utterance[];
  /** By parameter. */
  readonly values = new Map<string, unknown>();
  /** The parameter that was asked for last. */
  asked: string | undefined;
  /** It waits for a yes. */
  isDoubtful = false;
  /** How often an answer was of no use. */
  misses = 0;

  constructor(tool: string, heard: readonly Utterance[]) {
    this.tool = tool;
    this.heard = [...heard];
  }

  /**
   * Takes what a sentence gives (PE1).
   *
   * @returns how many values it gave, what did not fit, and the words that must not be shown.
   */
  learn({ tool, slots, words }: Speakable, utterance: Utterance): { readonly count: number; readonly problems: readonly Slot[]; readonly hidden: readonly string[] } {
    if (!this.heard.includes(utterance)) this.heard.splice(0, this.heard.length, utterance, ...this.heard.slice(0, MAX_HEARD - 1));
    const open = slots.filter(({ name }) => !this.values.has(name));
    const asked = slots.find(({ name }) => name === this.asked);
    const { found, problems } = fill(tool.parameters, { slots: open, utterance, asked, toolWords: words });
    for (const { slot, value } of found) this.values.set(slot.name, value);
    const hidden = found.filter(({ slot }) => slot.isHidden).flatMap(({ start, end, value }) => [utterance.text.slice(start, end), ...(typeof value === "string" ? [value] : [])]);
    return { count: found.length, problems, hidden };
  }

  /** The first required parameter that is not known. */
  missing({ slots }: Speakable): Slot | undefined {
    return slots.find(({ name, isRequired }) => isRequired && !this.values.has(name));
  }

  /** The last day that is known, as ISO writes it. */
  get lastDay(): string | undefined {
    return [...this.values.values()].findLast((value): value is string => typeof value === "string" && /^\d{4}-\d{2}-\d{2}/.test(value))?.slice(0, 10);
  }

  get input(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.values);
  }
}
