// What happened in a unit, in plain words: for somebody who has never seen this project.
//
// Owns the sentences of the timeline, its detail and the session panel. They say what was done, why, and what to do.
//
//   EW1. What the caller heard and what happened are told apart: a locked login answers like a wrong one, on purpose. (P18)
//   EW2. Sentences are made of the SDK's own words and numbers, never of a value of state.              (P21)

import type { LockoutView, NoteView, TimelineEntry } from "../../../../src/inspector/api.ts";
import { count, duration } from "../../lib/formatting.ts";

/** How loud something is. */
export type Tone = "good" | "plain" | "warn" | "bad";

/** A chip of a row. */
export interface Chip {
  readonly tone: Tone;
  readonly text: string;
}

/** What is said of a unit in its detail. */
export interface Explanation {
  readonly tone: Tone;
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly remedy?: string;
}

/** A moment as the page writes it; its time zone and language are the page's. */
export type TimeText = (ms: number) => string;

export type LoginNote = Extract<NoteView, { kind: "login" }>;

/** The note of a unit that says that a login was tried and nobody was logged in. */
export function failedLogin({ notes }: TimelineEntry): LoginNote | undefined {
  return notes.find((note): note is LoginNote => note.kind === "login" && note.outcome !== "accepted" && note.outcome !== "pending");
}

const LOGIN_WORDS = { wrong: "wrong secret", locked: "locked", failed: "login failed" } as const;

/** How a unit ended, to colour it. A login that failed is no success of the call, though its tool answered. */
export function toneOf(entry: TimelineEntry): Tone {
  if (entry.outcome === "failed" || entry.outcome === "timeout" || entry.isUnreadable) return "bad";
  const login = failedLogin(entry);
  if (login) return login.outcome === "locked" ? "bad" : "warn";
  if (entry.outcome === "ok") return entry.notes.some(({ outcome }) => outcome === "failed") ? "warn" : "good";
  return "warn";
}

/** Whether the unit only says that somebody looked at what is masked. */
export function isReveal({ unit, name }: Pick<TimelineEntry, "unit" | "name">): boolean {
  return unit === "outside" && name === "reveal";
}

/** The outcome in a word. */
export function outcomeText(entry: TimelineEntry): string {
  if (entry.isUnreadable) return "unreadable";
  const login = failedLogin(entry);
  if (login && entry.outcome === "ok") return LOGIN_WORDS[login.outcome as keyof typeof LOGIN_WORDS];
  return { ok: "ok", refused: "refused", tool_error: "tool error", failed: "failed", timeout: "timed out", cancelled: "cancelled" }[entry.outcome];
}

/** One line of a note. */
export function noteChip(note: NoteView, timeText: TimeText): Chip {
  switch (note.kind) {
    case "login":
      return loginChip(note, timeText);
    case "cache":
      return { tone: note.outcome === "failed" ? "warn" : "plain", text: `${note.part}: ${{ hit: "from the cache", stale: "old value served, being refreshed", loaded: "loaded", failed: "could not be loaded", pending: "was still being loaded" }[note.outcome]}${took(note.ms)}` };
    case "effect":
      return { tone: note.outcome === "failed" ? "warn" : "plain", text: `effect ${note.name}: ${{ ran: "ran", kept: "kept from an earlier run", failed: "failed", pending: "had not come back" }[note.outcome]}${took(note.ms)}` };
    case "customer":
      return { tone: "plain", text: `${note.part === "customer" ? "" : `${note.part}: `}${{ identified: "customer identified", updated: "customer updated", read: "customer read", pending: "customer, not ended" }[note.outcome]}${note.version === undefined ? "" : ` (version ${note.version})`}` };
    default:
      // A newer server may know more kinds.
      return { tone: "plain", text: "note" };
  }
}

function took(ms: number | undefined): string {
  return ms === undefined ? "" : ` (${duration(ms)})`;
}

function loginChip({ outcome, attempts, limit, untilMs }: LoginNote, timeText: TimeText): Chip {
  if (outcome === "accepted") return { tone: "good", text: "logged in" };
  const counted = attempts === undefined || limit === undefined ? "" : `${attempts} of ${count(limit, "attempt")}`;
  if (outcome === "pending") return { tone: "plain", text: "the login had not come to an end" };
  if (outcome === "failed") return { tone: "warn", text: joined(["verify threw", counted]) };
  if (outcome === "wrong") return { tone: "warn", text: joined(["wrong secret", counted]) };
  return { tone: "bad", text: joined(["locked: verify did not run", counted, untilMs === undefined ? "" : `unlocks at ${timeText(untilMs)}`]) };
}

function joined(pieces: readonly string[]): string {
  return pieces.filter((piece) => piece !== "").join("; ");
}

/** What a unit did, in sentences (EW1). */
export function explain(entry: TimelineEntry, timeText: TimeText): Explanation {
  if (entry.isUnreadable) return { tone: "bad", headline: "This entry cannot be read", sentences: ["Its text is damaged, or encrypted with a key that this process does not have. The entries around it are not affected."] };
  const login = failedLogin(entry);
  if (login?.outcome === "locked") return lockedWords(login, timeText);
  if (login?.outcome === "wrong") return wrongWords(login, timeText);
  if (isReveal(entry)) return { tone: "warn", headline: "Somebody looked at what is masked.", sentences: [`${entry.source ?? "Somebody"} saw personal values in clear.`, ...(entry.reason === undefined ? [] : [`The reason that was given: ${entry.reason}`])] };
  const { outcome, reason, remedy, code } = entry;
  const why = [reason, login ? "verify threw, so nobody was logged in; the attempt stays counted." : undefined, waitWords(entry)].filter((sentence) => sentence !== undefined);
  return { tone: toneOf(entry), headline: headlineOf(entry), sentences: outcome === "ok" || why.length > 0 || code === undefined ? why : [refusalWords(code)], ...(remedy === undefined ? {} : { remedy }) };
}

