// One conversation's inbox, as its owner reads it.                                                       (P16)
//
// Owns which messages are to be looked at now. Applies nothing.
//
//   IN1. What is read is read to its end: until nothing is there that was not given yet.
//   IN2. A message that is there again although the commit that applied it consumed it - the store is at fault - keeps nobody
//        waiting: it is given again after a pause that grows, and what else is there is read meanwhile.

import type { Clock } from "../base/clock.ts";
import type { Owner, Store, WaitingMessage } from "../state/store.ts";

/** The pause before a message that stays is consumed once more, milliseconds: at first, and at most. */
const STUCK_FIRST_MS = 1_000;
const STUCK_MOST_MS = 600_000;
interface Given {
  /** Before this it is not given again, by the monotonic clock. */
  readonly untilMs: number;
  readonly pauseMs: number;
}

export class Inbox {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #owner: Owner;
  /** What was given and is there still, as far as is known. */
  readonly #given = new Map<string, Given>();

  constructor(store: Store, clock: Clock, owner: Owner) {
    this.#store = store;
    this.#clock = clock;
    this.#owner = owner;
  }

  /** What is to be looked at now, in order; empty at its end (IN1). @throws {StoreUnavailableError} */
  async read(): Promise<readonly WaitingMessage[]> {
    const messages = await this.#store.inbox(this.#owner);
    const there = new Set(messages.map(({ id }) => id));
    for (const id of this.#given.keys()) if (!there.has(id)) this.#given.delete(id);
    const now = this.#clock.monotonic();
    return messages.filter(({ id }) => (this.#given.get(id)?.untilMs ?? 0) <= now);
  }

  /** It was consumed. False when it had been consumed before and stayed (IN2). */
  consumed(id: string): boolean {
    const before = this.#given.get(id);
    const pauseMs = before ? Math.min(before.pauseMs * 2, STUCK_MOST_MS) : STUCK_FIRST_MS;
    this.#given.set(id, { pauseMs, untilMs: this.#clock.monotonic() + pauseMs });
    return before === undefined;
  }
}
