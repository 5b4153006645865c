// What the form of a tool says of its answer.

import { expect, test } from "vitest";

import { verdictOf } from "../../console/src/panels/logic/answer-verdict.ts";
import type { CallResult, NoteView, TimelineEntry } from "../../src/inspector/api.ts";

const entry = (more: Partial<TimelineEntry> = {}): TimelineEntry => ({ version: 2, atMs: 0, unit: "tool", name: "pay", outcome: "ok", queueMs: 0, guardMs: 0, runMs: 0, commitMs: null, replyMs: null, changes: {}, notes: [], ...more });
const login = (outcome: "wrong" | "locked" | "accepted"): NoteView => ({ kind: "login", part: "session", outcome, by: "account", attempts: 1, limit: 5, ...(outcome === "locked" ? { untilMs: 9 } : {}) });
const result = (value: unknown): CallResult => ({ kind: "result", callId: "1", result: value });
const error = (type: string): CallResult => ({ kind: "error", callId: "1", error: { type, message: "It did not work." }, remedy: "Look again." });
const verdict = (answer: CallResult, of?: TimelineEntry) => verdictOf(answer, of, (ms) => `at ${ms}`);

test("a refusal says so, in the agent's words, with or without its entry", () => {
  const refused = result({ error: "step_not_allowed", message: "I still need the dates.", step: "idle" });
  expect(verdict(refused)).toMatchObject({ label: "Refused", word: "step_not_allowed", tone: "warn", why: { headline: "I still need the dates." } });
  expect(verdict(refused, entry({ outcome: "refused", code: "step_not_allowed", remedy: "Set them." }))).toMatchObject({ label: "Refused", word: "step_not_allowed", why: { headline: "I still need the dates.", remedy: "Set them." } });
});

test("a login that was wrong or locked was refused, whatever its tool answered", () => {
  const answered = result({ success: false, error: "Invalid credentials" });
  expect(verdict(answered, entry({ notes: [login("wrong")] }))).toMatchObject({ label: "Refused", word: "wrong secret", tone: "warn", why: { headline: "The secret was wrong." } });
  expect(verdict(answered, entry({ notes: [login("locked")] }))).toMatchObject({ label: "Refused", word: "locked", tone: "bad" });
  expect(verdict(result({ success: true }), entry({ notes: [login("accepted")] }))).toEqual({ label: "Answered", word: "result", tone: "plain" });
});

test("a result is an answer, also one that speaks of errors", () => {
  for (const value of [{ error: "none found" }, { message: "Done." }, { error: 0, message: "fine" }, [], null, "•••"]) expect(verdict(result(value)).label).toBe("Answered");
  expect(verdict(result({ error: "stale", message: "An old price." }), entry()).label).toBe("Answered");
});

test("what broke failed, and what was not begun was refused", () => {
  expect(verdict(error("tool_execution_error"))).toEqual({ label: "Failed", word: "tool_execution_error", tone: "bad", why: { headline: "It did not work.", sentences: [], remedy: "Look again." } });
  expect(verdict(error("invalid_parameters")).label).toBe("Refused");
});

test("of a masked result the entry says what happened", () => {
  expect(verdict(result("•••"), entry({ outcome: "tool_error", code: "tool_error" }))).toMatchObject({ label: "Refused", word: "tool_error", why: { headline: expect.stringContaining("answered with an error of its own") as string } });
});