function headlineOf({ outcome, unit, name, changes }: TimelineEntry): string {
  const what = { tool: `The tool ${name}`, hook: `The hook ${name}`, update: `The update in ${name}`, signal: `The signal ${name}`, effect: `The effect ${name}`, outside: `The change from outside (${name})`, deadline: `The deadline of ${name}` }[unit];
  if (unit === "deadline" && outcome === "ok") return `${what} has passed, and what came of it is stored.`;
  const ended = {
    ok: changes !== null && Object.values(changes).every(({ length }) => length === 0) ? "ran; it changed no state of this conversation" : "ran, and what it changed is stored",
    refused: "was refused; it did not run",
    tool_error: "answered with an error of its own; nothing that it changed was kept",
    failed: "failed; nothing that it changed was kept",
    timeout: "took too long; nothing that it changed was kept",
    cancelled: "was cancelled; nothing that it changed was kept",
  }[outcome];
  return `${what} ${ended}.`;
}

/** Why it waited. */
export function waitWords({ waitedFor, queueMs }: Pick<TimelineEntry, "waitedFor" | "queueMs">): string | undefined {
  return waitedFor === undefined ? undefined : `It waited ${duration(queueMs)} for ${waitedFor}: units of one conversation run one after another.`;
}

const REFUSALS: Readonly<Record<string, string>> = {
  not_authenticated: "The caller is not logged in, and this tool requires it.",
  reauthentication_required: "The caller's login is too old for this tool: it asks for a fresh one.",
  step_not_allowed: "The workflow is at another step than this tool is for.",
  already_logged_in: "Somebody else is logged in within this call.",
  check_failed: "The workflow's check says that the fields do not fit together.",
  invalid_parameters: "The arguments do not fit the tool's schema.",
};

/** Why a unit did not end well, in one line; undefined where nothing is said. */
export function whyText({ reason, code, outcome }: Pick<TimelineEntry, "reason" | "code" | "outcome">): string | undefined {
  if (reason !== undefined || code === undefined || outcome === "ok") return reason;
  return REFUSALS[code] ?? `code: ${code}.`;
}

function refusalWords(code: string): string {
  return REFUSALS[code] ?? `The code is ${code}.`;
}

/** Said wherever a lock is shown, so that nobody takes the caller's words for a bug (EW1). */
export const SAME_WORDS = "The caller hears exactly the same words as for a wrong secret. That is on purpose: an answer that said “locked” would tell a guesser that the account exists, and when the guessing may go on.";

function lockedWords({ by, attempts, limit, untilMs }: LoginNote, timeText: TimeText): Explanation {
  const counter = by === "conversation" ? "this call" : "the account";
  const counted = attempts === undefined || limit === undefined ? `Too many wrong secrets were tried on ${counter}.` : `${attempts} of ${count(limit, "attempt")} on ${counter} are used up.`;
  return {
    tone: "bad",
    headline: by === "conversation" ? "Locked: this call has tried too many secrets." : "Locked: too many wrong secrets were tried on this account.",
    sentences: [`The secret was not even looked at: the agent's check of it (verify) did not run. So the right one is refused, too. ${counted}`, untilMs === undefined ? "It unlocks by itself when the window of the oldest attempt is over." : `It unlocks by itself at ${timeText(untilMs)}.`, SAME_WORDS],
    remedy: untilMs === undefined ? "Wait until the lock is over, then log in with the right secret." : `Wait until ${timeText(untilMs)}, then log in with the right secret.`,
  };
}

function wrongWords({ attempts, limit, untilMs, by }: LoginNote, timeText: TimeText): Explanation {
  const isLast = attempts !== undefined && limit !== undefined && attempts >= limit;
  const counter = by === "conversation" ? "in this call" : "on this account";
  const left = attempts === undefined || limit === undefined ? [] : isLast ? [`That was the last of ${count(limit, "attempt")} ${counter}. From now on no secret is looked at any more, the right one included${untilMs === undefined ? "" : `, until ${timeText(untilMs)}`}.`] : [`${attempts} of ${count(limit, "attempt")} ${counter} are used; ${count(limit - attempts, "is", "are")} left before it locks.`];
  return { tone: isLast ? "bad" : "warn", headline: isLast ? "The secret was wrong, and that was the last attempt." : "The secret was wrong.", sentences: ["The agent's check of the secret (verify) ran and did not accept it. Nobody was logged in.", ...left] };
}

/** A counter of attempts in words. */
export function lockoutWords(lockout: LockoutView, whose: "account" | "conversation", nowMs: number, timeText: TimeText): Explanation | undefined {
  const { attempts, limit, lockedUntilMs } = lockout;
  if (lockedUntilMs === null || lockedUntilMs <= nowMs) {
    if (attempts === 0) return undefined;
    return { tone: limit - attempts <= 1 ? "warn" : "plain", headline: `${attempts} of ${count(limit, "attempt")} used`, sentences: [] };
  }
  return lockedWords({ kind: "login", part: "", outcome: "locked", by: whose, attempts, limit, untilMs: lockedUntilMs }, timeText);
}
