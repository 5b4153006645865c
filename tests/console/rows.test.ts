// The list of conversations and the journal while they change.

import fc from "fast-check";
import { expect, test } from "vitest";

import { NO_FILTER, type ListFilter } from "../../console/src/lib/address.ts";
import { mergeEntries, settleEntry } from "../../console/src/lib/timeline-merge.ts";
import { fits, withoutRow, withRows } from "../../console/src/list/row-index.ts";
import type { ConversationRow, TimelineEntry } from "../../src/inspector/api.ts";

const row = (conversationId: string, createdAtMs: number, more: Partial<ConversationRow> = {}): ConversationRow => ({
  conversationId, agentId: "hotel", status: "live", endReason: null, customer: null, createdAtMs, updatedAtMs: createdAtMs, expiresAtMs: null, version: 1, process: null, ...more,
});
const ids = (rows: readonly ConversationRow[]) => rows.map(({ conversationId }) => conversationId);
const LIVE: ListFilter = { ...NO_FILTER, status: "live" };

test("whatever is heard in whatever order, the list is what a single look would show", () => {
  const heard = fc.array(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e", "f"), at: fc.nat(3), isLive: fc.boolean() }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(heard, { maxLength: 5 }), (batches) => {
      // A conversation begins only once.
      const rows = batches.map((batch) => batch.map(({ id, isLive }) => row(id, id.charCodeAt(0) % 4, { status: isLive ? "live" : "ended" })));
      const stepwise = rows.reduce<readonly ConversationRow[]>((list, batch) => withRows(list, batch, LIVE), []);
      const last = new Map(rows.flat().map((each) => [each.conversationId, each]));
      const once = [...last.values()].filter((each) => each.status === "live").sort((a, b) => b.createdAtMs - a.createdAtMs || (a.conversationId < b.conversationId ? -1 : 1));
      expect(ids(stepwise)).toEqual(ids(once));
    }),
  );
});

test("a change does not move a row", () => {
  const rows = withRows([], [row("old", 1), row("new", 2)], NO_FILTER);
  expect(ids(withRows(rows, [row("old", 1, { updatedAtMs: 99, version: 7 })], NO_FILTER))).toEqual(["new", "old"]);
});

test("a row leaves when it does not fit, or is gone", () => {
  const rows = withRows([], [row("a", 1), row("b", 2)], LIVE);
  expect(ids(withRows(rows, [row("a", 1, { status: "ended" })], LIVE))).toEqual(["b"]);
  expect(ids(withoutRow(rows, "b"))).toEqual(["a"]);
  expect(withoutRow(rows, "z")).toBe(rows);
  expect(withRows(rows, [], LIVE)).toBe(rows);
});

test("a search looks at the id, as the server's does", () => {
  const known = row("Call-7", 1, { customer: "c0ffee" });
  expect(["call", "ALL-7", "", "hotel", "0ff"].map((search) => fits(known, { ...NO_FILTER, search }))).toEqual([true, true, true, false, false]);
  expect(fits(known, { ...NO_FILTER, search: "bank" })).toBe(false);
  expect(fits(known, { ...NO_FILTER, agent: "bank" })).toBe(false);
  expect(fits(known, { ...NO_FILTER, customer: "c0ffee" })).toBe(true);
});

const entry = (version: number, commitMs: number | null = 1): TimelineEntry => ({ version, atMs: version, unit: "tool", name: "t", outcome: "ok", queueMs: 0, guardMs: 0, runMs: 0, commitMs, replyMs: null, changes: {}, notes: [] });

test("a journal is in order and has each entry once, whatever comes twice or late", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 10 }), { maxLength: 6 }), (batches) => {
      const merged = batches.reduce<readonly TimelineEntry[]>((known, versions) => mergeEntries(known, versions.map((version) => entry(version))), []);
      expect(merged.map(({ version }) => version)).toEqual([...new Set(batches.flat())].sort((a, b) => a - b));
    }),
  );
});

test("durations that become known later are put into their entry", () => {
  const known = [entry(1, null), entry(2, null)];
  expect(settleEntry(known, { version: 1, commitMs: 4, replyMs: 9 })).toMatchObject([{ version: 1, commitMs: 4, replyMs: 9 }, { version: 2, commitMs: null }]);
  expect(settleEntry(known, { version: 7, commitMs: 4, replyMs: 9 })).toBe(known);
});
