// An open conversation that goes away under the page.

import { expect, test } from "vitest";

import type { Api } from "../../console/src/lib/api.ts";
import { ApiFailure } from "../../console/src/lib/api-failure.ts";
import { ConversationSource } from "../../console/src/lib/conversation-source.ts";
import type { ConversationView, InspectorEvent, TimelineEntry } from "../../src/inspector/api.ts";

const view = (version: number, status = "live", createdAtMs = 1) => ({ conversationId: "c1", version, status, createdAtMs, parts: [] }) as unknown as ConversationView;
const entry = (version: number) => ({ version, name: "say", changes: {} }) as unknown as TimelineEntry;

/** A page that shows a conversation with three units, of a server that goes on as a test says. */
async function shown() {
  const server: { answer: () => Promise<ConversationView>; entries: readonly TimelineEntry[] } = { answer: () => Promise.resolve(view(3)), entries: [1, 2, 3].map(entry) };
  let hear: (event: InspectorEvent) => void = () => undefined;
  const api = {
    conversation: () => server.answer(),
    timeline: (_id: string, { after }: { after: number }) => Promise.resolve({ entries: server.entries.filter(({ version }) => version > after), nextAfter: null }),
  } as unknown as Api;
  const source = new ConversationSource(api, "c1");
  source.start((listener) => {
    hear = listener;
    return () => undefined;
  });
  const versions = () => source.timeline.get().entries.map(({ version }) => version);
  await expect.poll(versions).toEqual([1, 2, 3]);
  return { server, source, versions, hear: (event: InspectorEvent) => hear(event) };
}

test("of a conversation that was erased nothing stays on the page", async () => {
  const { server, source, versions, hear } = await shown();
  server.answer = () => Promise.resolve(view(4, "forgotten"));
  hear({ type: "conversation", conversationId: "c1" });
  await expect.poll(versions).toEqual([]);
  expect(source.view.get().value?.status).toBe("forgotten");
});

test("of one that is not there any more neither", async () => {
  const { server, source, versions, hear } = await shown();
  server.answer = () => Promise.reject(new ApiFailure("conversation_not_found", 404, "Gone.", undefined));
  hear({ type: "conversation", conversationId: "c1" });
  await expect.poll(versions).toEqual([]);
  expect(source.view.get()).toMatchObject({ state: "failed", failure: { type: "conversation_not_found" } });
  expect(source.view.get().value).toBeUndefined();
});

test("a server that does not answer for a moment takes nothing away", async () => {
  const { server, source, versions, hear } = await shown();
  server.answer = () => Promise.reject(new ApiFailure("unreachable", 0, "No.", undefined));
  hear({ type: "conversation", conversationId: "c1" });
  await expect.poll(() => source.view.get().state).toBe("failed");
  expect([versions(), source.view.get().value?.version]).toEqual([[1, 2, 3], 3]);
});

test("a state that is older than what was heard meanwhile takes nothing away either", async () => {
  const { server, source, versions, hear } = await shown();
  server.answer = () => Promise.resolve(view(2));
  hear({ type: "conversation", conversationId: "c1" });
  await expect.poll(() => source.view.get().value?.version).toBe(2);
  expect(versions()).toEqual([1, 2, 3]);
});

test("where another store has a younger conversation under the id, its journal is read from the beginning", async () => {
  const { server, versions, hear } = await shown();
  server.answer = () => Promise.resolve(view(1, "live", 2));
  server.entries = [entry(1)];
  hear({ type: "reset" });
  await expect.poll(versions).toEqual([1]);
});
