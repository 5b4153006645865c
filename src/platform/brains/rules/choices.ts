// Values out of a few: an enum's words, yes and no.

import type { Found, Search } from "./search.ts";
import type { Slot } from "./slots.ts";
import { stemOf, wordsIn, wordsOfName } from "./words.ts";

const YES = new Set("yes yeah yep yup sure ok okay correct right exactly absolutely certainly definitely confirm confirmed true affirmative course".split(" "));
const NO = new Set("no nope nah negative wrong false not don't dont never".split(" "));
const FILLERS = new Set("please thanks thank you well um uh oh of that's that is it it's i do go ahead do the a so then fine good great".split(" "));

/** What a short answer says: only words for yes, only words for no, or something else. */
export function yesOrNo(text: string): "yes" | "no" | undefined {
  const words = wordsIn(text).map((word) => word.text.toLowerCase().replaceAll("’", "'"));
  const said = words.filter((word) => !FILLERS.has(word));
  if (said.length === 0) return words.length > 0 && words.length < 4 && /go ahead|that'?s (?:right|fine|good)|do it|fine|good|great|please do/i.test(text) ? "yes" : undefined;
  if (said.every((word) => NO.has(word) || word === "thanks")) return "no";
  return said.every((word) => YES.has(word)) ? "yes" : undefined;
}

/** The choice that was said, the longest first; one that nobody needs to say when it is the only one and required. */
export function findChoice(slot: Slot, { utterance }: Search): Found | undefined {
  if (slot.choices.length === 1 && slot.isRequired && slot.schema.const !== undefined) return { slot, value: slot.choices[0], start: 0, end: 0 };
  const stems = utterance.words.map(({ stem }) => stem);
  const ordered = slot.choices.map((value) => ({ value, words: wordsIn(wordsOfName(String(value))).map(({ text }) => stemOf(text)) })).sort((a, b) => b.words.length - a.words.length);
  for (const { value, words } of ordered) {
    if (words.length === 0) continue;
    for (let at = 0; at + words.length <= stems.length; at++) {
      const place = { start: utterance.words[at]!.start, end: utterance.words[at + words.length - 1]!.end };
      if (words.every((word, index) => stems[at + index] === word) && utterance.isFree(place)) return { slot, value, ...place };
    }
  }
  const number = utterance.free("number").find((mention) => slot.choices.includes(mention.value));
  return number && { slot, value: number.value, start: number.start, end: number.end };
}

/** Yes or no when it was asked for; else whether it was named, with or without a "no" before it. */
export function findFlag(slot: Slot, { utterance, asked, toolWords }: Search): Found | undefined {
  const whole = { start: 0, end: utterance.text.length };
  const answer = asked === slot ? yesOrNo(utterance.text) : undefined;
  if (answer) return { slot, value: answer === "yes", ...whole };
  const named = utterance.words.findIndex((word) => slot.cues.has(word.stem) && !toolWords.has(word.stem) && utterance.isFree(word));
  const word = utterance.words[named];
  if (!word) return undefined;
  const before = utterance.words.slice(Math.max(0, named - 3), named).map(({ text }) => text.toLowerCase().replaceAll("’", "'"));
  const isDenied = before.some((each) => NO.has(each) || each === "without" || each.endsWith("n't"));
  return { slot, value: !isDenied, start: word.start, end: word.end };
}
