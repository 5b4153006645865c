// A value as rows of a tree, what is locked, and where a workflow is.

import { expect, test } from "vitest";

import { lockOf } from "../../console/src/panels/logic/locks.ts";
import { sameStateVersion } from "../../console/src/panels/logic/same-state.ts";
import { rowsOf, type TreeRow, type TreeView } from "../../console/src/panels/logic/tree-rows.ts";
import { changesOf, indexOf } from "../../console/src/panels/logic/value-changes.ts";
import { deadlineOf, needsOf, visitedSteps, workflowState } from "../../console/src/panels/logic/workflow-state.ts";
import { momentsOf } from "../../console/src/panels/logic/moments.ts";
import type { NoteView, PartInfo, SessionView, TimelineEntry, WorkflowInfo } from "../../src/inspector/api.ts";

const CLOSED: TreeView = { opened: new Map(), limits: new Map() };

const said = (row: TreeRow): string => `${"  ".repeat(row.depth)}${row.kind === "more" ? `+${row.hidden}` : row.kind === "removed" ? `-${row.label}` : `${row.label}${row.change ? " *" : row.isInNew ? " ^" : ""}`}`;

test("a new item is open, and so is what came with it; what was removed has a row where it was", () => {
  const before = { cart: [{ id: "a" }, { id: "b" }], gone: 1 };
  const after = { cart: [{ id: "b" }, { id: "c", deep: { x: 1 } }] };
  const changes = indexOf(changesOf(before, [["splice", ["cart"], 0, 1, []], ["splice", ["cart"], 1, 0, [after.cart[1]]], ["cut", ["gone"]]]));
  expect(rowsOf(after, CLOSED, [], changes).map(said)).toEqual(["cart", "  -0", "  0", "    id", "  1 *", "    id ^", "    deep ^", "-gone"]);
});

test("what somebody closed stays closed, and a change far down opens the way to it", () => {
  const value = { a: { b: { c: { d: 1 } } } };
  const changes = indexOf(changesOf({ a: { b: { c: { d: 0 } } } }, [["set", ["a", "b", "c", "d"], 1]]));
  expect(rowsOf(value, CLOSED).map(said)).toEqual(["a", "  b", "    c"]);
  expect(rowsOf(value, CLOSED, [], changes).map(said)).toEqual(["a", "  b", "    c", "      d *"]);
  expect(rowsOf(value, { ...CLOSED, opened: new Map([['["a"]', false]]) }, [], changes).map(said)).toEqual(["a"]);
});

test("a list of 100,000 items costs what is shown of it", () => {
  const value = { list: Array.from({ length: 100_000 }, (_, index) => index) };
  expect(rowsOf(value, { ...CLOSED, opened: new Map([['["list"]', true]]) }).map(said).slice(-2)).toEqual(["  49", "  +99950"]);
  expect(rowsOf(value, { opened: new Map([['["list"]', true]]), limits: new Map([['["list"]', 250]]) }).length).toBe(252);
});

test("what changed in a Map or a Set is marked entry by entry, though it is set as a whole", () => {
  const before = { m: { $map: [["a", 1], ["b", 2]] }, s: { $set: ["x", "y"] } };
  const after = { m: { $map: [["a", 5], ["c", 3]] }, s: { $set: ["y", "z"] } };
  const changes = indexOf(changesOf(before, [["set", ["m"], after.m], ["set", ["s"], after.s]]));
  expect(rowsOf(after, CLOSED, [], changes).map(said)).toEqual(["m *", '  "a" *', '  "c" *', '  -"b"', "s *", "  0", "  1 *", "  -item"]);
});

test("since when a workflow is at its step is a moment; a number of an agent's state is none", () => {
  const value = { step: "asking", data: { since: 1_795_797_607_602 }, since: 1_795_797_607_602 };
  const moments = (kind: PartInfo["kind"]) => rowsOf(value, CLOSED, [], undefined, momentsOf(kind)).flatMap((row) => (row.kind === "value" && row.isMoment ? [row.key] : []));
  expect(moments("workflow")).toEqual(['["since"]']);
  expect(moments("state")).toEqual([]);
});

test("a part that is one value has one row", () => {
  expect(rowsOf(5, CLOSED).length).toBe(1);
});

