// What happens on the server, as long as the page is open: heard over one stream that is opened again whenever it is lost.
//
//   EF1. After a gap, and after a restart of the server, listeners hear `reset` once the stream is open again: what happened in
//        between may not have been heard, whatever the server kept.
//   EF2. A listener that throws takes nothing from the others.
//   EF3. A server that has nothing to tell (501) is not asked again.
//   EF4. There is one stream at a time; after `stop` nothing is heard and nothing is tried.

import type { InspectorEvent } from "../../../src/inspector/api.ts";
import { failureOf, type ApiFailure } from "./api-failure.ts";
import { backoffMs } from "./backoff.ts";
import { EventStreamParser } from "./event-stream.ts";
import { Store } from "./store.ts";

/** How the page hears of what happens. */
export type Connection = { readonly state: "connecting" } | { readonly state: "live" } | { readonly state: "lost"; readonly sinceMs: number; readonly nextTryMs: number } | { readonly state: "unavailable"; readonly failure: ApiFailure };

/** What a feed needs of the world. */
export interface FeedWorld {
  /** Opens the stream. @throws when it is refused or not reached. */
  readonly open: (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>;
  readonly now: () => number;
  readonly chance: () => number;
  /** Calls back later; returns a function that stops it. */
  readonly later: (run: () => void, ms: number) => () => void;
}

/** Longer without anything, not even a sign of life, the stream is taken for lost. The server gives one every 15 s. */
const SILENCE_MS = 50_000;

export class EventFeed {
  readonly connection = new Store<Connection>({ state: "connecting" });
  readonly #world: FeedWorld;
  readonly #listeners = new Set<(event: InspectorEvent) => void>();
  #abort: AbortController | undefined;
  #stopWaiting: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  #lastId: string | undefined;
  #failures = 0;
  #wasOpen = false;
  #lostAtMs = 0;

  constructor(world: FeedWorld) {
    this.#world = world;
  }

  readonly onEvent = (listener: (event: InspectorEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Opens the stream, or tries again at once while it is lost. */
  readonly start = (): void => {
    if (this.#abort) return;
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    const abort = new AbortController();
    this.#abort = abort;
    void this.#run(abort).then(() => undefined, failureOf).then((failure) => {
      if (this.#abort !== abort) return;
      if (failure?.status === 501) this.connection.set({ state: "unavailable", failure });
      else this.#lost();
    });
  };

  readonly stop = (): void => {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#stopWatching?.();
    this.#abort?.abort();
    this.#abort = undefined;
  };

  async #run(abort: AbortController): Promise<void> {
    const response = await this.#world.open(this.#lastId, abort.signal);
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventStreamParser();
    parser.lastId = this.#lastId;
    this.#opened();
    for (;;) {
      this.#watch(abort);
      const { value, done } = await reader.read();
      if (done || abort.signal.aborted) return;
      const events = parser.push(value);
      this.#lastId = parser.lastId;
      for (const { data } of events) this.#heard(data);
    }
  }

  #opened(): void {
    this.#failures = 0;
    this.connection.set({ state: "live" });
    if (this.#wasOpen) this.#tell({ type: "reset" });
    this.#wasOpen = true;
  }

  #lost(): void {
    this.#stopWatching?.();
    this.#abort = undefined;
    const now = this.#world.now();
    if (this.connection.get().state !== "lost") this.#lostAtMs = now;
    const waitMs = backoffMs(this.#failures, this.#world.chance());
    this.#failures += 1;
    this.connection.set({ state: "lost", sinceMs: this.#lostAtMs, nextTryMs: now + waitMs });
    this.#stopWaiting = this.#world.later(this.start, waitMs);
  }

  #watch(abort: AbortController): void {
    this.#stopWatching?.();
    this.#stopWatching = this.#world.later(() => abort.abort(), SILENCE_MS);
  }

  #heard(data: string): void {
    let event: InspectorEvent;
    try {
      event = JSON.parse(data) as InspectorEvent;
    } catch {
      return;
    }
    this.#tell(event);
  }

  #tell(event: InspectorEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
