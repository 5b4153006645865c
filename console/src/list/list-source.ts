// The conversations that a filter asks for: loaded page by page, kept up to date by the feed.
//
//   LS1. The order is the page's own, so all pages are read; beyond MOST rows the reader is asked to narrow the list.
//   LS2. What is heard while pages are read is newer than they are: it is not lost when the last one is here.
//   LS3. A commit brings its row along; of a conversation that came, ended or went, the row is asked for.

import type { ConversationRow, InspectorEvent } from "../../../src/inspector/api.ts";
import type { ListFilter } from "../lib/address.ts";
import type { Api } from "../lib/api.ts";
import { ApiFailure, failureOf } from "../lib/api-failure.ts";
import { Store } from "../lib/store.ts";
import { withoutRow, withRows } from "./row-index.ts";

const PAGE = 500;
const MOST = 20_000;

export interface ListState {
  readonly rows: readonly ConversationRow[];
  readonly isComplete: boolean;
  /** There are more than are shown. */
  readonly isCut: boolean;
  readonly failure?: ApiFailure;
}

export class ListSource {
  readonly state = new Store<ListState>({ rows: [], isComplete: false, isCut: false });
  readonly #api: Pick<Api, "conversations" | "conversation">;
  readonly #filter: ListFilter;
  readonly #abort = new AbortController();
  readonly #soon: (run: () => void) => void;
  /** Rows that were heard of and not shown yet: a busy server changes many in one frame. */
  readonly #heard = new Map<string, ConversationRow>();
  #isSoon = false;
  /** What was heard since the reading began; null for what went away. */
  #since = new Map<string, ConversationRow | null>();
  #reading: AbortController | undefined;

  /** @param soon runs something before the page is drawn next. */
  constructor(api: Pick<Api, "conversations" | "conversation">, filter: ListFilter, soon: (run: () => void) => void = (run) => void requestAnimationFrame(run)) {
    this.#api = api;
    this.#filter = filter;
    this.#soon = soon;
  }

  start(onEvent: (listener: (event: InspectorEvent) => void) => () => void): () => void {
    const stop = onEvent((event) => this.#hear(event));
    void this.load();
    return () => {
      stop();
      this.#reading?.abort();
      this.#abort.abort();
    };
  }

  /** Reads everything (again); a reading that goes on is given up. */
  readonly load = async (): Promise<void> => {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    this.#since = new Map();
    try {
      await this.#read(reading.signal);
    } catch (error) {
      if (!reading.signal.aborted) this.state.update((state) => ({ ...state, failure: failureOf(error) }));
    }
  };

  async #read(signal: AbortSignal): Promise<void> {
    const { status, search, agent, customer } = this.#filter;
    const all: ConversationRow[] = [];
    for (let cursor: string | undefined; ; ) {
      const { items, nextCursor } = await this.#api.conversations({ status: status === "all" ? undefined : status, search, agent, customer, limit: PAGE, cursor }, signal);
      if (signal.aborted) return;
      all.push(...items);
      // What went away is known only at the end.
      if (nextCursor === null || all.length >= MOST) return this.state.set({ rows: this.#latest(all), isComplete: true, isCut: nextCursor !== null });
      this.state.set({ rows: withRows(this.state.get().rows, this.#unlessNewer(items), this.#filter), isComplete: false, isCut: false });
      cursor = nextCursor;
    }
  }

  /** LS2. */
  #latest(all: readonly ConversationRow[]): readonly ConversationRow[] {
    return withRows(withRows([], this.#unlessNewer(all), this.#filter), [...this.#since.values()].filter((row) => row !== null), this.#filter);
  }

  #unlessNewer(rows: readonly ConversationRow[]): readonly ConversationRow[] {
    return rows.filter(({ conversationId }) => !this.#since.has(conversationId));
  }

  #hear(event: InspectorEvent): void {
    if (event.type === "reset") void this.load();
    else if (event.type === "commit") this.#put(event.row);
    else if (event.type === "conversation") void this.#renew(event.conversationId);
  }

  #put(row: ConversationRow): void {
    this.#heard.set(row.conversationId, row);
    this.#since.set(row.conversationId, row);
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#soon(() => {
      this.#isSoon = false;
      const changed = [...this.#heard.values()];
      this.#heard.clear();
      this.state.update((state) => ({ ...state, rows: withRows(state.rows, changed, this.#filter) }));
    });
  }

  /** LS3. */
  async #renew(conversationId: string): Promise<void> {
    try {
      this.#put(rowOf(await this.#api.conversation(conversationId, this.#abort.signal)));
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 404) return;
      this.#since.set(conversationId, null);
      this.state.update((state) => ({ ...state, rows: withoutRow(state.rows, conversationId) }));
    }
  }
}

/** Only what a list shows: a state must not be held by it. */
function rowOf({ conversationId, agentId, status, endReason, customer, createdAtMs, updatedAtMs, expiresAtMs, version, process }: ConversationRow): ConversationRow {
  return { conversationId, agentId, status, endReason, customer, createdAtMs, updatedAtMs, expiresAtMs, version, process };
}
