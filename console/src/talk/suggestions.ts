// What a caller could say next: answers to the agent's question first, then what the tools that are offered now are asked with.
//
//   SG1. Nothing that only a tool understands which is not offered now, or is of no use.
//   SG2. Each once, at most MOST, the likeliest first.

import type { ToolInfo } from "../../../src/inspector/api.ts";

const MOST = 4;
const YES_OR_NO = /^(?:shall|should|do|does|did|would|will|is|are|can|could|may|have|has)\b/i;

/** What is known when one thinks of what to say. */
export interface Situation {
  readonly tools: readonly ToolInfo[];
  /** Names of the tools that are offered now; empty while nobody says so. */
  readonly offered: readonly string[];
  /** Names of tools that are offered, but of no use now. */
  readonly needless: ReadonlySet<string>;
  /** What the agent said last; undefined before it spoke. */
  readonly agentSaid: string | undefined;
  readonly nowMs: number;
}

/** Texts to choose from (SG1, SG2). */
export function suggestionsFor({ tools, offered, needless, agentSaid, nowMs }: Situation): readonly string[] {
  const open = tools.filter(({ name }) => (offered.length === 0 || offered.includes(name)) && !needless.has(name));
  const question = lastQuestion(agentSaid);
  const answers = question === undefined ? [] : answersTo(question, open, nowMs);
  const asked = open.flatMap(({ examples }) => examples.slice(0, answers.length > 0 ? 1 : 2));
  // A description begins with a verb, so it can be said.
  const described = open.filter(({ examples, parameters }) => examples.length === 0 && requiredOf(parameters).length === 0).map(({ description }) => lowered(description));
  return [...new Set([...answers, ...asked, ...described, "help"])].slice(0, MOST);
}

function lastQuestion(said: string | undefined): string | undefined {
  return said?.split(/(?<=[.!?])\s+/).findLast((sentence) => sentence.endsWith("?") || /^please (?:tell|say|give)/i.test(sentence));
}

function answersTo(question: string, tools: readonly ToolInfo[], nowMs: number): readonly string[] {
  if (YES_OR_NO.test(question)) return ["yes", "no"];
  const fields = tools.flatMap(({ parameters }) => fieldsOf(parameters));
  const words = new Set(wordsOf(question));
  const isWhen = words.has("when") || words.has("day") || words.has("date") || words.has("dates");
  const dates = fields.filter(({ schema }) => schema.format === "date" || schema.format === "date-time");
  if (isWhen && dates.length > 0) return dates.length > 1 ? [`from the 3rd to the 5th of ${monthAfter(nowMs)}`] : ["tomorrow", `on the 3rd of ${monthAfter(nowMs)}`];
  return fields.filter(({ name, schema }) => wordsOf(`${name} ${typeof schema.description === "string" ? schema.description : ""}`).some((word) => words.has(word))).flatMap(({ schema }) => valuesOf(schema)).slice(0, 3);
}

/** Those of some texts that stand on two rows; the first one always. @param perRow characters of a row. */
export function fitting(texts: readonly string[], perRow: number): readonly string[] {
  const fits: string[] = [];
  let row = 0;
  let used = 0;
  for (const text of texts) {
    // The frame of a suggestion is as wide as some characters.
    const width = Math.min(perRow, text.length + 6);
    if (used > 0 && used + width > perRow) {
      row += 1;
      used = 0;
    }
    if (row > 1) break;
    used += width;
    fits.push(text);
  }
  return fits;
}

type Fields = Readonly<Record<string, unknown>>;

/** Words that stand in every question and every description. */
const FILLING = new Set(["the", "a", "an", "of", "to", "for", "you", "your", "please", "tell", "me", "what", "is", "how", "many", "would", "like", "number"]);

function valuesOf(schema: Fields): readonly string[] {
  if (Array.isArray(schema.enum)) return schema.enum.filter((each) => typeof each === "string").slice(0, 3);
  if (schema.type === "boolean") return ["yes", "no"];
  if (schema.type === "integer" || schema.type === "number") return [spelled(typeof schema.minimum === "number" ? Math.max(2, schema.minimum) : 2, schema.maximum)];
  if (schema.format === "date") return ["tomorrow"];
  return [];
}

function spelled(value: number, maximum: unknown): string {
  const number = typeof maximum === "number" ? Math.min(value, maximum) : value;
  return ["zero", "one", "two", "three", "four", "five"][number] ?? String(number);
}

function fieldsOf(parameters: Fields): { name: string; schema: Fields }[] {
  const { properties } = parameters;
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).flatMap(([name, schema]) => (typeof schema === "object" && schema !== null ? [{ name, schema: schema as Fields }] : []));
}

function requiredOf({ required }: Fields): readonly unknown[] {
  return Array.isArray(required) ? required : [];
}

function wordsOf(text: string): string[] {
  return text.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "" && !FILLING.has(word));
}

function lowered(description: string): string {
  const sentence = description.split(/[.;:]/)[0]!.trim();
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function monthAfter(nowMs: number): string {
  const date = new Date(nowMs);
  return new Date(date.getFullYear(), date.getMonth() + 1, 1).toLocaleString("en-US", { month: "long" });
}
