// Ends: what somebody said is over, until it is.                                                  (P12, P13)
//
// Owns the time between the report of an end and the commit that makes it true. Ends nothing itself.
//
//   EN1. Whoever says it first is heard: one end of a conversation is under way at a time, and others join it. What only looks
//        whether it is abandoned may find that it is not: an end that is reported meanwhile waits for it, and is not lost.
//   EN2. An end of a conversation that somebody else has - or whose owner is dead, and its lease is not over - waits in its
//        inbox, under one id: whoever has it, or takes it over, ends it. So it outlives the process that heard of it.
//   EN3. One that the store did not take is tried again here until it did, with its reason.

import type { Clock, Timer } from "../base/clock.ts";
import { codeOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Owner, Store } from "../state/store.ts";
import { endMessage } from "./mail.ts";

/** How long to wait before an end is tried again, milliseconds: at first, and at most. */
const RETRY_FIRST_MS = 250;
const RETRY_MOST_MS = 5_000;

export interface EndsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends it, or has it posted (EN2). @throws {ConversimpleError} `id_invalid`; `state_unavailable`: it is tried again. */
  readonly end: (conversationId: string, reason: string) => Promise<void>;
}

interface Waiting {
  readonly reason: string;
  readonly delayMs: number;
  readonly timer: Timer;
}

export class Ends {
  readonly #options: EndsOptions;
  readonly #underWay = new Map<string, Promise<void>>();
  /** Those that may end nothing (EN1). */
  readonly #looking = new Set<Promise<void>>();
  /** EN3. */
  readonly #waiting = new Map<string, Waiting>();
  #isStopped = false;

  constructor(options: EndsOptions) {
    this.#options = options;
  }

  /** What is being ended just now, by conversation. */
  get underWay(): ReadonlyMap<string, Promise<void>> {
    return this.#underWay;
  }

  /** EN1, EN3. @throws what `end` throws; it is tried again all the same. */
  close(conversationId: string, reason: string): Promise<void> {
    return this.only(conversationId, () => this.#try(conversationId, reason));
  }

  /** Runs what ends a conversation, unless its end is under way: then that one is waited for. */
  only(conversationId: string, end: () => Promise<void>): Promise<void> {
    let ending = this.#underWay.get(conversationId);
    if (ending && this.#looking.has(ending)) return ending.catch(() => {}).then(() => this.only(conversationId, end));
    if (!ending) {
      ending = end().finally(() => this.#underWay.delete(conversationId));
      this.#underWay.set(conversationId, ending);
    }
    return ending;
  }

  /** Runs what ends a conversation if it finds that it is abandoned (EN1). */
  ifAbandoned(conversationId: string, end: () => Promise<void>): Promise<void> {
    const before = this.#underWay.get(conversationId);
    if (before) return before;
    const looking = this.only(conversationId, end);
    this.#looking.add(looking);
    return looking.finally(() => this.#looking.delete(looking));
  }

  /** EN2. False when there is nothing to end. @throws {StoreUnavailableError} */
  async post(owner: Owner, reason: string): Promise<boolean> {
    try {
      await this.#options.store.post(owner, endMessage(reason));
      return true;
    } catch (thrown) {
      if (NOTHING_TO_END.has(codeOf(thrown) ?? "")) return false;
      throw thrown;
    }
  }

  /** What waits is tried once more, then no more: the process leaves. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled([...this.#waiting].map(([id, { timer, reason }]) => {
      timer.cancel();
      return this.close(id, reason);
    }));
  }

  /** As after a crash: what waits is forgotten. */
  abandon(): void {
    this.#isStopped = true;
    for (const { timer } of this.#waiting.values()) timer.cancel();
  }

  async #try(conversationId: string, given: string): Promise<void> {
    const before = this.#waiting.get(conversationId);
    before?.timer.cancel();
    this.#waiting.delete(conversationId);
    const reason = before?.reason ?? given;
    try {
      await this.#options.end(conversationId, reason);
    } catch (thrown) {
      if (codeOf(thrown) === "state_unavailable" && !this.#isStopped) this.#again(conversationId, reason, before ? Math.min(before.delayMs * 2, RETRY_MOST_MS) : RETRY_FIRST_MS);
      throw thrown;
    }
  }

  #again(conversationId: string, reason: string, delayMs: number): void {
    const run = () => void this.close(conversationId, reason).catch((thrown: unknown) => {
      this.#options.logger.debug({ conversation: conversationId, code: codeOf(thrown) }, "an end could not be stored yet");
    });
    this.#waiting.set(conversationId, { reason, delayMs, timer: this.#options.clock.after(delayMs, run, { background: true }) });
  }
}

const NOTHING_TO_END: ReadonlySet<string> = new Set(["conversation_not_found", "conversation_ended"]);
