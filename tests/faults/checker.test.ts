import { expect, test } from "vitest";
import { violationsOf } from "./checker.ts";
import type { HistoryEvent } from "./checker.ts";

const asked = (callId: string, conversation = "c1"): HistoryEvent => ({ kind: "asked", conversation, callId });
const refused = (callId: string): HistoryEvent => ({ kind: "refused", conversation: "c1", callId });
const unknown = (callId: string): HistoryEvent => ({ kind: "unknown", conversation: "c1", callId });
const acknowledged = (callId: string, count: number, more: { from?: string; answer?: string } = {}): HistoryEvent => ({
  kind: "acknowledged", conversation: "c1", callId, count, answer: `{"count":${count}}`, from: "c1", ...more,
});
const stored = (version: number, ids: readonly string[], conversation = "c1"): HistoryEvent => ({
  kind: "stored", conversation: "c1", version, changes: ids.map((callId) => ({ callId, conversation })),
});

/** Two calls one after another, a third in flight; everything as it must be. */
const RIGHT: readonly HistoryEvent[] = [asked("a"), acknowledged("a", 1), stored(2, ["a"]), asked("b"), asked("c"), acknowledged("b", 2), stored(3, ["a", "b"])];

test("a history in which all went well has no violation, whether or not the call in flight is stored", () => {
  expect(violationsOf(RIGHT)).toEqual([]);
  expect(violationsOf([...RIGHT, stored(4, ["a", "b", "c"]), acknowledged("c", 3)])).toEqual([]);
  expect(violationsOf([...RIGHT, unknown("c"), stored(4, ["a", "b", "c"])])).toEqual([]);
  expect(violationsOf([...RIGHT, unknown("c"), stored(4, ["a", "b"])])).toEqual([]);
});

test("the same answer again, and a call that is refused, then asked again and stored, are no violation", () => {
  expect(violationsOf([...RIGHT, asked("a"), acknowledged("a", 1), refused("c"), stored(3, ["a", "b"]), asked("c"), acknowledged("c", 3), stored(4, ["a", "b", "c"])])).toEqual([]);
});

const lost: HistoryEvent = { kind: "lost", conversation: "c1" };

test("what was lost and reported is no violation, and what comes after it counts from there", () => {
  expect(violationsOf([...RIGHT, lost, stored(2, ["a"]), asked("d"), acknowledged("d", 2), stored(3, ["a", "d"])])).toEqual([]);
});

test.each([
  ["A", "an acknowledged change that is not stored", [...RIGHT, stored(4, ["a"])]],
  ["A", "a change that nobody asked for", [...RIGHT, stored(4, ["a", "b", "x"])]],
  ["A", "a refused call that is stored", [...RIGHT, refused("c"), stored(4, ["a", "b", "c"])]],
  ["B", "a change that is applied twice", [...RIGHT, stored(4, ["a", "b", "b"])]],
  ["B", "two answers to one call", [...RIGHT, asked("a"), acknowledged("a", 7)]],
  ["C", "a version that goes back", [...RIGHT, stored(2, ["a", "b"])]],
  ["C", "changes whose order changes", [...RIGHT, stored(4, ["b", "a"])]],
  ["C", "a later call that counts no higher: an update was lost", [...RIGHT, acknowledged("c", 3), asked("d"), acknowledged("d", 3)]],
  ["A", "a loss after the one that was reported", [...RIGHT, lost, stored(2, ["a"]), asked("d"), acknowledged("d", 2), stored(3, ["a"])]],
  ["A", "a loss that another conversation was told of", [...RIGHT, { kind: "lost", conversation: "c2" }, stored(4, ["a"])]],
  ["B", "a change that is applied twice after a loss", [...RIGHT, lost, stored(4, ["a", "a"])]],
  ["C", "a version that goes back again after a loss", [...RIGHT, lost, stored(2, ["a"]), stored(1, ["a"])]],
  ["D", "a change of another conversation", [...RIGHT, asked("y"), stored(4, ["a", "b", "y"], "c2")]],
  ["D", "an answer that another conversation gave", [...RIGHT, acknowledged("c", 3, { from: "c2" })]],
  ["D", "an answer to a call of another conversation", [...RIGHT, asked("z", "c2"), acknowledged("z", 3)]],
] as const)("planted: %s breaks with %s", (invariant, _what, history) => {
  const found = violationsOf(history);
  expect(found.map((violation) => violation[0])).toContain(invariant);
});
