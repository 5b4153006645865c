// Values that can be any text: codes, names, what is left over.
//
//   FV1. A text that nobody announced ("my name is ...") and nobody asked for is taken only when it is the one thing missing.
//   FV2. Text is cut out of what was said, in its own letters.

import type { Found, Search } from "./search.ts";
import { overlaps, type CodeMention } from "./mentions.ts";
import { sampleCode, type Slot } from "./slots.ts";
import type { Utterance } from "./utterance.ts";
import { stemOf, weightOf, type Word } from "./words.ts";

/** How many words may stand between "PIN" and its digits: "the PIN for that is". */
const REACH = 3;

/** A code: the one after its word, the one that was asked for, else the one that looks like a code. */
export function findCode(slot: Slot, { utterance, asked, slots }: Search): Found | undefined {
  const codes = utterance.free("code");
  const others = slots.filter((each) => each !== slot && each.kind === "code");
  const announced = codes.find((code) => cueBefore(slot, code, utterance) && !others.some((other) => distance(other, code, utterance) < distance(slot, code, utterance)));
  const mixed = codes.find(({ value }) => /\p{L}/u.test(value) && value.length > 1);
  const needsLetter = /[a-z]/i.test(sampleCode(slot.about) ?? "");
  const chosen = announced ?? (asked === slot ? codes[0] : undefined) ?? (slot.isHidden ? undefined : mixed);
  if (chosen && (!needsLetter || chosen !== codes[0] || /\p{L}/u.test(chosen.value) || asked === slot)) return codeFound(slot, chosen);
  if (asked !== slot) return undefined;
  const whole = bareAnswer(utterance);
  return whole && { slot, ...whole };
}

function codeFound(slot: Slot, { value, start, end }: CodeMention): Found {
  const sample = sampleCode(slot.about);
  const isUpper = sample !== undefined && sample === sample.toUpperCase();
  return { slot, value: isUpper ? value.toUpperCase() : value, start, end };
}

function cueBefore(slot: Slot, code: CodeMention, utterance: Utterance): boolean {
  return distance(slot, code, utterance) <= REACH;
}

function distance(slot: Slot, { start }: CodeMention, { words }: Utterance): number {
  const before = words.filter((word) => word.end <= start).map(({ stem }) => stem);
  const at = before.findLastIndex((stem) => slot.cues.has(stem));
  return at < 0 ? Infinity : before.length - 1 - at;
}

/** A text: what follows its word, the whole answer when it was asked for, else what is left over (FV1). */
export function findText(slot: Slot, search: Search, open: readonly Slot[]): Found | undefined {
  const { utterance, asked } = search;
  const announced = announcedText(slot, utterance, open) ?? quoted(slot, utterance);
  if (announced) return announced;
  const whole = asked === slot ? bareAnswer(utterance) : undefined;
  if (whole) return { slot, ...whole };
  return slot.isRequired && !slot.isHidden && asked === undefined && open.length === 1 ? leftOver(slot, search) : undefined;
}

function quoted(slot: Slot, utterance: Utterance): Found | undefined {
  const found = /["“]([^"”]+)["”]/.exec(utterance.text);
  if (!found) return undefined;
  const place = { start: found.index + 1, end: found.index + 1 + found[1]!.length };
  return utterance.isFree(place) ? { slot, value: found[1]!, ...place } : undefined;
}

