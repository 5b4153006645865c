// Whether logins are locked now, and since when: from the session's counters, or from what the timeline says.
//
//   LO1. A counter that the server knows wins. Of nobody who is logged in the account is not known: then the newest login of
//        the call says it.                                                                              (P18)
//   LO2. A lock whose time is over is none.

import type { LockoutView, SessionView, TimelineEntry } from "../../../../src/inspector/api.ts";
import { failedLogin, type LoginNote } from "./entry-words.ts";

/** A lock that holds. */
export interface Lock {
  readonly by: "account" | "conversation";
  readonly attempts?: number;
  readonly limit?: number;
  readonly untilMs: number;
  /** The entry that says so; absent when the counters do. */
  readonly version?: number;
}

/** The lock that holds now. */
export function lockOf(sessions: readonly SessionView[], entries: readonly TimelineEntry[], nowMs: number): Lock | undefined {
  for (const { account, conversation } of sessions) {
    const known = counterLock(conversation, "conversation", nowMs) ?? counterLock(account, "account", nowMs);
    if (known) return withVersion(known, entries);
  }
  const last = lastLogin(entries);
  if (!last) return undefined;
  const { untilMs, by = "account", attempts, limit } = last.note;
  if (untilMs === undefined || untilMs <= nowMs) return undefined;
  return { by, untilMs, version: last.version, ...(attempts === undefined ? {} : { attempts }), ...(limit === undefined ? {} : { limit }) };
}

function counterLock(view: LockoutView | undefined, by: Lock["by"], nowMs: number): Lock | undefined {
  if (!view || view.lockedUntilMs === null || view.lockedUntilMs <= nowMs) return undefined;
  return { by, attempts: view.attempts, limit: view.limit, untilMs: view.lockedUntilMs };
}

function withVersion(lock: Lock, entries: readonly TimelineEntry[]): Lock {
  const entry = entries.findLast((each) => failedLogin(each) !== undefined);
  return entry ? { ...lock, version: entry.version } : lock;
}

function lastLogin(entries: readonly TimelineEntry[]): { readonly version: number; readonly note: LoginNote } | undefined {
  for (let index = entries.length - 1; index >= 0; index--) {
    const { notes, version } = entries[index]!;
    const note = notes.findLast((each): each is LoginNote => each.kind === "login" && each.outcome !== "pending");
    if (note) return { version, note };
  }
  return undefined;
}

/** The logins of a call, newest first. */
export function loginsOf(entries: readonly TimelineEntry[]): readonly { readonly version: number; readonly atMs: number; readonly note: LoginNote }[] {
  return entries.flatMap(({ version, atMs, notes }) => notes.flatMap((note) => (note.kind === "login" ? [{ version, atMs, note }] : []))).reverse();
}
