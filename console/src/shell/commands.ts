// What can be done from everywhere: one list for the palette, the bar and the keys.

import { Store } from "../lib/store.ts";

/** Which dialog is open over the page. */
export type Overlay = "palette" | "help" | "new-call" | null;

export const overlay = new Store<Overlay>(null);

/** Something that can be chosen in the palette. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly hint?: string;
  readonly group: string;
  readonly keys?: string;
  readonly run: () => void;
}

/** Commands whose title, group or hint has all words, in the order of how early the first word stands. */
export function matching(commands: readonly Command[], text: string): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return commands;
  return commands
    .map((command) => ({ command, haystack: `${command.title} ${command.hint ?? ""} ${command.group}`.toLowerCase() }))
    .filter(({ haystack }) => words.every((word) => haystack.includes(word)))
    .sort((a, b) => a.haystack.indexOf(words[0]!) - b.haystack.indexOf(words[0]!))
    .map(({ command }) => command);
}
