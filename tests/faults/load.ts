// Callers of a rig: what they ask at the same time, one call after another in each conversation.

import { kindOf, type Rig } from "./rig.ts";

/** Callers that go on until they are told to stop. */
export interface Load {
  /** The longest time that a caller waited for an answer so far, milliseconds. */
  readonly longestMs: number;
  readonly answered: number;
  /** The kinds of answers so far. */
  readonly kinds: ReadonlySet<string>;
  /** Lets every caller finish the call that it is in. */
  stop(): Promise<void>;
}

/** One caller in each conversation; the next number follows the answer to the last one. */
export function load(rig: Rig, conversations: readonly string[]): Load {
  const kinds = new Set<string>();
  const over = new AbortController();
  const state = { longestMs: 0, answered: 0, kinds };
  const callers = conversations.map(async (id) => {
    while (!over.signal.aborted) {
      const asked = performance.now();
      kinds.add(kindOf(await rig.call(id, "add", { n: 1 })));
      state.longestMs = Math.max(state.longestMs, performance.now() - asked);
      state.answered++;
    }
  });
  return Object.assign(state, {
    async stop() {
      over.abort();
      await Promise.all(callers);
    },
  });
}