/** "my name is Kim and my PIN ...", "called Kim", "I'm Kim" for a name. */
function announcedText(slot: Slot, utterance: Utterance, open: readonly Slot[]): Found | undefined {
  const { words } = utterance;
  const isName = slot.cues.has(stemOf("name")) || slot.cues.has(stemOf("username"));
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    const small = word.text.toLowerCase().replaceAll("’", "'");
    if (!next) break;
    const isCue = slot.cues.has(word.stem) || (isName && /^(?:name's|names?|username)$/.test(small));
    const linkAt = isCue && /^(?:is|are|was|be)$/i.test(next.text) ? index + 2 : undefined;
    const calledAt = isName && (/^(?:called|named)$/.test(small) || small === "name's" || small === "i'm") ? index + 1 : undefined;
    const iAmAt = isName && small === "i" && /^am$/i.test(next.text) ? index + 2 : undefined;
    const colonAt = isCue && /^\s*[:=]/.test(utterance.text.slice(word.end)) ? index + 1 : undefined;
    const at = linkAt ?? calledAt ?? iAmAt ?? colonAt;
    const found = at === undefined ? undefined : textFrom(slot, at, utterance, open);
    if (found) return found;
  }
  return undefined;
}

/** From a word to where something else begins: another slot's word, a value that is taken, "and my", a full stop. */
function textFrom(slot: Slot, at: number, utterance: Utterance, open: readonly Slot[]): Found | undefined {
  const { words, text } = utterance;
  let last = at - 1;
  for (let index = at; index < words.length; index++) {
    const word = words[index]!;
    const gap = index > at ? text.slice(words[index - 1]!.end, word.start) : "";
    if (/[.,;!?]/.test(gap) || !utterance.isFree(word)) break;
    if (/^(?:and|with|but)$/i.test(word.text) && announcesOther(slot, words.slice(index + 1, index + 3), open)) break;
    if (index > at && announcesOther(slot, [word], open)) break;
    last = index;
  }
  return last < at ? undefined : cut(slot, words[at]!, words[last]!, utterance);
}

function announcesOther(slot: Slot, words: readonly Word[], open: readonly Slot[]): boolean {
  return words.some((word) => /^(?:my|the|i|i'd|please)$/i.test(word.text) || open.some((other) => other !== slot && other.cues.has(word.stem)));
}

/** Words before an answer that are not the answer. */
const LEAD = /^(?:(?:well|um|uh|oh|yes|no|sorry|so|and|ok|okay)\b[\s,]*)*(?:(?:it|that|this|name|number|one)(?:['’]s| is| would be)\s+|(?:i am|i['’]m|i['’]d like|i would like|i want|call me|make it|make that|let['’]s say|it['’]s for|my \p{L}+(?: \p{L}+)? is)\s+)?/iu;

/** All that was said, without "it's", "um" and a full stop. */
function bareAnswer({ text }: Utterance): { value: string; start: number; end: number } | undefined {
  const lead = LEAD.exec(text.trimStart())?.[0].length ?? 0;
  const indent = text.length - text.trimStart().length;
  const kept = text.slice(indent + lead).replace(/(?:[\s,]+please)?[\s.!?,]*$/i, "");
  const start = indent + lead;
  const value = kept === "" ? text.trim() : kept;
  return value === "" ? undefined : { value, start: kept === "" ? indent : start, end: (kept === "" ? indent : start) + value.length };
}

/** What stands after the tool's own words, when nobody else wants it (FV1). */
function leftOver(slot: Slot, { utterance, toolWords, slots }: Search): Found | undefined {
  const { words } = utterance;
  const isOwn = (word: Word) => weightOf(word) < 0.5 || (toolWords.has(word.stem) && !/^\p{Lu}/u.test(word.text)) || slots.some((each) => each.words.has(word.stem)) || !utterance.isFree(word) || utterance.mentions.some((mention) => overlaps(mention, word));
  const first = words.findIndex((word, index) => !isOwn(word) && words.slice(0, index).some((each) => toolWords.has(each.stem)));
  if (first < 0) return undefined;
  let last = first;
  for (let index = first + 1; index < words.length && utterance.isFree(words[index]!); index++) if (!isOwn(words[index]!)) last = index;
  return cut(slot, words[first]!, words[last]!, utterance);
}

function cut(slot: Slot, first: Word, last: Word, { text }: Utterance): Found {
  return { slot, value: text.slice(first.start, last.end), start: first.start, end: last.end };
}
