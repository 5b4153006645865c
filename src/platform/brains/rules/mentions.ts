// What of a sentence is a value by itself: dates, numbers, codes. Dates are read by chrono, numbers by compromise.
//
//   ME1. A mention knows where it stands; two mentions of one kind never overlap.
//   ME2. "Tomorrow" is counted from the platform's clock, in the time zone of this process. A day without a year is the next one,
//        "the 6th" alone the next one after a day that was said before.
//   ME3. "A day later" is later than something that is not in the sentence: it is no day.

import type { chrono as Chrono } from "./speech-libraries.ts";
import { speechLibraries } from "./speech-libraries.ts";
import { spelledIn } from "../spelling.ts";

interface Place {
  readonly start: number;
  readonly end: number;
}

/** A day, with a time when one was said. Both as ISO writes them. */
export interface DayMention extends Place {
  readonly kind: "day";
  readonly day: string | undefined;
  readonly time: string | undefined;
  /** The moment, where day and time are known. */
  readonly instant: string | undefined;
}

export interface NumberMention extends Place {
  readonly kind: "number";
  readonly value: number;
}

/** Something with a digit in it, letter by letter: `P1`, `1234`. */
export interface CodeMention extends Place {
  readonly kind: "code";
  readonly value: string;
}

export type Mention = DayMention | NumberMention | CodeMention;

/** Everything that a text mentions, from left to right (ME1, ME2). @param lastDay what was spoken of before, as ISO writes it. */
export async function mentionsIn(text: string, now: Date, lastDay?: string): Promise<Mention[]> {
  const { chrono, nlp } = await speechLibraries();
  const days = daysIn(text, { now, lastDay: lastDay ?? localDay(now) }, chrono, nlp);
  const free = (place: Place) => !days.some((day) => overlaps(day, place));
  const codes = spelledIn(text, true).filter(free).map((code): CodeMention => ({ kind: "code", ...code }));
  const mixed = codes.filter(({ value }) => /\p{L}/u.test(value));
  const numbers = numbersIn(blanked(text, [...days, ...mixed]), nlp).filter(({ isOrdinal }) => !isOrdinal);
  const read = numbers.map(({ value, start, end }): NumberMention => ({ kind: "number", value, start, end }));
  return [...days, ...codes, ...read].sort((a, b) => a.start - b.start || a.end - b.end);
}

export function overlaps(a: Place, b: Place): boolean {
  return a.start < b.end && b.start < a.end;
}

/** A text of the same length, without some of its places. */
export function blanked(text: string, places: readonly Place[]): string {
  let left = text;
  for (const { start, end } of places) left = left.slice(0, start) + " ".repeat(end - start) + left.slice(end);
  return left;
}

type Nlp = Awaited<ReturnType<typeof speechLibraries>>["nlp"];

function daysIn(text: string, { now, lastDay }: { now: Date; lastDay: string }, chrono: typeof Chrono, nlp: Nlp): DayMention[] {
  const iso = [...text.matchAll(/(?<!\d)\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?(?!\d)/g)].map((found) => isoMention(found[0], found.index));
  const rest = blanked(text, iso);
  const said = chrono.parse(rest, { instant: now }, { forwardDate: true }).flatMap(({ index, text: words, start, end }): DayMention[] => {
    if (/\b(?:later|earlier)$/i.test(words)) return []; // ME3
    const first = dayOf(start, { start: index, end: index + words.length });
    const second = end && dayOf(end, { start: index + words.length, end: index + words.length });
    return [first, second].filter((each) => each !== undefined && each !== null);
  });
  const known = [...iso, ...said];
  const clock = clockTimesIn(blanked(rest, said));
  const bare = numbersIn(blanked(rest, [...said, ...clock]), nlp).filter((number) => number.isOrdinal && number.value >= 1 && number.value <= 31 && standsAlone(number, text));
  return [...known, ...clock, ...bare.flatMap((ordinal) => bareDay(ordinal, known, lastDay) ?? [])].sort((a, b) => a.start - b.start || a.end - b.end);
}

function isoMention(text: string, start: number): DayMention {
  const [day, time] = text.split("T");
  const instant = time !== undefined && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined;
  return { kind: "day", day, time: time?.slice(0, 5), instant, start, end: start + text.length };
}

type Components = ReturnType<typeof Chrono.parse>[number]["start"];

