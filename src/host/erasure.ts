// Erasing a customer from a store.                                                                    (P22)
//
// Owns the order of it, and the receipt.
//
//   ER1. The customer's tombstone first: from then on nobody is identified as them, and none of their updates is taken.
//   ER2. Again until a whole round finds nothing: what was identified a moment before is found by the next one.
//   ER3. Also what has expired and only waits to be swept.
//   ER4. Accounts that they logged in with (lockout counters) are removed without a mark: the account itself is not ours,
//        and may log in again.
//   ER5. Forks that a record or an inbox names go with it (`known-forks.ts`), and theirs. Like accounts they go before the
//        record that names them: an erasure that is cut off finds them again.

import type { Clock } from "../base/clock.ts";
import { StoreUnavailableError } from "../base/errors.ts";
import type { Owner, Store } from "../state/store.ts";
import { mayBeFork, namedBy } from "./known-forks.ts";
import { entomb } from "./tombstones.ts";

/** More rounds than this mean that something makes new conversations of the customer as fast as they are erased. */
const MAX_ROUNDS = 100;

/** What was erased. It names nobody. */
export interface ErasureReceipt {
  /** The owner key: a keyed hash of the customer's id. */
  readonly customer: string;
  readonly erasedAt: Date;
  /** How often it was looked, the last time finding nothing. */
  readonly rounds: number;
  readonly conversations: number;
  /** Accounts whose attempts to log in were counted. */
  readonly accounts: number;
  /** Stored documents, the customer's own among them. */
  readonly records: number;
  /** Journal entries, with the answers of calls in them. */
  readonly entries: number;
  /** Messages that waited in an inbox. */
  readonly messages: number;
  /** Damaged records: erased, but the accounts and forks that they may have named are not known. */
  readonly unreadable: number;
}

type Counts = { -readonly [K in keyof Omit<ErasureReceipt, "customer" | "erasedAt" | "rounds">]: number };

export class Erasure {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #customer: Owner;
  readonly #counts: Counts = { conversations: 0, accounts: 0, records: 0, entries: 0, messages: 0, unreadable: 0 };
  /** What an index still lists after it was erased is not done again. */
  readonly #done = new Set<Owner>();
  /** Accounts that were named, and those of which something was stored. */
  readonly #accounts = new Set<Owner>();
  readonly #erasedAccounts = new Set<Owner>();

  constructor(store: Store, clock: Clock, customer: Owner) {
    this.#store = store;
    this.#clock = clock;
    this.#customer = customer;
  }

  /** @throws {StoreUnavailableError} Some of it may be erased already: call it again. */
  async run(): Promise<ErasureReceipt> {
    for (let rounds = 1; rounds <= MAX_ROUNDS; rounds++) {
      if (await this.#round()) continue;
      while ((await this.#store.sweep()).more);
      return { customer: this.#customer, erasedAt: new Date(this.#clock.now()), rounds, ...this.#counts };
    }
    throw new StoreUnavailableError(`After ${MAX_ROUNDS} rounds there was still something to erase. Call it again.`, { rounds: MAX_ROUNDS });
  }

  /** Whether there was something. */
  async #round(): Promise<boolean> {
    let isFound = await this.#erase(this.#customer, true);
    for (;;) {
      const { items } = await this.#store.list({ kind: "conversation", customer: this.#customer, limit: 1_000 });
      const conversations = items.map(({ owner }) => owner).filter((owner) => !this.#done.has(owner));
      if (conversations.length === 0) break;
      isFound = true;
      for (const owner of conversations) {
        await this.#erase(owner, true);
        this.#done.add(owner);
      }
      this.#counts.conversations += conversations.length;
    }
    // Once more: a login that was under way may have counted itself again.
    await this.#eraseAccounts([...this.#accounts]);
    return isFound;
  }

  async #erase(owner: Owner, tombstone: boolean): Promise<boolean> {
    if (tombstone) await this.#eraseNamed(owner);
    const { records, entries, messages } = await (tombstone ? entomb(this.#store, this.#clock, owner) : this.#store.forget(owner));
    this.#counts.records += records;
    this.#counts.entries += entries;
    this.#counts.messages += messages;
    return records + entries + messages > 0;
  }

  /** ER4, ER5. */
  async #eraseNamed(owner: Owner): Promise<void> {
    const loaded = await this.#store.load(owner);
    if (!loaded) return;
    const { accounts, forks, isUnreadable } = await namedBy(this.#store, loaded);
    if (isUnreadable) this.#counts.unreadable++;
    await this.#eraseAccounts(accounts);
    for (const fork of forks) {
      if (this.#done.has(fork)) continue;
      this.#done.add(fork);
      if ((await mayBeFork(this.#store, fork)) && (await this.#erase(fork, true))) this.#counts.conversations++;
    }
  }

  /** ER4. */
  async #eraseAccounts(accounts: readonly Owner[]): Promise<void> {
    for (const account of accounts) {
      this.#accounts.add(account);
      if (await this.#erase(account, false)) this.#erasedAccounts.add(account);
    }
    this.#counts.accounts = this.#erasedAccounts.size;
  }
}
