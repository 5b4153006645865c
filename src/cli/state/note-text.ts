// What a unit did beside its changes, as a line of a list says it.

import type { LoginNote, UnitNote } from "../../state/notes.ts";
import { attemptsText } from "../outcome.ts";

/** `session: wrong (account 2 of 5)`, `products: loaded in 12 ms`. */
export function noteText(note: UnitNote): string {
  if (note.kind === "login") return `${note.part}: ${loginText(note)}`;
  if (note.kind === "effect") return `effect ${note.name}: ${note.outcome}${took(note.ms)}`;
  if (note.kind === "cache") return `${note.part}: ${note.outcome}${took(note.ms)}`;
  return `${note.part}: ${note.outcome}`;
}

function loginText(note: LoginNote): string {
  const attempts = attemptsText(note);
  return `${note.outcome === "locked" ? "locked, the secret was not looked at" : note.outcome}${attempts === undefined ? "" : ` (${attempts})`}`;
}

function took(ms: number | undefined): string {
  return ms === undefined ? "" : ` in ${ms} ms`;
}
