// How state looks on a terminal: values, parts, changes, times. The one place for it.
//
//   RE1. Everything that the codec can store is readable: dates, maps, sets, bigints, bytes.
//   RE2. Control characters of a value are shown as escapes, so a stored text cannot drive the terminal.
//   RE3. `lossless` keeps every value that is not masked: the stored form, JSON with tags.
//   RE4. A value is shown when it went through its mask: `Shown`, and the changes that `Changes` gives.     (P21)
//   RE5. The moments that a workflow and a session store in milliseconds are read as moments. A part is known by its form here,
//        without the agent's code; what has another form is shown as it is.

import { inspect } from "node:util";

import { encode } from "../base/codec.ts";
import { pathText } from "../base/path.ts";
import type { Patch } from "../state/patch.ts";
import type { Shown } from "../base/shown.ts";
import type { PartChanges } from "../state/changes.ts";
import { printable, type Terminal, type Tone } from "./terminal.ts";

/** Longest value in a line of changes, characters. */
const MAX_INLINE = 160;

/** A value over as many lines as it needs (RE1, RE2). */
export function valueText({ value }: Shown, terminal: Terminal, indent = 0): string {
  return inspected(value, terminal, indent);
}

/** A stored part, the same way (RE5). @param nowMs what "ago" is counted from. */
export function partText({ value }: Shown, nowMs: number, terminal: Terminal, indent = 0): string {
  const moments = momentsOf(value);
  const read = moments.length === 0 ? value : Object.fromEntries(Object.entries(value as Fields).map(([key, each]) => [key, moments.includes(key) && isMoment(each) ? new Moment(each, nowMs) : each]));
  return inspected(read, terminal, indent);
}

function inspected(value: unknown, terminal: Terminal, indent: number): string {
  const text = inspect(value, { depth: 64, colors: terminal.hasColour, compact: 3, breakLength: Math.max(40, terminal.width - indent), maxArrayLength: null, maxStringLength: null });
  return text.split("\n").map((line) => " ".repeat(indent) + line).join("\n");
}

function inlineText(value: unknown, terminal: Terminal): string {
  const plain = inspect(value, { depth: 64, breakLength: Infinity, maxArrayLength: 100, maxStringLength: 1_000 });
  if (plain.length > MAX_INLINE) return `${plain.slice(0, MAX_INLINE - 3)}...`;
  return terminal.hasColour ? inspect(value, { depth: 64, breakLength: Infinity, colors: true }) : plain;
}

/** RE3, as a value that `JSON.stringify` takes. */
export function lossless({ value }: Shown): unknown {
  return JSON.parse(encode(value));
}

/** RE3, of what a commit changed; null where nothing is known of what was before. */
export function losslessChanges(changes: PartChanges): unknown {
  return changes ? JSON.parse(encode(changes)) : null;
}

/** What a commit changed, one line for each place; none when nothing did. */
export function changeLines(changes: PartChanges, terminal: Terminal, indent = "  "): string[] {
  if (!changes) return [`${indent}${terminal.tone("quiet", "the whole state was stored anew")}`];
  return Object.entries(changes).flatMap(([part, patches]) => withMoments(patches).flatMap((patch) => patchLines(part, patch, terminal).map((line) => indent + line)));
}

function patchLines(part: string, patch: Patch, terminal: Terminal): string[] {
  const line = (sign: string, tone: Tone, where: string, value?: string) => `${terminal.tone(tone, sign)} ${printable(where)}${value === undefined ? "" : `  ${value}`}`;
  if (patch[0] === "set") return [line("~", "warning", pathText(part, patch[1]), inlineText(patch[2], terminal))];
  if (patch[0] === "cut") return [line("-", "bad", pathText(part, patch[1]))];
  const [, path, index, removed, added] = patch;
  const gone = removed === 0 ? [] : [line("-", "bad", `${pathText(part, [...path, index])}${removed > 1 ? ` and ${removed - 1} more` : ""}`)];
  return [...gone, ...added.map((item, offset) => line("+", "good", pathText(part, [...path, index + offset]), inlineText(item, terminal)))];
}

type Fields = Readonly<Record<string, unknown>>;

/** RE5: the fields of a workflow, or of a session, that are moments. */
function momentsOf(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  const { step, data, status, account } = part as Fields;
  if (typeof step === "string" && typeof data === "object" && data !== null) return ["since"];
  return status === "authenticated" && typeof account === "string" ? ["startedAtMs", "lastSeenMs"] : [];
}

/** RE5: who enters a step of a workflow says since when, in the same commit. */
function withMoments(patches: readonly Patch[]): readonly Patch[] {
  const isSet = (patch: Patch, name: string) => patch[0] === "set" && patch[1].length === 1 && patch[1][0] === name;
  if (!patches.some((patch) => isSet(patch, "step"))) return patches;
  return patches.map((patch) => (isSet(patch, "since") && isMoment(patch[2]) ? ["set", patch[1], new Moment(patch[2])] : patch));
}

/** No count is so large. */
function isMoment(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1e12;
}

/** Stands for a number where it is read. */
class Moment {
  readonly #text: string;

  /** @param nowMs how long ago it was is said, too. */
  constructor(ms: number, nowMs?: number) {
    this.#text = nowMs === undefined ? timeText(ms) : `${timeText(ms)} (${agoText(ms, nowMs)})`;
  }

  [inspect.custom](): string {
    return this.#text;
  }
}

/** A moment as a person reads it, in local time: `2026-01-31 09:05:00`. */
export function timeText(ms: number): string {
  const local = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())} ${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}`;
}

/** How long something is ago: `3 min ago`. */
export function agoText(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3_600) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

export function sizeText(bytes: number): string {
  if (bytes < 10_000) return `${bytes} B`;
  return bytes < 10_000 * 1_024 ? `${Math.round(bytes / 1_024)} KiB` : `${Math.round(bytes / 1_048_576)} MiB`;
}
