// The list while pages are read and things happen.

import { expect, test } from "vitest";

import { NO_FILTER } from "../../console/src/lib/address.ts";
import { ApiFailure } from "../../console/src/lib/api-failure.ts";
import { ListSource } from "../../console/src/list/list-source.ts";
import type { ConversationRow, ConversationView, InspectorEvent, Page, TimelineEntry } from "../../src/inspector/api.ts";

const row = (conversationId: string, createdAtMs: number, version = 1): ConversationRow => ({
  conversationId, agentId: "hotel", status: "live", endReason: null, customer: null, createdAtMs, updatedAtMs: createdAtMs, expiresAtMs: null, version, process: null,
});

/** A server whose pages a test gives by hand. */
function listOf() {
  const asked: { cursor: string | undefined; signal: AbortSignal | undefined; give: (page: Page<ConversationRow>) => void }[] = [];
  const views = new Map<string, ConversationRow>();
  let hear: (event: InspectorEvent) => void = () => undefined;
  const source = new ListSource({
    conversations: ({ cursor }, signal) => new Promise((give) => void asked.push({ cursor, signal, give })),
    conversation: (id) => (views.has(id) ? Promise.resolve(views.get(id) as ConversationView) : Promise.reject(new ApiFailure("conversation_not_found", 404, "Gone.", undefined))),
  }, NO_FILTER, (run) => run());
  source.start((listener) => {
    hear = listener;
    return () => undefined;
  });
  const commit = (changed: ConversationRow) => hear({ type: "commit", row: changed, entry: {} as TimelineEntry });
  const shown = () => source.state.get().rows.map(({ conversationId, version }) => `${conversationId}@${version}`);
  return { asked, views, commit, shown, hear: (event: InspectorEvent) => hear(event), source };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("pages are shown as they come, newest call first", async () => {
  const { asked, shown, source } = listOf();
  asked[0]!.give({ items: [row("old", 1)], nextCursor: "2" });
  await turn();
  expect([shown(), source.state.get().isComplete]).toEqual([["old@1"], false]);
  asked[1]!.give({ items: [row("new", 2)], nextCursor: null });
  await turn();
  expect([shown(), source.state.get().isComplete, asked[1]!.cursor]).toEqual([["new@1", "old@1"], true, "2"]);
});

test("what is heard while pages are read is not lost when the last one is here, whichever page it is on", async () => {
  const { asked, commit, shown } = listOf();
  asked[0]!.give({ items: [row("a", 1)], nextCursor: "2" });
  await turn();
  commit(row("a", 1, 2));
  commit(row("b", 2, 7));
  commit(row("new", 9));
  asked[1]!.give({ items: [row("b", 2, 6)], nextCursor: null });
  await turn();
  expect(shown()).toEqual(["new@1", "b@7", "a@2"]);
});

test("a conversation that goes away while pages are read does not come back with them", async () => {
  const { asked, hear, shown } = listOf();
  hear({ type: "conversation", conversationId: "gone" });
  await turn();
  asked[0]!.give({ items: [row("gone", 1), row("here", 2)], nextCursor: null });
  await turn();
  expect(shown()).toEqual(["here@1"]);
});

test("after a gap everything is read again, and what is not there any more leaves", async () => {
  const { asked, hear, shown } = listOf();
  asked[0]!.give({ items: [row("a", 1), row("b", 2)], nextCursor: null });
  await turn();
  hear({ type: "reset" });
  hear({ type: "reset" });
  expect(asked.slice(1).map(({ signal }) => signal?.aborted)).toEqual([true, false]);
  asked[1]!.give({ items: [row("stale", 3)], nextCursor: null });
  asked[2]!.give({ items: [row("b", 2)], nextCursor: null });
  await turn();
  expect(shown()).toEqual(["b@1"]);
});

test("a conversation that came or ended is asked for", async () => {
  const { asked, views, hear, shown } = listOf();
  asked[0]!.give({ items: [], nextCursor: null });
  await turn();
  views.set("a", row("a", 1, 3));
  hear({ type: "conversation", conversationId: "a" });
  await turn();
  expect(shown()).toEqual(["a@3"]);
});
