// The page's connection to its server, from the key at the gate to the feed.
//
//   IS1. A token that is not accepted is forgotten, and the gate says so.
//   IS2. A server that is not there yet is asked again by itself.

import type { Info } from "../../../src/inspector/api.ts";
import { Api } from "./api.ts";
import { failureOf, type ApiFailure } from "./api-failure.ts";
import { backoffMs } from "./backoff.ts";
import { EventFeed } from "./event-feed.ts";
import type { Inspector } from "./inspector-context.tsx";
import { Store } from "./store.ts";
import { dropToken, keepToken, takeToken } from "./token.ts";

/** How far the page got. */
export type Entry =
  | { readonly state: "gate"; readonly isRefused: boolean }
  | { readonly state: "connecting"; readonly failure?: ApiFailure }
  | { readonly state: "ready"; readonly inspector: Inspector };

export class InspectorSource {
  readonly entry = new Store<Entry>({ state: "connecting" });
  #token: string | null = null;
  #feed: EventFeed | undefined;
  #failures = 0;

  /** Begins with the token of the address or of the tab; returns a function that stops everything. */
  readonly start = (): (() => void) => {
    this.#begin(takeToken({ location, history, storage: sessionStorage }));
    // A second opening of the printed address changes only the fragment of the open page.
    const onHash = () => {
      if (location.hash.includes("token=")) this.#begin(takeToken({ location, history, storage: sessionStorage }));
    };
    const onWake = () => {
      if (document.visibilityState === "visible" && this.#feed?.connection.get().state === "lost") this.#feed.start();
    };
    addEventListener("hashchange", onHash);
    addEventListener("online", onWake);
    document.addEventListener("visibilitychange", onWake);
    return () => {
      removeEventListener("hashchange", onHash);
      removeEventListener("online", onWake);
      document.removeEventListener("visibilitychange", onWake);
      this.#feed?.stop();
    };
  };

  /** Takes a token that was typed in. */
  readonly enter = (token: string): void => {
    keepToken(token, sessionStorage);
    this.#begin(token);
  };

  #begin(token: string | null): void {
    this.#feed?.stop();
    this.#token = token;
    if (token === null) return this.entry.set({ state: "gate", isRefused: false });
    this.entry.set({ state: "connecting" });
    void this.#connect(token);
  }

  async #connect(token: string): Promise<void> {
    const api = new Api(token, () => this.#refused(token));
    try {
      const [info, agents] = await Promise.all([api.info(), api.agents()]);
      if (this.#token !== token) return;
      this.#failures = 0;
      this.#ready(api, info, agents);
    } catch (error) {
      const failure = failureOf(error);
      if (this.#token !== token || failure.status === 401) return;
      this.entry.set({ state: "connecting", failure });
      setTimeout(() => {
        if (this.#token === token) void this.#connect(token);
      }, backoffMs(this.#failures++, Math.random()));
    }
  }

  #ready(api: Api, info: Info, agents: Inspector["agents"]): void {
    const feed = new EventFeed({
      open: (lastEventId, signal) => api.events(lastEventId, signal),
      now: () => Date.now(),
      chance: () => Math.random(),
      later: (run, ms) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    });
    this.#feed = feed;
    let inspector: Inspector = { api, info, agents, connection: feed.connection, onEvent: feed.onEvent };
    const renew = async () => {
      const [info, agents] = await Promise.all([api.info(), api.agents()]);
      inspector = { ...inspector, info, agents };
      if (this.#feed === feed) this.entry.set({ state: "ready", inspector });
    };
    feed.onEvent(({ type }) => {
      if (type === "agents" || type === "reset") void renew().catch(() => undefined);
    });
    this.entry.set({ state: "ready", inspector });
    feed.start();
  }

  /** IS1. */
  #refused(token: string): void {
    if (this.#token !== token) return;
    this.#token = null;
    this.#feed?.stop();
    dropToken(sessionStorage);
    this.entry.set({ state: "gate", isRefused: true });
  }
}
