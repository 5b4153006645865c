// Which of the offered tools was meant.
//
// Owns the score: how much of what was said is in a tool's words, and how much of the tool's phrase was said. Words that few
// tools have count more. Knows nothing of what was said before.
//
//   TM1. An example phrase, said as it is written, is always its tool.
//   TM2. Who names all that a tool requires, if that is more than one thing, means that tool, whatever the tool is called: "my name
//        is Kim and my PIN is 1234".
//   TM3. A tool that cannot be called by speaking is never meant.

import type { RegisteredTool } from "../../known-tools.ts";
import { spelledIn } from "../spelling.ts";
import { blanked } from "./mentions.ts";
import { slotsOf, type Slot } from "./slots.ts";
import { normalized, weightOf, wordsIn, wordsOfName, type Word } from "./words.ts";

/** A tool that can be called by speaking. */
export interface Speakable {
  readonly tool: RegisteredTool;
  readonly slots: readonly Slot[];
  /** Its name, description and examples, word by word. */
  readonly phrases: readonly (readonly Word[])[];
  /** Stems of all phrases. */
  readonly words: ReadonlySet<string>;
  /** Stems of the parameters. */
  readonly slotWords: ReadonlySet<string>;
}

/** What a tool scored, from 0 to 1. */
export interface Match {
  readonly speakable: Speakable;
  readonly score: number;
}

/** From here on a tool is called without asking back. */
export const STRONG = 0.55;
/** Below, it was not meant. */
export const WEAK = 0.35;
/** Two tools this near are both meant. */
export const NEAR = 0.06;

/** What it is worth to name all that a tool requires (TM2). */
const NAMED = 0.6;
/** Numbers and codes of an example stand for others. */
const NUMERALS = /^(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|zero)$/i;
/** Phrases looked at per tool: more make nothing clearer. */
const MAX_PHRASES = 24;
/** What a word of a parameter counts, compared with one of a phrase. */
const SLOT_WORD = 0.7;
/** What a word counts that no tool has. */
const STRANGE = 0.8;

/** The tools that can be called by speaking (TM3). */
export function speakables(tools: readonly RegisteredTool[]): readonly Speakable[] {
  return tools.flatMap((tool): Speakable[] => {
    const slots = readable(tool);
    if (!slots) return [];
    const phrases = [wordsOfName(tool.name), tool.description, ...(tool.examples ?? [])].slice(0, MAX_PHRASES).map((phrase) => wordsIn(blanked(phrase, spelledIn(phrase))).filter(({ text }) => !NUMERALS.test(text)));
    return [{ tool, slots, phrases, words: new Set(phrases.flat().map(({ stem }) => stem)), slotWords: new Set(slots.flatMap((slot) => [...slot.words])) }];
  });
}

/** One tool whose schema is beyond reading must not silence the others. */
function readable(tool: RegisteredTool): readonly Slot[] | undefined {
  try {
    return slotsOf(tool);
  } catch {
    return undefined;
  }
}

/** Tools by their score, the best first. @param said the words without values; @param whole all of it. */
export function matches(said: readonly Word[], whole: string, all: readonly Speakable[]): readonly Match[] {
  const rarity = raritiesOf(all);
  return all.map((speakable) => ({ speakable, score: scoreOf(said, whole, speakable, rarity) })).sort((a, b) => b.score - a.score);
}

type Rarity = (word: Word) => number;

function raritiesOf(all: readonly Speakable[]): Rarity {
  return (word) => {
    const having = all.filter(({ words, slotWords }) => words.has(word.stem) || slotWords.has(word.stem)).length;
    const rare = having === 0 ? STRANGE : Math.log(1 + all.length / having) / Math.log(1 + all.length);
    return weightOf(word) * rare;
  };
}

function scoreOf(said: readonly Word[], whole: string, { tool, slots, phrases, words, slotWords }: Speakable, weight: Rarity): number {
  const text = normalized(whole);
  if (tool.examples?.some((example) => normalized(example) === text)) return 1;
  const total = sum(said, weight);
  // A sentence of small words alone means nothing.
  if (!said.some((word) => weightOf(word) >= 0.35)) return 0;
  const saidStems = new Set(said.map(({ stem }) => stem));
  const scores = phrases.map((phrase) => {
    const stems = new Set(phrase.map(({ stem }) => stem));
    const hit = sum(said, (word) => (stems.has(word.stem) ? weight(word) : words.has(word.stem) ? weight(word) * 0.85 : slotWords.has(word.stem) ? weight(word) * SLOT_WORD : 0));
    const own = sum(phrase, weight);
    const covered = sum(phrase, (word) => (saidStems.has(word.stem) ? weight(word) : 0));
    return 0.65 * (total === 0 ? 0 : hit / total) + 0.35 * (own === 0 ? 0 : covered / own);
  });
  return Math.min(0.99, Math.max(namesAll(slots, saidStems) ? NAMED : 0, ...scores));
}

/** TM2. */
function namesAll(slots: readonly Slot[], saidStems: ReadonlySet<string>): boolean {
  const required = slots.filter(({ isRequired }) => isRequired);
  return required.length > 1 && required.every(({ words }) => [...words].some((stem) => saidStems.has(stem)));
}

function sum(words: readonly Word[], weight: Rarity): number {
  return words.reduce((total, word) => total + weight(word), 0);
}
