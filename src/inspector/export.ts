// Everything of one conversation as a JSON file, masked.
//
//   EX1. Written page by page: its size does not count in memory.
//   EX2. A page that cannot be read ends the file early, as broken JSON: nobody takes a part for the whole.
//   EX3. So many are written at a time: each holds a page in memory for as long as its reader takes to read it.

import type { ConversationSources } from "./conversations.ts";
import { conversationView, loadConversation } from "./conversations.ts";
import { refusals } from "./refusal.ts";
import { timelinePage, ENTRIES } from "./timeline.ts";

/** Files that are written at the same time (EX3). */
const AT_ONCE = 8;

/** The exports of one inspector. */
export class Exports {
  #underWay = 0;

  /** The file, as an attachment. @throws {InspectorRefusal} There is no such conversation; EX3. */
  async open(sources: ConversationSources, id: string): Promise<Response> {
    if (this.#underWay >= AT_ONCE) throw refusals.overloaded();
    this.#underWay++;
    try {
      const pieces = await piecesOf(sources, id);
      const body = ReadableStream.from(this.#counted(pieces)).pipeThrough(new TextEncoderStream());
      return new Response(body, { headers: { "Content-Type": "application/json", "Content-Disposition": `attachment; filename="${fileName(id)}"` } });
    } catch (thrown) {
      this.#underWay--;
      throw thrown;
    }
  }

  /** Gives the place back once, when all is read, nobody reads any more, or it fails; also when nothing was read of it. */
  #counted(pieces: AsyncGenerator<string>): AsyncIterableIterator<string> {
    let isOver = false;
    const over = (): void => {
      if (!isOver) this.#underWay--;
      isOver = true;
    };
    return {
      async next() {
        try {
          const next = await pieces.next();
          if (next.done) over();
          return next;
        } catch (thrown) {
          over();
          throw thrown;
        }
      },
      return() {
        over();
        return pieces.return(undefined);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

async function piecesOf(sources: ConversationSources, id: string): Promise<AsyncGenerator<string>> {
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
  return pieces();
}

/** An id is anything; a file's name is not. */
function fileName(id: string): string {
  return `conversation-${id.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64)}.json`;
}
