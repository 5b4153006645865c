// What must not stand in a text that other code wrote, such as an error's message.                       (P21)
//
// Owns the memory of which texts those are for a thrown error, and taking them out. A log gets no such text at all; this is
// for where a developer reads them.
//
//   RX1. It finds what is known: arguments and state that are marked, the process's own keys. A password that a tool got
//        from elsewhere and put into a message is not known.
//   RX2. A short text is taken out where it stands alone: "4711", not the middle of a number.

import { MASKED } from "./mask.ts";

/** Shorter texts are words of any sentence, characters. */
const LEAST_LENGTH = 3;
/** Shorter texts are looked for as words (RX2), characters. */
const LONG = 8;

const HIDDEN = new WeakMap<object, ReadonlySet<string>>();

/** Remembers what must not be shown of an error, beside what was said before. */
export function hide(thrown: unknown, texts: readonly string[]): void {
  if (typeof thrown !== "object" || thrown === null || texts.length === 0) return;
  HIDDEN.set(thrown, new Set([...(HIDDEN.get(thrown) ?? []), ...texts]));
}

/**
 * A text about an error, without what {@link hide} was told of it and without user and password of addresses.
 *
 * @param also further texts to take out, such as the process's own keys.
 */
export function redacted(text: string, thrown?: unknown, also: readonly string[] = []): string {
  const known = typeof thrown === "object" && thrown !== null ? (HIDDEN.get(thrown) ?? []) : [];
  // The longest first: one may be the beginning of another.
  const hidden = [...known, ...also].filter(({ length }) => length >= LEAST_LENGTH).sort((a, b) => b.length - a.length);
  let result = text;
  for (const each of hidden) result = each.length >= LONG ? result.replaceAll(each, MASKED) : result.replace(wordOf(each), MASKED);
  return result.replace(/:\/\/[^\s/@<[]+@/g, `://${MASKED}@`);
}

function wordOf(text: string): RegExp {
  const edge = "[\\p{L}\\p{N}]";
  return new RegExp(`(?<!${edge})${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!${edge})`, "gu");
}

/** What kind of thing was thrown, in a word that no caller wrote. */
export function kindOf(thrown: unknown): string {
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return /^[A-Za-z]\w{0,63}$/.test(name) ? name : "Error";
}

/** Where an error was made: `file:line:column` of its innermost place in code; its message is not looked at. */
export function originOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return undefined;
  const { stack, message } = thrown;
  // A message may look like a stack.
  const frames = stack.slice(Math.max(0, stack.indexOf(message)) + message.length);
  return /^\s+at (?:.*\()?((?:file:\/\/|\/|[A-Za-z]:\\|node:)[^()\n]*:\d+:\d+)\)?$/m.exec(frames)?.[1];
}
