// What a sentence is likely to want: a tool by its words, or by the values that fit it and nothing else.
//
//   MN1. Values alone call a tool only when they fill all that it requires, and only after a question, or when nothing else was
//        said. "I have three cats" sets no number of guests.

import { fill } from "./filling.ts";
import { matches, WEAK, type Match, type Speakable } from "./tool-match.ts";
import type { Utterance } from "./utterance.ts";
import { weightOf, wordsIn } from "./words.ts";

/** What values alone are worth, after a question or without any other word. */
const BY_VALUES = 0.6;
/** What they are worth beside words that nobody knows. */
const BESIDE_WORDS = 0.4;

/**
 * The offered tools by how likely they are meant, the best first.
 *
 * @param question what a tool asked the caller just now.
 */
export function meanings(utterance: Utterance, all: readonly Speakable[], question: string | undefined): readonly Match[] {
  const { plainWords } = utterance;
  const byWords = matches(plainWords, utterance.text, all);
  const isStrange = plainWords.some((word) => weightOf(word) === 1 && !all.some(({ words, slotWords }) => words.has(word.stem) || slotWords.has(word.stem)));
  const likelyAsked = question === undefined ? [] : matchesOfText(question, all);
  const scored = byWords.map(({ speakable, score }): Match => {
    const used = valuesFor(speakable, utterance, question !== undefined);
    if (used === 0) return { speakable, score };
    const asked = likelyAsked.find((each) => each.speakable === speakable)?.score ?? 0;
    const base = question !== undefined || !isStrange ? BY_VALUES : BESIDE_WORDS;
    return { speakable, score: Math.min(0.99, Math.max(score, base + 0.02 * used) + (score > 0.2 ? 0.1 : 0) + 0.15 * asked) };
  });
  return scored.sort((a, b) => b.score - a.score);
}

/**
 * How many values of a sentence fill a tool without a word more; 0 when something is missing (MN1).
 *
 * @param isAnswer it answers a question: a part is enough, also one that does not fit.
 */
export function valuesFor({ tool, slots, words }: Speakable, utterance: Utterance, isAnswer = false): number {
  const required = slots.filter(({ isRequired }) => isRequired);
  if (required.length === 0 || required.some(({ kind, isHidden }) => kind === "text" || isHidden)) return 0;
  const { found, problems } = fill(tool.parameters, { slots: required, utterance: utterance.copy(), asked: undefined, toolWords: words });
  if (isAnswer) return found.filter(({ start, end }) => end > start).length + problems.length;
  return found.length === required.length ? found.filter(({ start, end }) => end > start).length : 0;
}

/** Whether a sentence is about a tool: "cancel it" where something can be cancelled. */
export function meansTool(text: string, all: readonly Speakable[]): boolean {
  return (matchesOfText(text, all)[0]?.score ?? 0) >= WEAK;
}

/** The tool that a "yes" to a question stands for: one that needs nothing else. */
export function affirmed(question: string, all: readonly Speakable[]): Speakable | undefined {
  const [best] = matchesOfText(question, all.filter(({ slots }) => !slots.some(({ isRequired }) => isRequired)));
  return best && best.score >= WEAK ? best.speakable : undefined;
}

function matchesOfText(text: string, all: readonly Speakable[]): readonly Match[] {
  return matches(wordsIn(text), text, all);
}
