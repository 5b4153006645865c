// A command: its options, its help, and what was typed.
//
//   CO1. Everything that was typed is checked before anything happens; what is wrong is named, with the nearest right one.

import { parseArgs } from "node:util";

import { misuse } from "./failure.ts";
import { columns, type Terminal } from "./terminal.ts";

/** An option; one with `value` takes an argument. */
export interface Option {
  readonly summary: string;
  /** How the argument is called in the help: `<port>`. */
  readonly value?: string;
}

export interface Command {
  /** As it is typed: `state show`. */
  readonly name: string;
  readonly summary: string;
  /** The positional arguments as the help shows them: `<paths...>`. */
  readonly takes?: string;
  /** Fewest and most positional arguments; none unless given. */
  readonly count?: readonly [least: number, most: number];
  readonly options: Readonly<Record<string, Option>>;
  /** Further lines of the help. */
  readonly notes?: readonly string[];
  /** @returns the exit code. */
  run(input: Input, terminal: Terminal): Promise<number>;
}

const COMMON: Readonly<Record<string, Option>> = {
  verbose: { summary: "show where an error comes from" },
  help: { summary: "show this help" },
};

/** What was typed, checked (CO1). */
export class Input {
  readonly positionals: readonly string[];
  readonly #command: Command;
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  constructor(command: Command, values: Readonly<Record<string, string | boolean | undefined>>, positionals: readonly string[]) {
    this.#command = command;
    this.#values = values;
    this.positionals = positionals;
  }

  /** The value of an option that takes one. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Options as they were typed, for a hint that works where it is read: ` --agents ./agents`. A password is left out. */
  again(...names: readonly string[]): string {
    return names.map((name) => {
      const text = this.text(name);
      if (text === undefined) return "";
      const shown = /:\/\/[^/]*@/.test(text) ? this.#command.options[name]!.value! : text;
      return ` --${name} ${/^[\w./:@%+,=<>-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`}`;
    }).join("");
  }

  /** A whole number from an option, else from an environment variable. */
  number(name: string, least: number, most: number, variable?: string): number | undefined {
    const typed = this.text(name);
    const text = typed ?? (variable ? process.env[variable] || undefined : undefined);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw misuse(`${typed === undefined ? variable : `--${name}`} must be a whole number from ${least} to ${most}.`, helpHint(this.#command.name));
  }

  /** One of some words. */
  choice<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || words.includes(text as T)) return text as T | undefined;
    throw misuse(`--${name} must be one of: ${words.join(", ")}.`, helpHint(this.#command.name));
  }
}

/** Checks what was typed after the command's name. `"help"`: somebody asks for it. */
export function parse(command: Command, words: readonly string[]): Input | "help" {
  const known = { ...command.options, ...COMMON };
  const options = Object.fromEntries(Object.entries(known).map(([name, option]) => [name, { type: option.value ? ("string" as const) : ("boolean" as const), ...(name === "help" ? { short: "h" } : {}) }]));
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, string | boolean> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind === "option") values[token.name] = checkedOption(command, known, token);
  }
  if (values.help === true) return "help";
  const [least, most] = command.count ?? [0, 0];
  if (positionals.length < least) throw misuse(`${command.name}: ${command.takes ?? "an argument"} is missing.`, helpHint(command.name));
  if (positionals.length > most) throw misuse(`${command.name} takes ${most === 0 ? "no" : `at most ${most}`} argument${most === 1 ? "" : "s"}; "${positionals[most]}" is too much.`, helpHint(command.name));
  return new Input(command, values, positionals);
}

function checkedOption(command: Command, known: Readonly<Record<string, Option>>, token: { name: string; rawName: string; value?: string | undefined }): string | boolean {
  const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
  if (!option) throw misuse(`${command.name} has no option ${token.rawName}.${suggestion(token.name, Object.keys(known), "--")}`, helpHint(command.name));
  if (!option.value) {
    if (token.value !== undefined) throw misuse(`--${token.name} takes no value.`, helpHint(command.name));
    return true;
  }
  if (token.value === undefined || token.value === "") throw misuse(`--${token.name} needs a value: --${token.name} ${option.value}.`, helpHint(command.name));
  return token.value;
}

/** The help of one command. */
export function helpOf(command: Command, terminal: Terminal): string {
  const options = Object.entries({ ...command.options, ...COMMON }).map(([name, { value, summary }]) => [`  --${name}${value ? ` ${value}` : ""}`, summary]);
  const title = ["conversimple", command.name, command.takes ?? "", "[options]"].filter((word) => word !== "").join(" ");
  const lines = [terminal.tone("strong", title), "", command.summary, "", ...columns(options, "   ")];
  return [...lines, ...(command.notes ? ["", ...command.notes] : [])].join("\n");
}

export function helpHint(name: string): string {
  return `See: conversimple ${name} --help`;
}

/** ` Did you mean --port?`, or nothing when nothing is near. */
export function suggestion(typed: string, known: readonly string[], prefix = ""): string {
  const nearest = known.map((word) => ({ word, distance: distance(typed, word) })).sort((a, b) => a.distance - b.distance)[0];
  return nearest && nearest.distance <= Math.max(1, Math.floor(nearest.word.length / 3)) ? ` Did you mean ${prefix}${nearest.word}?` : "";
}

/** Edits between two short words; two letters that changed places are one (Damerau). */
function distance(a: string, b: string): number {
  if (a.length > 40) return a.length;
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!;
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
