// The words of a sentence, where they stand, and what of them says something.
//
//   WO1. Words keep their place, so that a value is cut out of what was said and not out of what was understood.

/** A word of a text. */
export interface Word {
  /** As it was said. */
  readonly text: string;
  /** Small, without the usual endings: `bookings` and `booking` are `book`. */
  readonly stem: string;
  readonly start: number;
  readonly end: number;
}

const ROOTS: Readonly<Record<string, string>> = { bought: "buy", paid: "pay", left: "leave", sent: "send", said: "say", told: "tell", gave: "give", chose: "choose", came: "come", went: "go" };

/** Words that ask politely and mean nothing. */
const POLITE = new Set("please thanks thank hello hi hey ok okay well um uh er just i i'd i'll i'm id me my you your we us our would like want wants wanted could can will may might shall should do does did to let let's lets need now then so oh and".split(" "));
/** Words that hold a sentence together, and weigh little. */
const FUNCTION = new Set("the a an of for on at is are be was were it its that this these those there here with by from about some any all what which who whom how when where why or if as not no more one caller caller's".split(" "));
/** Small words that make another verb of a verb. */
const PARTICLES = new Set(["in", "out", "off", "up", "down", "back", "into", "over", "again"]);

/** How much a word says, from 0 to 1, before it is known how rare it is. */
export function weightOf({ text, stem }: Word): number {
  const small = text.toLowerCase().replaceAll("’", "'");
  if (POLITE.has(small)) return 0;
  if (FUNCTION.has(small) || stem.length < 2) return 0.1;
  return PARTICLES.has(small) ? 0.35 : 1;
}

/** The words of a text, in their order (WO1). */
export function wordsIn(text: string): Word[] {
  return [...text.matchAll(/[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu)].map((found) => ({ text: found[0], stem: stemOf(found[0]), start: found.index, end: found.index + found[0].length }));
}

/** The words of a name: `checkIn` and `check_in` are `check in`. */
export function wordsOfName(name: string): string {
  return name.replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2").replaceAll(/[_\-.]+/g, " ").trim().toLowerCase();
}

/** A word as it is compared. */
export function stemOf(word: string): string {
  const small = word.toLowerCase().replace(/['’]s$/u, "").replaceAll(/['’]/gu, "");
  const root = ROOTS[small];
  if (root) return root;
  if (small.length > 4 && small.endsWith("ies")) return `${small.slice(0, -3)}y`;
  const single = small.length > 3 && /[^s]s$/.test(small) ? small.slice(0, -1) : small;
  const bare = single.length > 5 ? single.replace(/(?:ing|ed|al)$/, "") : single;
  const short = bare.length > 3 && /([^aeiouls])\1$/.test(bare) ? bare.slice(0, -1) : bare;
  return short.length > 3 ? short.replace(/e$/, "") : short;
}

/** A text as it is compared as a whole. */
export function normalized(text: string): string {
  return wordsIn(text).map((word) => word.text.toLowerCase().replaceAll("’", "'")).join(" ");
}