function dayOf(found: Components, place: Place): DayMention | undefined {
  const isDay = found.isCertain("day") || found.isCertain("weekday");
  const isTime = found.isCertain("hour");
  if (!isDay && !isTime) return undefined;
  const day = isDay ? `${String(found.get("year")).padStart(4, "0")}-${two(found.get("month"))}-${two(found.get("day"))}` : undefined;
  const time = isTime ? `${two(found.get("hour"))}:${two(found.get("minute"))}` : undefined;
  return { kind: "day", day, time, instant: day !== undefined && time !== undefined ? found.date().toISOString() : undefined, ...place };
}

/** "half past three", "quarter to nine": what chrono leaves. Afternoon is not guessed. */
function clockTimesIn(text: string): DayMention[] {
  const hours = ["twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"];
  return [...text.matchAll(/\b(half|quarter) (past|to) (\d{1,2}|[a-z]+)\b/gi)].flatMap((found): DayMention[] => {
    const word = found[3]!.toLowerCase();
    const hour = /^\d/.test(word) ? Number(word) : hours.indexOf(word);
    if (hour < 0 || hour > 23) return [];
    const minutes = (hour === 0 ? 12 : hour) * 60 + (found[1]!.toLowerCase() === "half" ? 30 : 15) * (found[2]!.toLowerCase() === "past" ? 1 : -1);
    const time = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
    return [{ kind: "day", day: undefined, time, instant: undefined, start: found.index, end: found.index + found[0].length }];
  });
}

/** "the first one" is no day. */
function standsAlone({ start, end }: Place, text: string): boolean {
  return /\b(?:the|on)\s+$/i.test(text.slice(0, start)) && /^\W*(?:$|[.,;!?]|(?:to|until|till|through|and|for|of|please|then|with|at|but|we|i)\b)/i.test(text.slice(end));
}

/** "the 3rd": in the month of the day that is said next or was said before, else the next such day. */
function bareDay({ value, start, end }: FoundNumber, known: readonly DayMention[], lastDay: string): DayMention | undefined {
  const next = known.find((day) => day.day !== undefined && day.start >= end);
  const before = known.findLast((day) => day.day !== undefined && day.end <= start);
  const anchor = (next ?? before)?.day ?? lastDay;
  const at = (months: number) => dayIn(anchor, months, value);
  const isLate = next ? (found: string) => found > anchor : (found: string) => found >= anchor;
  const candidates = next ? [at(0), at(-1)] : [at(0), at(1), at(2)];
  const day = candidates.find((found) => found !== undefined && (next ? !isLate(found) : isLate(found)));
  return day === undefined ? undefined : { kind: "day", day, time: undefined, instant: undefined, start, end };
}

/** A day of the month of another day, some months on; undefined when the month is too short. */
function dayIn(anchor: string, months: number, day: number): string | undefined {
  const date = new Date(`${anchor.slice(0, 8)}01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + months);
  const month = date.getUTCMonth();
  date.setUTCDate(day);
  return date.getUTCMonth() === month ? date.toISOString().slice(0, 10) : undefined;
}

function localDay(now: Date): string {
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

interface FoundNumber extends Place {
  readonly value: number;
  readonly isOrdinal: boolean;
}

interface NumberJson {
  readonly offset?: { readonly start: number; readonly length: number };
  readonly number?: { readonly num?: number | null };
  readonly terms?: readonly { readonly tags?: readonly string[] }[];
}

function numbersIn(text: string, nlp: Nlp): FoundNumber[] {
  const found = nlp(text).numbers().json({ offset: true }) as readonly NumberJson[];
  return found.flatMap(({ offset, number, terms }): FoundNumber[] => {
    const value = number?.num;
    if (!offset || typeof value !== "number" || !Number.isFinite(value)) return [];
    const isOrdinal = terms?.some(({ tags }) => tags?.includes("Ordinal")) ?? false;
    // compromise drops the sign of "-3", and keeps that of "minus three".
    if (value > 0 && /^-\d/.test(text.slice(offset.start))) return [{ value: -value, isOrdinal, start: offset.start, end: offset.start + offset.length }];
    return [{ value, isOrdinal, start: offset.start, end: offset.start + offset.length }];
  });
}

function two(value: number | null): string {
  return String(value ?? 0).padStart(2, "0");
}
