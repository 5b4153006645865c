// An answer of a tool as somebody says it.
//
//   SR1. A tool that gives a `message` is quoted. Everything else is read out, short, and never as JSON.
//   SR2. What went wrong is said in the tool's own words, or in those of its error; a code is said as words.

import { upperFirst } from "./sentences.ts";
import { listed } from "./wanted.ts";
import type { Outcome } from "../brain.ts";
import { wordsOfName } from "./words.ts";

/** Fields and items that are read out; the rest is counted. */
const MAX_ITEMS = 8;
const MAX_DEPTH = 3;

/** What to say about a call (SR1, SR2). */
export function spoken(outcome: Outcome): string {
  if (outcome.kind === "timeout") return "I had no answer in time. Please try again.";
  if (outcome.kind === "error") return `That did not work. ${sentence(outcome.message)}`.trim();
  const { result } = outcome;
  if (result === null || result === undefined || result === true || result === "") return "Done.";
  if (typeof result !== "object") return sentence(text(result, 0));
  const { message, error, success, ...rest } = result as Readonly<Record<string, unknown>>;
  if (typeof message === "string" && message.trim() !== "") return sentence(message);
  if (typeof error === "string" && error !== "") return `That did not work: ${sentence(reason(error))}`;
  if (success === false) return "That did not work.";
  const read = Array.isArray(result) ? listText(result, 0) : fieldsText(rest, 0);
  const done = success === true ? "Done. " : "";
  return read === "" ? "Done." : `${done}${sentence(read)}`;
}

/** Whether a call did not do what it was for. */
export function hasFailed(outcome: Outcome): boolean {
  if (outcome.kind !== "result") return true;
  const { error, success } = (outcome.result ?? {}) as { error?: unknown; success?: unknown };
  return typeof error === "string" || success === false;
}

/** `not_found` as words; a sentence as it is. */
function reason(error: string): string {
  return /\s/.test(error) ? error : wordsOfName(error);
}

function text(value: unknown, depth: number): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return day(value);
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? `${value.length} things` : "more";
  return Array.isArray(value) ? listText(value, depth) : fieldsText(value, depth);
}

function listText(items: readonly unknown[], depth: number): string {
  if (items.length === 0) return "nothing";
  const shown = items.slice(0, MAX_ITEMS).map((item) => text(item, depth + 1));
  return listed(items.length > MAX_ITEMS ? [...shown, `${items.length - MAX_ITEMS} more`] : shown, "and");
}

function fieldsText(value: object, depth: number): string {
  const fields = Object.entries(value).filter(([, each]) => each !== undefined && each !== null && !(Array.isArray(each) && each.length === 0));
  const shown = fields.slice(0, MAX_ITEMS).map(([name, each]) => `${wordsOfName(name)} ${text(each, depth + 1)}`);
  return (fields.length > MAX_ITEMS ? [...shown, `${fields.length - MAX_ITEMS} more`] : shown).join(", ");
}

/** `2026-05-03` as "3 May 2026", with the time when there is one. */
function day(value: string): string {
  const found = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2})[\d:.]*(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(value);
  if (!found) return value;
  const date = new Date(`${found[1]}-${found[2]}-${found[3]}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return value;
  const said = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(date);
  return found[4] === undefined ? said : `${said} at ${found[4]}`;
}

function sentence(said: string): string {
  const kept = said.trim();
  return kept === "" ? "" : upperFirst(/[.!?…]$/.test(kept) ? kept : `${kept}.`);
}
