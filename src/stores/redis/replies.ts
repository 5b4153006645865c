// What the scripts answer, as the port says it.
//
//   RE1. An answer of another shape than the script gives is an error, never a guess: it means that something stands
//        between us and Redis.

import { ConversimpleError } from "../../base/errors.ts";
import { LEDGER_MAX_AGE_MS } from "../../state/store.ts";
import type { Entry, Facts, FeedItem, KnownCall, Listed, Loaded, Owner, Status, WaitingMessage } from "../../state/store.ts";

/** An answer before it is looked at. */
export type Reply = unknown;

/** A list. @throws {ConversimpleError} RE1. */
export function listOf(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw unexpected();
}

/** A text. @throws {ConversimpleError} RE1. */
export function textOf(reply: Reply): string {
  if (typeof reply === "string") return reply;
  if (typeof reply === "number") return String(reply);
  throw unexpected();
}

/** A text, or null. */
export function maybeText(reply: Reply): string | null {
  return reply === null || reply === undefined ? null : textOf(reply);
}

/** A whole number. @throws {ConversimpleError} RE1. */
export function numberOf(reply: Reply): number {
  const number = typeof reply === "number" ? reply : Number(textOf(reply));
  if (Number.isSafeInteger(number)) return number;
  throw unexpected();
}

/** An owner as `loaded` gives it, with the write id that made its version; undefined when it is absent. */
export function loadedOf(owner: Owner, reply: Reply): { loaded: Loaded; writeId: string | null } | undefined {
  if (reply === null) return undefined;
  const [version, epoch, process, status, agentId, customer, endReason, createdAt, updatedAt, expiresAt, mail, record, calls, writeId, now] = listOf(reply);
  const loaded: Loaded = {
    owner,
    record: maybeText(record),
    version: numberOf(version),
    epoch: numberOf(epoch),
    process: maybeText(process),
    facts: factsOf([status, agentId, customer, endReason, createdAt, updatedAt, expiresAt]),
    calls: callsOf(listOf(calls), numberOf(now) - LEDGER_MAX_AGE_MS),
    mail: mail === null ? 0 : numberOf(mail),
  };
  return { loaded, writeId: maybeText(writeId) };
}

function factsOf([status, agentId, customer, endReason, createdAt, updatedAt, expiresAt]: readonly Reply[]): Facts {
  return {
    status: textOf(status) as Status,
    agentId: maybeText(agentId),
    customer: maybeText(customer),
    endReason: maybeText(endReason),
    createdAtMs: numberOf(createdAt),
    updatedAtMs: numberOf(updatedAt),
    expiresAtMs: maybeText(expiresAt) === null ? null : numberOf(expiresAt),
  };
}

/** From pairs of version and head, newest first; of one call id the newest, oldest first. (P5) */
function callsOf(pairs: readonly Reply[], oldestMs: number): KnownCall[] {
  const newestFirst = new Map<string, KnownCall>();
  for (let n = 0; n < pairs.length; n += 2) {
    const { atMs, call } = headOf(pairs[n + 1]);
    if (call && atMs > oldestMs && !newestFirst.has(call[0])) newestFirst.set(call[0], { callId: call[0], digest: call[1], version: numberOf(pairs[n]), atMs });
  }
  return [...newestFirst.values()].reverse();
}

/** A turn's head: `<at>:<place in the feed>:<call as JSON or nothing>`. */
function headOf(reply: Reply): { atMs: number; call: readonly [callId: string, digest: string] | null } {
  const [, at, call] = /^(\d+):\d+:(.*)$/s.exec(textOf(reply)) ?? [];
  if (at === undefined) throw unexpected();
  return { atMs: Number(at), call: call ? (JSON.parse(call) as [string, string]) : null };
}

/** A journal entry: version, head, text; the answer where it was asked for. */
export function entryOf([version, head, text, answer]: readonly Reply[]): Entry {
  const { atMs, call } = headOf(head);
  return { version: numberOf(version), atMs, text: maybeText(text), callId: call ? call[0] : null, ...(answer === undefined ? {} : { answer: maybeText(answer) }) };
}

/** One line of the feed without its cursor: place, owner, version, head, text. */
export function feedItemOf(reply: Reply): Omit<FeedItem, "cursor"> & { readonly place: number } {
  const [place, owner, ...entry] = listOf(reply);
  return { ...entryOf(entry), owner: textOf(owner) as Owner, place: numberOf(place) };
}

/** One line of a list: fields, size of the record, owner. `sequence` orders by creation. */
export function listedOf(reply: Reply): Listed & { readonly sequence: number } {
  const [sequence, version, epoch, process, status, agentId, customer, endReason, createdAt, updatedAt, expiresAt, recordBytes, owner] = listOf(reply);
  return {
    sequence: numberOf(sequence),
    owner: textOf(owner) as Owner,
    version: numberOf(version),
    epoch: numberOf(epoch),
    process: maybeText(process),
    facts: factsOf([status, agentId, customer, endReason, createdAt, updatedAt, expiresAt]),
    recordBytes: numberOf(recordBytes),
  };
}

/** A message that waits: `<at>:<id>`, text. */
export function messageOf(reply: Reply): WaitingMessage {
  const [head, text] = listOf(reply);
  const [, at, id] = /^(\d+):(.*)$/s.exec(textOf(head)) ?? [];
  if (at === undefined || id === undefined) throw unexpected();
  return { id, text: textOf(text), atMs: Number(at) };
}

function unexpected(): ConversimpleError {
  return new ConversimpleError("state_unavailable", "Redis gave an answer that this release does not know. Is another program using the same prefix, or does a proxy change answers?", { outcome: "unknown" });
}