const NOW = 1_000_000;
const login = (version: number, note: Partial<NoteView & { kind: "login" }>): TimelineEntry => ({ version, atMs: 0, unit: "tool", name: "login", outcome: "ok", queueMs: 0, guardMs: 0, runMs: 0, commitMs: null, replyMs: null, changes: {}, notes: [{ kind: "login", part: "session", outcome: "wrong", ...note }] });
const anonymous = (conversation: SessionView["conversation"]): SessionView => ({ part: "session", status: "anonymous", ...(conversation ? { conversation } : {}) });

test("of nobody who is logged in the account's lock is known from the newest login", () => {
  const entries = [login(2, { attempts: 4, limit: 5 }), login(3, { outcome: "locked", by: "account", attempts: 5, limit: 5, untilMs: NOW + 1 })];
  expect(lockOf([anonymous(undefined)], entries, NOW)).toEqual({ by: "account", attempts: 5, limit: 5, untilMs: NOW + 1, version: 3 });
  expect(lockOf([anonymous(undefined)], entries, NOW + 1)).toBeUndefined();
});

test("the last wrong secret locks, and a login that was accepted after it unlocks", () => {
  const last = login(2, { attempts: 5, limit: 5, untilMs: NOW + 1 });
  expect(lockOf([], [last], NOW)?.version).toBe(2);
  expect(lockOf([], [last, login(3, { outcome: "accepted" })], NOW)).toBeUndefined();
});

test("a counter that the server knows wins over what the timeline says", () => {
  const session = anonymous({ attempts: 10, limit: 10, windowMs: 900_000, lockedUntilMs: NOW + 50 });
  expect(lockOf([session], [login(4, { outcome: "locked", by: "account", untilMs: NOW + 1 })], NOW)).toEqual({ by: "conversation", attempts: 10, limit: 10, untilMs: NOW + 50, version: 4 });
});

const booking: WorkflowInfo = {
  initial: "idle",
  steps: [
    { name: "idle", needs: [], to: ["dates"], isFinal: false },
    { name: "dates", needs: ["checkIn", "checkOut"], to: ["ready"], isFinal: false },
    { name: "ready", needs: [], to: [], isFinal: true, deadlineMs: 500, deadlineTo: "idle" },
  ],
};

test("where a workflow is: the way, what is missing, and the deadline", () => {
  const moved = (version: number, path: readonly string[], value: unknown): TimelineEntry => ({ ...login(version, {}), changes: { booking: [["set", path, value]] } });
  const entries = [moved(2, ["step"], "dates"), moved(3, ["data", "checkIn"], "x"), moved(4, [], { step: "ready", data: {}, since: 100 })];
  expect(visitedSteps(entries, "booking", 9, "idle")).toEqual(["idle", "dates", "ready"]);
  expect(visitedSteps(entries, "booking", 3, "idle")).toEqual(["idle", "dates"]);
  expect(needsOf(booking, workflowState({ step: "dates", data: { checkIn: "x" } }))).toEqual([{ field: "checkIn", isThere: true }, { field: "checkOut", isThere: false }]);
  expect(deadlineOf(booking, workflowState({ step: "ready", data: {}, since: 100 }))).toBe(600);
  expect(deadlineOf(booking, workflowState({ step: "ready", data: {}, since: 100, isLate: true }))).toBeUndefined();
  expect(workflowState("nonsense").step).toBeUndefined();
});

test("units that changed nothing leave the state the same, one that did ends it", () => {
  const quiet = (version: number): TimelineEntry => ({ ...login(version, {}), changes: {} });
  const loud: TimelineEntry = { ...login(6, {}), changes: { state: [["set", ["a"], 1]] } };
  expect(sameStateVersion([quiet(3), quiet(4), quiet(5), loud, quiet(7)], 3)).toBe(5);
  expect(sameStateVersion([quiet(3), quiet(5)], 3)).toBe(3);
  expect(sameStateVersion([{ ...quiet(4), changes: null }], 3)).toBe(3);
});

test("a list that became empty shows what was removed from it", () => {
  const changes = indexOf(changesOf({ cart: ["a"] }, [["splice", ["cart"], 0, 1, []]]));
  expect(rowsOf({ cart: [] }, CLOSED, [], changes).map(said)).toEqual(["cart", "  -0"]);
});
