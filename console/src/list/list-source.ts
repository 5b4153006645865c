// The conversations that a filter asks for: loaded page by page, kept up to date by the feed.
//
//   LS1. The order is the page's own, so all pages are read; beyond MOST rows the reader is asked to narrow the list.
//   LS2. A commit brings its row along; of a conversation that came, ended or went, the row is asked for.

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
  readonly #api: Api;
  readonly #filter: ListFilter;
  readonly #abort = new AbortController();
  /** Rows that were heard of and not shown yet: a busy server changes many in one frame. */
  readonly #heard = new Map<string, ConversationRow>();
  #frame = 0;

  constructor(api: Api, filter: ListFilter) {
    this.#api = api;
    this.#filter = filter;
  }

  start(onEvent: (listener: (event: InspectorEvent) => void) => () => void): () => void {
    const stop = onEvent((event) => this.#hear(event));
    void this.load();
    return () => {
      stop();
      cancelAnimationFrame(this.#frame);
      this.#abort.abort();
    };
  }

  /** Reads everything (again). */
  readonly load = async (): Promise<void> => {
    const { signal } = this.#abort;
    const { status, search, agent, customer } = this.#filter;
    const all: ConversationRow[] = [];
    try {
      for (let cursor: string | undefined; ; ) {
        const { items, nextCursor } = await this.#api.conversations({ status: status === "all" ? undefined : status, search, agent, customer, limit: PAGE, cursor }, signal);
        all.push(...items);
        const isLast = nextCursor === null || all.length >= MOST;
        // What went away is known only at the end.
        const rows = isLast ? withRows([], all, this.#filter) : withRows(this.state.get().rows, items, this.#filter);
        this.state.set({ rows, isComplete: isLast, isCut: isLast && nextCursor !== null });
        if (isLast) return;
        cursor = nextCursor;
      }
    } catch (error) {
      if (!signal.aborted) this.state.update((state) => ({ ...state, failure: failureOf(error) }));
    }
  };

  #hear(event: InspectorEvent): void {
    if (event.type === "reset") void this.load();
    else if (event.type === "commit") this.#put(event.row);
    else if (event.type === "conversation") void this.#renew(event.conversationId);
  }

  #put(row: ConversationRow): void {
    this.#heard.set(row.conversationId, row);
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const changed = [...this.#heard.values()];
      this.#heard.clear();
      this.state.update((state) => ({ ...state, rows: withRows(state.rows, changed, this.#filter) }));
    });
  }

  /** LS2. */
  async #renew(conversationId: string): Promise<void> {
    try {
      this.#put(rowOf(await this.#api.conversation(conversationId, this.#abort.signal)));
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 404) this.state.update((state) => ({ ...state, rows: withoutRow(state.rows, conversationId) }));
    }
  }
}

/** Only what a list shows: a state must not be held by it. */
function rowOf({ conversationId, agentId, status, endReason, customer, createdAtMs, updatedAtMs, expiresAtMs, version, process, bytes }: ConversationRow): ConversationRow {
  return { conversationId, agentId, status, endReason, customer, createdAtMs, updatedAtMs, expiresAtMs, version, process, bytes };
}
