// Days and times for slots: which of two days is the arrival.
//
//   DA1. Words before a day ("from", "until") and words of a slot ("arrival", "check out") say which belongs to which; where
//        they say nothing, the order does.

import type { Found, Search } from "./search.ts";
import type { DayMention } from "./mentions.ts";
import type { Slot } from "./slots.ts";
import type { Utterance } from "./utterance.ts";
import { stemOf, wordsOfName } from "./words.ts";

type Role = "begin" | "end";

const BEGINS = new Set("from arrive arriving arrival start starting since begin beginning checkin pickup departing".split(" ").map(stemOf));
const ENDS = new Set("to until till through thru leave leaving departure depart end ending return returning checkout dropoff".split(" ").map(stemOf));

/** The slots that the free days fill (DA1). */
export function findDays(slots: readonly Slot[], { utterance, asked }: Search): Found[] {
  const open = [...slots];
  const found: Found[] = [];
  const put = (slot: Slot, mention: DayMention): void => {
    open.splice(open.indexOf(slot), 1);
    found.push({ slot, value: valueOf(slot, mention), start: mention.start, end: mention.end });
  };
  const mentions = utterance.free("day");
  const rest: DayMention[] = [];
  for (const mention of mentions) {
    const role = mentions.length > 1 && mention.start === mention.end ? "end" : roleBefore(mention, utterance);
    const slot = role && open.find((each) => roleOf(each) === role && valueOf(each, mention) !== undefined);
    if (slot) put(slot, mention);
    else rest.push(mention);
  }
  for (const mention of rest) {
    const possible = open.filter((slot) => valueOf(slot, mention) !== undefined);
    const slot = possible.find((each) => each === asked) ?? possible[0];
    if (slot) put(slot, mention);
  }
  return found;
}

function valueOf({ kind }: Slot, { day, time, instant }: DayMention): string | undefined {
  if (kind === "date") return day;
  if (kind === "date-time") return instant;
  return time === undefined ? undefined : `${time}:00`;
}

/** The last word of the three before a day that says which one it is. */
function roleBefore({ start }: DayMention, { words, text }: Utterance): Role | undefined {
  const before = words.filter((word) => word.end <= start && !/[.;!?]/.test(text.slice(word.end, start))).slice(-4);
  for (const [index, { stem, text }] of [...before.entries()].reverse()) {
    const pair = `${before[index - 1]?.stem ?? ""} ${text.toLowerCase()}`;
    if (pair === "check in") return "begin";
    if (pair === "check out") return "end";
    if (ENDS.has(stem)) return "end";
    if (BEGINS.has(stem)) return "begin";
  }
  return undefined;
}

function roleOf({ name, words }: Slot): Role | undefined {
  const label = wordsOfName(name).split(" ");
  if (label.at(-1) === "in" || [...words].some((word) => BEGINS.has(word))) return "begin";
  return label.at(-1) === "out" || [...words].some((word) => ENDS.has(word)) ? "end" : undefined;
}
