// One open conversation: its state and its journal, asked for once and kept up to date by the feed.
//
//   CS1. A commit's entry is shown as soon as it is heard; the state is asked for right after it, at most a few times a second.
//   CS2. A version that was not heard of, and every gap of the feed, is asked for: the journal has no holes.
//   CS3. What was erased, or is not there any more, is not shown any longer; nor what another store had under this id. (P22)

import type { ConversationView, InspectorEvent, TimelineEntry } from "../../../src/inspector/api.ts";
import type { Api } from "./api.ts";
import { failureOf } from "./api-failure.ts";
import type { Timeline } from "./conversation-context.tsx";
import { LOADING, type Loadable } from "./loadable.ts";
import { Store } from "./store.ts";
import { throttled } from "./throttle.ts";
import { mergeEntries, settleEntry } from "./timeline-merge.ts";

const PAGE = 500;
/** Between two questions for the state, milliseconds. */
const STATE_MS = 150;

export class ConversationSource {
  readonly view = new Store<Loadable<ConversationView>>(LOADING);
  readonly timeline = new Store<Timeline>({ entries: [], isComplete: false });
  readonly reload: () => void;
  readonly #api: Api;
  readonly #id: string;
  readonly #abort = new AbortController();
  readonly #catchUp: () => void;

  constructor(api: Api, conversationId: string) {
    this.#api = api;
    this.#id = conversationId;
    this.reload = throttled(() => this.#loadView(), STATE_MS);
    this.#catchUp = throttled(() => this.#loadTimeline(), STATE_MS);
  }

  /** Asks for everything and follows the feed; returns a function that stops it. */
  start(onEvent: (listener: (event: InspectorEvent) => void) => () => void): () => void {
    const stop = onEvent((event) => this.#hear(event));
    this.reload();
    this.#catchUp();
    return () => {
      stop();
      this.#abort.abort();
    };
  }

  #hear(event: InspectorEvent): void {
    if (event.type === "reset") {
      this.reload();
      this.#catchUp();
    } else if (event.type === "conversation" && event.conversationId === this.#id) this.reload();
    else if (event.type === "commit" && event.row.conversationId === this.#id) this.#committed(event);
  }

  /** CS1, CS2. */
  #committed({ entry, before }: InspectorEvent & { readonly type: "commit" }): void {
    if (before) this.timeline.update((timeline) => ({ ...timeline, entries: settleEntry(timeline.entries, before) }));
    const { entries, isComplete } = this.timeline.get();
    const last = entries.at(-1)?.version ?? 0;
    if (isComplete && entry.version <= last + 1) this.#add([entry], true);
    else this.#catchUp();
    this.reload();
  }

  #add(added: readonly TimelineEntry[], isComplete: boolean): void {
    const { entries } = this.timeline.get();
    this.timeline.set({ entries: mergeEntries(entries, added), isComplete });
  }

  async #loadView(): Promise<void> {
    await this.#asked(async (signal) => {
      const value = await this.#api.conversation(this.#id, signal);
      const before = this.view.get().value;
      this.view.set({ state: "ready", value });
      if (value.status === "forgotten") this.#drop();
      else if (before && before.createdAtMs !== value.createdAtMs) {
        this.#drop();
        this.#catchUp();
      }
    }, (failure) => {
      const isGone = failure.type === "conversation_not_found";
      if (isGone) this.#drop();
      const value = isGone ? undefined : this.view.get().value;
      this.view.set({ state: "failed", failure, ...(value ? { value } : {}) });
    });
  }

  /** CS3. */
  #drop(): void {
    this.timeline.set({ entries: [], isComplete: true });
  }

  async #loadTimeline(): Promise<void> {
    await this.#asked(async (signal) => {
      for (;;) {
        const after = this.timeline.get().entries.at(-1)?.version ?? 0;
        const { entries, nextAfter } = await this.#api.timeline(this.#id, { after, limit: PAGE }, signal);
        this.#add(entries, nextAfter === null);
        if (nextAfter === null || entries.length === 0) return;
      }
    }, (failure) => this.timeline.set({ ...this.timeline.get(), failure: { state: "failed", failure } }));
  }

  async #asked(ask: (signal: AbortSignal) => Promise<void>, fail: (failure: ReturnType<typeof failureOf>) => void): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return;
    try {
      await ask(signal);
    } catch (error) {
      if (!signal.aborted) fail(failureOf(error));
    }
  }
}
