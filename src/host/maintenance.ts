// What a host does by the clock: inboxes, expired records, conversations that nobody ended.
//
//   MA1. One poll per process for all its inboxes.                                                     (P16)
//   MA2. A round that fails is logged and tried again at the next one; rounds never overlap. One conversation that
//        fails, or whose handler hangs, keeps no other one waiting.
//   MA3. A conversation without a sign of life is ended as `abandoned`, also when its process is gone; a day later, and
//        without its hook, when its agent is gone, too. (P13)

import { atOnce } from "../base/at-once.ts";
import type { Timer } from "../base/clock.ts";
import { codeOf } from "../base/errors.ts";
import { timeBoundsOf, type TimeBounds } from "../base/time-bounds.ts";
import { idOf, type ListFilter } from "../state/store.ts";
import type { LiveConversation } from "./conversation.ts";
import type { HostSettings } from "./host-options.ts";
import type { Lease } from "./leases.ts";

/** Inboxes that are read at the same time; more wait for the next round. */
const BORROWED_AT_ONCE = 32;

/** Silent conversations that are ended at the same time: each may have a hook that waits. */
const ENDED_AT_ONCE = 16;

/** Conversations of agents that are not here are left to others for so much longer, milliseconds: those run their hooks. */
const STRAY_AFTER_MS = 24 * 3_600_000;

/** Orphans that one round looks at; more wait for the next. */
const ORPHANS_PER_ROUND = 100;

/** What maintenance needs of the host. */
export interface Maintained {
  readonly agentIds: readonly string[];
  readonly conversations: ReadonlyMap<string, LiveConversation>;
  /** Ends it as `abandoned`, if it is served here, or nobody serves it and nobody touched it since. */
  endSilent(conversationId: string, silentSinceMs: number): Promise<void>;
  /** Has a conversation that is served here read its inbox. */
  deliver(conversationId: string): boolean;
  /** Ends the conversations here whose customers were erased elsewhere. (P22) */
  buryErased(): Promise<void>;
  /** Gives back what the store counts as this process's although nobody here serves it. */
  giveBackDoubtful(): Promise<void>;
  /** Takes over a conversation that nobody serves, to read its inbox. */
  borrow(conversationId: string): Promise<void>;
}

export class Maintenance {
  readonly #settings: HostSettings;
  readonly #lease: Lease;
  readonly #host: Maintained;
  readonly #borrowed = new Set<string>();
  readonly #timeBounds: () => TimeBounds;
  #timers = new Map<string, Timer>();
  #isStopped = false;

  constructor(settings: HostSettings, lease: Lease, host: Maintained) {
    this.#settings = settings;
    this.#lease = lease;
    this.#host = host;
    this.#timeBounds = timeBoundsOf(settings.clock);
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
    const { clock, abandonedAfterMs } = this.#settings;
    const silentSince = this.#timeBounds().earliestMs - abandonedAfterMs;
    const isSilent = ({ aliveAtMs, queue, parallel }: LiveConversation) => clock.monotonic() - aliveAtMs >= abandonedAfterMs && queue.isIdle && parallel === 0;
    await atOnce(ENDED_AT_ONCE, [...this.#host.conversations.values()].filter(isSilent), (live) => this.#abandon(live.id, silentSince));
    await this.#host.buryErased();
    await this.#host.giveBackDoubtful();
    const filter: ListFilter = { kind: "conversation", status: "live", orphaned: true, limit: ORPHANS_PER_ROUND };
    for (let page = await this.#settings.store.list(filter); ; page = await this.#settings.store.list({ ...filter, cursor: page.nextCursor })) {
      // Ours are judged above, by a clock that nobody sets; a clock that was set also makes their leases look over.
      const silent = page.items.filter(({ owner, facts }) => !this.#host.conversations.has(idOf(owner)) && facts.updatedAtMs <= silentSince);
      await atOnce(ENDED_AT_ONCE, silent, ({ owner, facts }) => {
        const isKnown = this.#host.agentIds.includes(facts.agentId ?? "");
        if (isKnown) return this.#abandon(idOf(owner), silentSince);
        return facts.updatedAtMs <= silentSince - STRAY_AFTER_MS ? this.#abandon(idOf(owner), silentSince - STRAY_AFTER_MS) : Promise.resolve();
      });
      if (page.nextCursor === null || this.#isStopped) break;
    }
    while (!this.#isStopped && (await this.#settings.store.sweep()).more);
  }

  async #mail(): Promise<void> {
    for (const owner of await this.#settings.store.pending(this.#lease.identity.id)) {
      // Ours, but not served: it could not be begun, or not be given up.
      if (!this.#host.deliver(idOf(owner))) this.#borrow(idOf(owner));
    }
    for (const owner of await this.#settings.store.pending(null)) this.#borrow(idOf(owner));
  }

  /** Reads an inbox beside the rounds (MA2). */
  #borrow(conversationId: string): void {
    if (this.#isStopped || this.#borrowed.has(conversationId) || this.#borrowed.size >= BORROWED_AT_ONCE) return;
    this.#borrowed.add(conversationId);
    void this.#host
      .borrow(conversationId)
      .catch((thrown: unknown) => this.#settings.logger.warn({ conversation: conversationId, code: codeOf(thrown) ?? "unknown" }, "an inbox could not be read; it is tried again"))
      .finally(() => this.#borrowed.delete(conversationId));
  }

  async #abandon(conversationId: string, silentSince: number): Promise<void> {
    try {
      await this.#host.endSilent(conversationId, silentSince);
    } catch (thrown) {
      this.#settings.logger.warn({ conversation: conversationId, code: codeOf(thrown) ?? "unknown" }, "an abandoned conversation could not be ended; it is tried again");
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
