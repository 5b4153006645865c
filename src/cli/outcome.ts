// How a unit of work came out, as the terminal says it: a word, its tone, and why.
//
//   OC1. A login says what came of it. Its tool answers as usual, whether somebody was logged in or not, and its caller is not
//        told apart from a guesser; a developer is.                                                   (P18)
//   OC2. Codes, counts and times; never a value.                                                      (P21)

import type { JournalEntry, UnitOutcome } from "../state/journal.ts";
import type { LoginNote } from "../state/notes.ts";
import { timeText } from "./rendering.ts";
import type { Tone } from "./terminal.ts";

export interface Outcome {
  /** `ok`, `refused`, `failed`, ...; of a login `accepted`, `wrong`, `locked`. */
  readonly word: string;
  readonly tone: Tone;
  /** `not_authenticated`, `account 2 of 5`; undefined where there is nothing to say. */
  readonly why: string | undefined;
}

const LOGIN_TONES = { accepted: "good", wrong: "warning", locked: "bad", failed: "bad" } as const satisfies Partial<Record<LoginNote["outcome"], Tone>>;

/** OC1. */
export function outcomeOf({ outcome, code, notes = [] }: Pick<JournalEntry, "outcome" | "code" | "notes">): Outcome {
  const login = notes.findLast((note): note is LoginNote => note.kind === "login");
  // What broke after a login is more than that login.
  const isOfLogin = login !== undefined && (outcome === "ok" || login.outcome === "wrong" || login.outcome === "locked");
  if (!isOfLogin || login.outcome === "pending") return { word: outcome, tone: toneOf(outcome), why: code };
  return { word: login.outcome, tone: LOGIN_TONES[login.outcome], why: login.outcome === "accepted" ? undefined : attemptsText(login) };
}

/** What a result says of itself where no journal can be read: a refusal has a word and a message. (P17) */
export function outcomeOfResult(result: unknown): Outcome | undefined {
  const { error, message } = (typeof result === "object" && result !== null ? result : {}) as { error?: unknown; message?: unknown };
  return typeof error === "string" && typeof message === "string" ? { word: "refused", tone: "warning", why: error } : undefined;
}

/** `account 2 of 5`, `account 5 of 5, until 2026-01-31 09:05:00`; undefined where nobody counts. */
export function attemptsText({ outcome, by, attempts, limit, untilMs }: LoginNote): string | undefined {
  if (by === undefined) return undefined;
  const until = untilMs === undefined ? "" : `, ${outcome === "locked" ? "" : "locked "}until ${timeText(untilMs)}`;
  return `${by} ${attempts ?? "?"} of ${limit ?? "?"}${until}`;
}

function toneOf(outcome: UnitOutcome): Tone {
  if (outcome === "ok") return "good";
  return outcome === "refused" || outcome === "tool_error" ? "warning" : "bad";
}
