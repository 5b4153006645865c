// Everything of one conversation as a JSON file, masked.
//
//   EX1. Written page by page: its size does not count in memory.
//   EX2. A page that cannot be read ends the file early, as broken JSON: nobody takes a part for the whole.

import type { ConversationSources } from "./conversations.ts";
import { conversationView, loadConversation } from "./conversations.ts";
import { timelinePage, ENTRIES } from "./timeline.ts";

/** The file, as an attachment. @throws {InspectorRefusal} There is no such conversation. */
export async function exported(sources: ConversationSources, id: string): Promise<Response> {
  const { store, book, clock } = sources;
  const loaded = await loadConversation(store, id);
  const view = await conversationView(sources, id);
  const masks = await book.masks(loaded.facts.agentId);
  async function* pieces(): AsyncGenerator<string> {
    yield `{"format":1,"exportedAt":${JSON.stringify(new Date(clock.now()).toISOString())},"conversation":${JSON.stringify(view)},"timeline":[`;
    let isFirst = true;
    for (let after: number | null = 0; after !== null; ) {
      const page = await timelinePage(store, loaded, masks, after, ENTRIES.usual);
      for (const entry of page.entries) {
        yield `${isFirst ? "" : ","}\n${JSON.stringify(entry)}`;
        isFirst = false;
      }
      after = page.nextAfter;
    }
    yield "]}\n";
  }
  const body = ReadableStream.from(pieces()).pipeThrough(new TextEncoderStream());
  return new Response(body, { headers: { "Content-Type": "application/json", "Content-Disposition": `attachment; filename="${fileName(id)}"` } });
}

/** An id is anything; a file's name is not. */
function fileName(id: string): string {
  return `conversation-${id.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64)}.json`;
}
