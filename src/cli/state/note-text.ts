// What a unit did beside its changes, as a line of a list says it.

import type { LoginNote, UnitNote } from "../../state/notes.ts";
import { timeText } from "../rendering.ts";

/** `session: wrong (account 2 of 5)`, `products: loaded in 12 ms`. */
export function noteText(note: UnitNote): string {
  if (note.kind === "login") return `${note.part}: ${loginText(note)}`;
  if (note.kind === "effect") return `effect ${note.name}: ${note.outcome}${took(note.ms)}`;
  if (note.kind === "cache") return `${note.part}: ${note.outcome}${took(note.ms)}`;
  return `${note.part}: ${note.outcome}`;
}

function loginText({ outcome, by, attempts, limit, untilMs }: LoginNote): string {
  const until = untilMs === undefined ? "" : `, ${outcome === "locked" ? "" : "locked "}until ${timeText(untilMs)}`;
  const count = by === undefined ? "" : ` (${by} ${attempts ?? "?"} of ${limit ?? "?"}${until})`;
  return `${outcome === "locked" ? "locked, the secret was not looked at" : outcome}${count}`;
}

function took(ms: number | undefined): string {
  return ms === undefined ? "" : ` in ${ms} ms`;
}
