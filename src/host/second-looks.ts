// Second looks: a conversation whose record could not be used may have been repaired since.               (P10)
//
// Owns when it is looked at again, and that it is done once at a time. Reads records by whoever opens them.
//
//   SL1. As long as nothing was repaired, a look changes nothing in the store.
//   SL2. One that is gone from the store was lost: it never begins anew in the middle of a call.

import { ConversimpleError } from "../base/errors.ts";
import type { Store } from "../state/store.ts";
import type { LiveConversation } from "./conversation.ts";
import type { Opened } from "./host.ts";

export interface SecondLooksOptions {
  readonly store: Store;
  /** Whether it is still served here, and this process may open it. */
  readonly mayOpen: (conversation: LiveConversation) => boolean;
  readonly open: (conversation: LiveConversation) => Promise<Opened>;
  /** It is over, or somebody else has it. */
  readonly gone: (conversation: LiveConversation, why: "ended" | "taken") => void;
}

export class SecondLooks {
  readonly #options: SecondLooksOptions;
  readonly #looking = new Map<LiveConversation, Promise<void>>();

  constructor(options: SecondLooksOptions) {
    this.#options = options;
  }

  /** One look at a time; whoever comes meanwhile waits for it. @throws {ConversimpleError} what `open` throws, `state_unavailable`. */
  again(live: LiveConversation): Promise<void> {
    let looking = this.#looking.get(live);
    if (!looking) {
      looking = this.#look(live).finally(() => this.#looking.delete(live));
      this.#looking.set(live, looking);
    }
    return looking;
  }

  async #look(live: LiveConversation): Promise<void> {
    const { store, mayOpen, open, gone } = this.#options;
    const found = await store.load(live.owner);
    const isAsItWas = !found || (found.version === live.version && found.process === null && found.facts.status === "live");
    if (isAsItWas || !mayOpen(live)) return;
    const opened = await open(live);
    if (opened.kind !== "serving") gone(live, opened.kind === "ended" ? "ended" : "taken");
    live.leave(new ConversimpleError("cancelled", "The conversation was opened again."));
  }
}
