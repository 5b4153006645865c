// A line that somebody typed in `conversimple call`, understood.
//
//   TL1. `tool name=value other="two words"`, or `tool {"name":"value"}`, or `/command`. Everything else is said to the agent;
//        `say` before it makes sure of that.
//   TL2. What cannot be understood is an error that says how to write it.

import { suggestion } from "../command.ts";
import { placeOfMistake } from "./json-mistake.ts";
import type { Argument } from "./tool-signature.ts";

export type TypedLine =
  | { readonly kind: "nothing" }
  | { readonly kind: "command"; readonly name: string; readonly rest: string }
  | { readonly kind: "call"; readonly tool: string; readonly arguments: Readonly<Record<string, unknown>>; readonly missing: readonly Argument[] }
  | { readonly kind: "said"; readonly text: string }
  | { readonly kind: "mistake"; readonly message: string };

/** The commands beside tools. */
export const LINE_COMMANDS: Readonly<Record<string, string>> = {
  "/tools": "the tools and their arguments",
  "/state": "the state as it is stored",
  "/history": "what happened in this conversation",
  "/end": "end the conversation",
  "/help": "this help",
  "/quit": "leave; the conversation goes on",
};

/** @param tools arguments by tool name. */
export function readLine(line: string, tools: ReadonlyMap<string, readonly Argument[]>): TypedLine {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return { kind: "nothing" };
  const head = /^\S+/.exec(text)![0];
  const rest = text.slice(head.length).trim();
  if (head.startsWith("/")) {
    if (Object.hasOwn(LINE_COMMANDS, head)) return { kind: "command", name: head, rest };
    return { kind: "mistake", message: `There is no command ${head}.${suggestion(head, Object.keys(LINE_COMMANDS))} See /help.` };
  }
  const known = tools.get(head);
  if (head === "say" && !known && rest !== "") return { kind: "said", text: rest };
  if ((!known || rest !== "") && !looksLikeCall(head, rest)) return { kind: "said", text };
  if (!known) {
    // A tool of the agent that its guard does not offer now is no mistake of spelling.
    const near = suggestion(head, [...tools.keys()]);
    return { kind: "mistake", message: near === "" ? `No tool ${head} is offered now; which are may change with every call. See /tools.` : `There is no tool ${head}.${near} See /tools.` };
  }
  try {
    const given = rest.startsWith("{") ? readJson(rest) : readPairs(head, rest, known);
    return { kind: "call", tool: head, arguments: given, missing: known.filter(({ name, isRequired }) => isRequired && !Object.hasOwn(given, name)) };
  } catch (thrown) {
    return { kind: "mistake", message: (thrown as Error).message };
  }
}

/** `get_total`, `pay amount=3`, `pay {"amount":3}`; but not "pay three". */
function looksLikeCall(head: string, rest: string): boolean {
  return head.includes("_") || rest.startsWith("{") || /^\w+=/.test(rest);
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    throw new RangeError(`The arguments are not JSON${placeOfMistake(thrown)}.`, { cause: thrown });
  }
}

function readPairs(tool: string, text: string, known: readonly Argument[]): Readonly<Record<string, unknown>> {
  const given: Record<string, unknown> = {};
  const names = known.map(({ name }) => name);
  for (const word of wordsOf(text)) {
    const split = word.indexOf("=");
    if (split < 1) throw new RangeError(`Write arguments as name=value${names.length > 0 ? `: ${tool} ${names[0]}=...` : ""}.`);
    const name = word.slice(0, split);
    const argument = known.find((each) => each.name === name);
    if (!argument) throw new RangeError(`${tool} has no argument ${name}.${suggestion(name, names)} ${names.length > 0 ? `It takes ${names.join(", ")}.` : "It takes none."}`);
    given[name] = argument.read(word.slice(split + 1));
  }
  return given;
}

/**
 * Words at blanks; quotes and brackets keep blanks, quotes around a value go away.
 *
 * @throws {RangeError} A quote or a bracket is not closed.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (quote !== "") {
      if (character === "\\" && index + 1 < text.length) {
        word = (word ?? "") + (depth > 0 ? character : "") + text[++index]!;
        continue;
      }
      if (character !== quote || depth > 0) word = (word ?? "") + character;
      if (character === quote) quote = "";
    } else if ((character === '"' || character === "'") && (depth > 0 || word === undefined || word.endsWith("="))) {
      quote = character;
      word = (word ?? "") + (depth > 0 ? character : "");
    } else if (/\s/.test(character) && depth === 0) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (character === "[" || character === "{") depth++;
      if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
      word = (word ?? "") + character;
    }
  }
  if (quote !== "" || depth > 0) throw new RangeError(quote === "" ? "A bracket is not closed." : `A quote ${quote} is not closed.`);
  return word === undefined ? words : [...words, word];
}

/** What TAB offers: full lines' last words, and the part that they replace. */
export function complete(line: string, tools: ReadonlyMap<string, readonly Argument[]>): [offers: string[], replaced: string] {
  const last = /\S*$/.exec(line)![0];
  const before = line.slice(0, line.length - last.length).trim();
  if (before === "") return [begin([...[...tools.keys()].map((name) => `${name} `), ...Object.keys(LINE_COMMANDS)], last), last];
  const known = tools.get(before.split(/\s/)[0]!) ?? [];
  const split = last.indexOf("=");
  if (split > 0) {
    const argument = known.find(({ name }) => name === last.slice(0, split));
    return [begin((argument?.values ?? []).map((value) => `${argument!.name}=${value} `), last), last];
  }
  const used = new Set(before.split(/\s+/).map((word) => word.split("=")[0]));
  return [begin(known.filter(({ name }) => !used.has(name)).map(({ name }) => `${name}=`), last), last];
}

function begin(offers: readonly string[], typed: string): string[] {
  return offers.filter((offer) => offer.startsWith(typed));
}
