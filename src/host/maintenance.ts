// What a host does by the clock: inboxes, expired records, conversations that nobody ended.
//
//   MA1. One poll per process for all its inboxes.                                                     (P16)
//   MA2. A round that fails is logged and tried again at the next one; rounds never overlap.
//   MA3. A conversation without a sign of life is ended as `abandoned`, also when its process is gone. (P13)

import type { Timer } from "../base/clock.ts";
import { codeOf } from "../base/errors.ts";
import { idOf, type ListFilter } from "../state/store.ts";
import type { LiveConversation } from "./conversation.ts";
import type { HostSettings } from "./host-options.ts";
import type { Lease } from "./leases.ts";

/** Orphans that one round looks at; more wait for the next. */
const ORPHANS_PER_ROUND = 100;

/** What maintenance needs of the host. */
export interface Maintained {
  readonly conversations: ReadonlyMap<string, LiveConversation>;
  close(conversationId: string, reason: string): Promise<void>;
  /** Has a conversation that is served here read its inbox. */
  deliver(conversationId: string): boolean;
  /** Takes over a conversation that nobody serves, to read its inbox. */
  borrow(conversationId: string): Promise<void>;
}

export class Maintenance {
  readonly #settings: HostSettings;
  readonly #lease: Lease;
  readonly #host: Maintained;
  #timers = new Map<string, Timer>();
  #isStopped = false;

  constructor(settings: HostSettings, lease: Lease, host: Maintained) {
    this.#settings = settings;
    this.#lease = lease;
    this.#host = host;
  }

  start(): void {
    this.#every("mail", this.#settings.mailEveryMs, () => this.#mail());
    this.#every("sweep", this.#settings.sweepEveryMs, () => this.sweep());
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  /** One round of MA3, then what has expired goes. */
  async sweep(): Promise<void> {
    const silentSince = this.#settings.clock.now() - this.#settings.abandonedAfterMs;
    for (const live of [...this.#host.conversations.values()]) {
      if (live.aliveAtMs <= silentSince && live.queue.isIdle && live.parallel === 0) await this.#host.close(live.id, "abandoned");
    }
    const filter: ListFilter = { kind: "conversation", status: "live", orphaned: true, limit: ORPHANS_PER_ROUND };
    for (let page = await this.#settings.store.list(filter); ; page = await this.#settings.store.list({ ...filter, cursor: page.nextCursor })) {
      for (const { owner, facts } of page.items) {
        if (facts.updatedAtMs <= silentSince) await this.#host.close(idOf(owner), "abandoned");
      }
      if (page.nextCursor === null || this.#isStopped) break;
    }
    while (!this.#isStopped && (await this.#settings.store.sweep()).more);
  }

  async #mail(): Promise<void> {
    for (const owner of await this.#settings.store.pending(this.#lease.identity.id)) {
      this.#host.deliver(idOf(owner));
    }
    for (const owner of await this.#settings.store.pending(null)) {
      if (!this.#isStopped) await this.#host.borrow(idOf(owner));
    }
  }

  #every(name: string, everyMs: number, round: () => Promise<void>): void {
    if (this.#isStopped) return;
    const run = async () => {
      try {
        await round();
      } catch (thrown) {
        this.#settings.logger.warn({ round: name, code: codeOf(thrown) ?? "unknown" }, "a maintenance round failed; it is tried again");
      }
      this.#every(name, everyMs, round);
    };
    this.#timers.set(name, this.#settings.clock.after(everyMs, () => void run(), { background: true }));
  }
}
