// The thread of a talk: lines, and the calls that were made for them.

import { expect, test } from "vitest";

import type { SaidLine } from "../../console/src/lib/api.ts";
import { hiddenDigits, isTold, stillPending, threadOf, trouble, type ThreadItem } from "../../console/src/talk/thread.ts";
import { mergeTranscript } from "../../console/src/talk/transcript-merge.ts";
import type { TimelineEntry } from "../../src/inspector/api.ts";

const START = Date.parse("2026-01-01T12:00:00Z");
const line = (by: SaidLine["by"], seconds: number, text: string): SaidLine => ({ by, turn: 1, text, at: new Date(START + seconds * 1_000).toISOString() });
const entry = (version: number, seconds: number, more: Partial<TimelineEntry> = {}): TimelineEntry => ({
  version, atMs: START + seconds * 1_000, unit: "tool", name: `tool_${version}`, outcome: "ok", queueMs: 0, guardMs: 0, runMs: 1, commitMs: 1, replyMs: 1, changes: {}, notes: [], ...more,
});
const words = (items: readonly ThreadItem[]) => items.map((item) => (item.kind === "line" ? item.line.text : item.kind === "call" ? `-> ${item.entry.name}` : `(${item.text})`));

test("a call stands between what the caller said and what the agent said about it, though the caller's line came later", () => {
  const lines = [line("agent", 0, "Hello."), line("caller", 10.5, "two guests"), line("agent", 10.6, "Done."), line("caller", 20, "bye")];
  expect(words(threadOf(lines, [entry(1, 10.2), entry(2, 10.3)], []))).toEqual(["Hello.", "two guests", "-> tool_1", "-> tool_2", "Done.", "bye"]);
});

test("what was done long before somebody spoke stands before what they said", () => {
  expect(words(threadOf([line("caller", 100, "help"), line("agent", 101, "You can book.")], [entry(1, 2), entry(2, 100.5)], []))).toEqual(["-> tool_1", "help", "-> tool_2", "You can book."]);
});

test("calls that nobody spoke of come last, and what is not said yet after them", () => {
  expect(words(threadOf([line("agent", 0, "Hello.")], [entry(1, 5)], ["wait"]))).toEqual(["Hello.", "-> tool_1", "(wait)"]);
  expect(threadOf([], [], [])).toEqual([]);
});

test("tools, deadlines and whatever went wrong are told; a hook that went well is not", () => {
  const told = [entry(1, 0), entry(2, 0, { unit: "deadline" }), entry(3, 0, { unit: "hook" }), entry(4, 0, { unit: "hook", outcome: "failed" }), entry(5, 0, { unit: "outside" })].filter(isTold);
  expect(told.map(({ version }) => version)).toEqual([1, 2, 4]);
});

test("a refusal says why, and so does a login that looks like any other answer", () => {
  expect(trouble(entry(1, 0))).toBeNull();
  expect(trouble(entry(1, 0, { outcome: "refused", code: "not_authenticated", reason: "Nobody is logged in." }))).toEqual({ word: "refused", why: "Nobody is logged in" });
  expect(trouble(entry(1, 0, { outcome: "failed", code: "tool_execution_error" }))).toEqual({ word: "failed", why: "tool execution error" });
  expect(trouble(entry(1, 0, { notes: [{ kind: "login", part: "session", outcome: "wrong" }] }))).toEqual({ word: "refused", why: "wrong secret" });
  expect(trouble(entry(1, 0, { notes: [{ kind: "login", part: "session", outcome: "locked" }] }))).toEqual({ word: "locked out", why: "too many attempts" });
  expect(trouble(entry(1, 0, { notes: [{ kind: "login", part: "session", outcome: "accepted" }] }))).toBeNull();
});

test("what the server has is not pending any more", () => {
  expect(stillPending(["a", "b"], 3, 2)).toEqual(["b"]);
  expect(stillPending(["a"], 5, 2)).toEqual([]);
  // After a restart the server knows fewer lines than before.
  expect(stillPending(["a"], 0, 4)).toEqual(["a"]);
});

test("digits are hidden at once where a tool takes a secret, also those that are said one by one", () => {
  expect(hiddenDigits("my PIN is 4711", true)).toBe("my PIN is •••");
  expect(hiddenDigits("it is 4 7 1 1 or 47-11", true)).toBe("it is ••• or •••");
  expect(hiddenDigits("2 rooms on the 24th", true)).toBe("2 rooms on the 24th");
  expect(hiddenDigits("my PIN is 4711", false)).toBe("my PIN is 4711");
});

const texts = (lines: readonly { readonly text: string }[]) => lines.map(({ text }) => text);

test("the server's words replace those that were heard, so what is masked later is masked", () => {
  const known = [line("caller", 1, "my PIN is 4711"), { ...line("agent", 2, "Thank you."), isHeard: true as const }];
  expect(texts(mergeTranscript(known, [line("caller", 1, "my PIN is •••"), line("agent", 1.5, "Thank you.")]))).toEqual(["my PIN is •••", "Thank you."]);
});

test("a platform that was started anew takes nothing away", () => {
  const known = [line("caller", 1, "hello"), line("agent", 2, "Hello."), { ...line("caller", 9, "help"), isHeard: true as const }];
  expect(texts(mergeTranscript(known, []))).toEqual(["hello", "Hello.", "help"]);
  expect(texts(mergeTranscript(known, [line("caller", 10, "help"), line("agent", 11, "You can book.")]))).toEqual(["hello", "Hello.", "help", "You can book."]);
});
