// Values for slots, out of what was said.
//
// Owns the order in which kinds of values are looked for, and that every value fits its schema.
//
//   FI1. What is found is typed as the schema wants it and has passed the schema; what does not fit is a problem, not a value.
//   FI2. Words that gave one value give no other one.
//   FI3. The words of a hidden parameter are reported, so that nobody shows them.                    (P21)

import { fitsAlone } from "../argument-check.ts";
import { findChoice, findFlag } from "./choices.ts";
import { findDays } from "./days.ts";
import { findCode, findText } from "./free-values.ts";
import { findNumbers } from "./numbers.ts";
import type { Found, Search } from "./search.ts";
import type { Slot } from "./slots.ts";

export interface Filled {
  readonly found: readonly Found[];
  /** Slots for which something was said that does not fit. */
  readonly problems: readonly Slot[];
}

/** Fills what it can of the slots (FI1, FI2). @param parameters the tool's JSON Schema. */
export function fill(parameters: Readonly<Record<string, unknown>>, search: Search): Filled {
  const found: Found[] = [];
  const problems: Slot[] = [];
  const take = (each: Found): void => {
    search.utterance.claim(each);
    if (fitsAlone(parameters, each.slot.name, each.value)) found.push(each);
    else problems.push(each.slot);
  };
  const open = (...kinds: readonly Slot["kind"][]) => search.slots.filter((slot) => kinds.includes(slot.kind) && !found.some((each) => each.slot === slot) && !problems.includes(slot));
  for (const slot of open("choice")) optional(findChoice(slot, search), take);
  // "The PIN is 1234" is no number and no day of the year 1234; what was asked for comes before what is only near.
  for (const slot of askedFirst(open("code"), search)) optional(written(parameters, findCode(slot, search), search), take);
  for (const slot of open("text").filter(isFormatted)) optional(findFormatted(parameters, slot, search), take);
  findDays(open("date", "date-time", "time"), search).forEach(take);
  findNumbers(open("number"), search).forEach(take);
  for (const slot of open("list")) optional(findList(slot, search), take);
  for (const slot of open("boolean")) optional(findFlag(slot, search), take);
  for (const slot of askedFirst(open("text"), search)) optional(findText(slot, search, open("text", "code")), take);
  return { found, problems };
}

function optional(found: Found | undefined, take: (found: Found) => void): void {
  if (found) take(found);
}

function askedFirst(slots: readonly Slot[], { asked }: Search): readonly Slot[] {
  return [...slots].sort((a, b) => Number(b === asked) - Number(a === asked));
}

function isFormatted({ schema }: Slot): boolean {
  return schema.format !== undefined || schema.pattern !== undefined;
}

/** A piece of the text that a format or a pattern accepts: an address, a plate. */
function findFormatted(parameters: Readonly<Record<string, unknown>>, slot: Slot, search: Search): Found | undefined {
  for (const { 0: piece, index } of search.utterance.text.matchAll(/[^\s,;!?"]+/g)) {
    const value = piece.replace(/[.:]+$/, "");
    const place = { start: index, end: index + value.length };
    if (!search.utterance.isFree(place) || !/[\d@:/]/.test(value)) continue;
    const found = written(parameters, { slot, value, ...place }, search);
    if (fitsAlone(parameters, slot.name, found.value)) return found;
  }
  return undefined;
}

/** What was heard in two pieces or in small letters, as the schema writes it: "rx 1001" where it wants RX1001. */
function written<F extends Found | undefined>(parameters: Readonly<Record<string, unknown>>, found: F, { utterance }: Search): F {
  if (!found || typeof found.value !== "string" || fitsAlone(parameters, found.slot.name, found.value)) return found;
  const before = utterance.words.findLast(({ end }) => end <= found.start);
  const isNext = before !== undefined && /^[\s-]*$/.test(utterance.text.slice(before.end, found.start)) && utterance.isFree(before);
  const spellings = [{ value: found.value, start: found.start }, ...(isNext ? [{ value: before.text + found.value, start: before.start }] : [])];
  const fitting = spellings.flatMap((each) => [each, { ...each, value: each.value.toUpperCase() }, { ...each, value: each.value.toLowerCase() }]).find(({ value }) => fitsAlone(parameters, found.slot.name, value));
  return fitting ? { ...found, ...fitting } : found;
}

/** Several values of one kind: "P1, P2 and P3". */
function findList(slot: Slot, search: Search): Found | undefined {
  const item = slot.item!;
  const { utterance } = search;
  const all = itemsOf(item, search);
  if (all.length === 0) return undefined;
  utterance.claim(...all);
  return { slot, value: all.map(({ value }) => value), start: all[0]!.start, end: all.at(-1)!.end };
}

function itemsOf(item: Slot, search: Search): readonly Omit<Found, "slot">[] {
  const { utterance, asked } = search;
  switch (item.kind) {
    case "number":
      return utterance.free("number").filter(({ value }) => item.schema.type !== "integer" || Number.isInteger(value));
    case "date":
      return utterance.free("day").flatMap(({ day, start, end }) => (day === undefined ? [] : [{ value: day, start, end }]));
    case "choice": {
      const chosen: Found[] = [];
      for (let next = findChoice(item, search); next; next = findChoice(item, search)) {
        utterance.claim(next);
        chosen.push(next);
      }
      return chosen.sort((a, b) => a.start - b.start);
    }
    case "code":
      return utterance.free("code").filter(({ value }) => /\p{L}/u.test(value));
    default:
      return asked?.item === item ? piecesOf(utterance.text) : [];
  }
}

function piecesOf(text: string): Omit<Found, "slot">[] {
  return [...text.matchAll(/(?:(?!\s*(?:,|\band\b)).)+/gi)].flatMap((found) => {
    const value = found[0].trim();
    const start = found.index + found[0].indexOf(value);
    return /\p{L}|\p{N}/u.test(value) && !/^and$/i.test(value) ? [{ value, start, end: start + value.length }] : [];
  });
}
