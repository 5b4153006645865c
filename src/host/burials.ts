// Live conversations of erased customers: they end with reason `forgotten`, and nothing of them is stored any more. (P22)
//
//   BU1. A conversation that said who its customer is looks for a tombstone after that commit; an erasure lays the tombstone
//        before it looks for conversations. So one of the two finds the other.
//   BU2. One that is served by another process than the one that erases ends with its next commit, or at the next look of
//        its own process, whichever comes first; also a fork, which may be nobody's by its own facts.
//   BU3. The agent's hook runs after the unit that runs, and finds the state with its defaults; what it writes goes nowhere.
//   BU4. What this process holds of erased customers beside their conversations goes at the same looks.

import type { Clock } from "../base/clock.ts";
import type { ListFilter, Owner, OwnerKind, Store } from "../state/store.ts";
import type { LiveConversation } from "./conversation.ts";
import { entomb, erasedError, isErased } from "./tombstones.ts";

export interface BurialsOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The conversations that are served here. */
  readonly conversations: ReadonlyMap<string, LiveConversation>;
  /** BU4. */
  readonly tidy: (erased: ReadonlySet<Owner>) => void;
  /** Runs the agent's hook (BU3). */
  readonly farewell: (conversation: LiveConversation) => Promise<void>;
  /** It is not served any more. `last` is what is left to do: its hook, in its turn. */
  readonly gone: (conversation: LiveConversation, last: () => Promise<void>) => void;
}

export class Burials {
  readonly #options: BurialsOptions;

  constructor(options: BurialsOptions) {
    this.#options = options;
  }

  /** BU1. @throws {ConversimpleError} `conversation_ended`: the customer was erased meanwhile. */
  async afterIdentified(live: LiveConversation): Promise<void> {
    const { store, clock } = this.#options;
    const { customer } = live.facts;
    if (customer === null || !(await isErased(store, customer as Owner))) return;
    await entomb(store, clock, live.owner);
    this.bury(live);
    throw live.gone!;
  }

  /** BU2: ends those that were erased, and those whose customers were. */
  async look(): Promise<void> {
    const { store, clock, conversations, tidy } = this.#options;
    const customers = await this.#tombstones("customer");
    tidy(new Set(customers));
    const erased = new Set([...customers, ...(conversations.size === 0 ? [] : await this.#tombstones("conversation"))]);
    for (const live of [...conversations.values()]) {
      if (live.gone || !(erased.has(live.owner) || erased.has((live.facts.customer ?? live.owner) as Owner))) continue;
      await entomb(store, clock, live.owner);
      this.bury(live);
    }
  }

  async #tombstones(kind: OwnerKind): Promise<readonly Owner[]> {
    const owners: Owner[] = [];
    const filter: ListFilter = { kind, status: "forgotten", limit: 1_000 };
    for (let page = await this.#options.store.list(filter); ; page = await this.#options.store.list({ ...filter, cursor: page.nextCursor })) {
      owners.push(...page.items.map(({ owner }) => owner));
      if (page.nextCursor === null) return owners;
    }
  }

  /** BU3. */
  bury(live: LiveConversation): void {
    live.erase(erasedError(live.id));
    this.#options.gone(live, () => live.queue.whenIdle().then(() => this.#options.farewell(live)));
  }
}
