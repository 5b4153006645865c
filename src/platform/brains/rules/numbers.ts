// Numbers for slots: the one that stands beside a slot's word, else in their order.

import type { Found, Search } from "./search.ts";
import type { NumberMention } from "./mentions.ts";
import type { Slot } from "./slots.ts";
import type { Utterance } from "./utterance.ts";

/** How far from a number the word may stand that says what it counts. */
const NEAR_WORDS = 2;

/** The slots that the free numbers fill. */
export function findNumbers(slots: readonly Slot[], { utterance, asked }: Search): Found[] {
  const found: Found[] = [];
  const isOpen = (slot: Slot) => !found.some((each) => each.slot === slot);
  const isFree = ({ start }: NumberMention) => !found.some((each) => each.start === start);
  const put = (slot: Slot, { value, start, end }: NumberMention) => void found.push({ slot, value, start, end });
  const mentions = utterance.free("number");
  for (const slot of slots) {
    const near = mentions.find((mention) => isFree(mention) && isNear(slot, mention, utterance));
    if (near) put(slot, near);
  }
  const ordered = [...slots].sort((a, b) => Number(b === asked) - Number(a === asked));
  // One of several that may be left out is not guessed.
  const isGuessable = (slot: Slot) => slot.isRequired || slot === asked || slots.length === 1;
  for (const slot of ordered.filter((each) => isOpen(each) && isGuessable(each))) {
    const next = mentions.find(isFree);
    if (next) put(slot, next);
  }
  return found;
}

function isNear(slot: Slot, { start, end }: NumberMention, { words }: Utterance): boolean {
  const before = words.filter((word) => word.end <= start).slice(-NEAR_WORDS);
  const after = words.filter((word) => word.start >= end).slice(0, NEAR_WORDS);
  return [...before, ...after].some(({ stem }) => slot.words.has(stem));
}
