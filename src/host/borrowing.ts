// Borrowing: a conversation that nobody serves is taken over for one thing to do, and given up again.        (P13, P16)
//
// Owns such take-overs: for the mail of a conversation, and for its end. It is neither registered nor resumed by them.
//
//   BO1. One take-over of a conversation at a time: a second one would fence the first.
//   BO2. What is served here, or about to be, is not taken over: it reads its mail itself.
//   BO3. One that cannot be read, or has not begun, keeps its mail for the day it can; its end alone is applied. (P10, P12)

import { ConversimpleError } from "../base/errors.ts";
import type { AgentDefinition } from "../agent/definition.ts";
import type { Loaded, Store, WaitingMessage } from "../state/store.ts";
import type { Claims } from "./claims.ts";
import type { LiveConversation } from "./conversation.ts";
import { waitingEnd } from "./mail.ts";
import type { SecondLooks } from "./second-looks.ts";
import { hasStarted } from "./stored-conversation.ts";
import type { Units } from "./units.ts";

/** The message by which a conversation was ended, and who posted it. */
export interface EndedBy {
  readonly source: string;
  readonly message: WaitingMessage;
}

export interface BorrowingOptions {
  readonly store: Store;
  readonly claims: Claims;
  readonly units: Units;
  readonly looks: SecondLooks;
  /** What this process serves. */
  readonly conversations: ReadonlyMap<string, LiveConversation>;
  /** BO2; also asked at the last moment. */
  readonly isFree: (conversationId: string) => boolean;
  readonly build: (conversationId: string, agent: AgentDefinition, loaded: Loaded) => LiveConversation;
  /** Has one that is served here read its inbox. */
  readonly deliver: (conversationId: string) => boolean;
  /** Ends it; to be run in its queue. */
  readonly end: (live: LiveConversation, reason: string, by?: EndedBy) => Promise<void>;
  /** It is given up: nothing of it has to stay in memory. */
  readonly done: (live: LiveConversation) => void;
}

export class Borrowing {
  readonly #options: BorrowingOptions;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: BorrowingOptions) {
    this.#options = options;
  }

  /** What is borrowed just now, by conversation. */
  get underWay(): ReadonlyMap<string, Promise<void>> {
    return this.#underWay;
  }

  /** Reads its inbox. @throws {ConversimpleError} the inbox could not be read to its end. */
  forMail(conversationId: string): Promise<void> {
    return this.#inOrder(conversationId, () => this.#readMail(conversationId));
  }

  /** Ends it, unless somebody touched it since. @throws {ConversimpleError} it could not be ended. */
  forEnd(conversationId: string, reason: string, untouchedSinceMs: number): Promise<void> {
    const { units, end } = this.#options;
    return this.#inOrder(conversationId, () => this.#take(conversationId, false, async (live) => {
      if (live.facts.updatedAtMs > untouchedSinceMs) return;
      await units.inQueue(live, "onConversationEnded", () => end(live, reason), { unlimited: true });
    }));
  }

  /** BO1. */
  #inOrder(conversationId: string, task: () => Promise<void>): Promise<void> {
    const before = this.#underWay.get(conversationId);
    const borrowing = (before ? before.catch(() => {}).then(task) : task()).finally(() => {
      if (this.#underWay.get(conversationId) === borrowing) this.#underWay.delete(conversationId);
    });
    this.#underWay.set(conversationId, borrowing);
    return borrowing;
  }

  async #readMail(conversationId: string): Promise<void> {
    const { conversations, looks, deliver, units } = this.#options;
    const before = conversations.get(conversationId);
    if (before?.quarantine) await looks.again(before);
    const here = conversations.get(conversationId);
    if (here?.quarantine) return this.#readEnd(here);
    if (here) return void deliver(conversationId);
    await this.#take(conversationId, true, (live, loaded) => {
      live.hasMail = hasStarted(loaded);
      return live.quarantine || !hasStarted(loaded) ? this.#readEnd(live) : units.inQueue(live, "inbox", () => Promise.resolve());
    });
  }

  /** BO3. */
  async #readEnd(live: LiveConversation): Promise<void> {
    const { store, units, end } = this.#options;
    const found = await waitingEnd(store, live.owner);
    if (!found || live.gone) return;
    const { mail, message } = found;
    await units.inQueue(live, "onConversationEnded", () => end(live, mail.reason, { source: mail.source, message }), { unlimited: true });
  }

  async #take(conversationId: string, needsMail: boolean, task: (live: LiveConversation, loaded: Loaded) => Promise<void>): Promise<void> {
    const { claims, isFree, build, done } = this.#options;
    const claimed = await claims.claimOrphan(conversationId, () => isFree(conversationId), needsMail);
    if (!claimed) return;
    const live = build(conversationId, claimed.agent, claimed.loaded);
    const hasEnded = () => live.gone?.code === "conversation_ended";
    try {
      await task(live, claimed.loaded);
    } catch (thrown) {
      // Its mail said that it is over: nothing else is left to do.
      if (!hasEnded()) throw thrown;
    } finally {
      live.leave(new ConversimpleError("cancelled", "What it was taken over for is done."));
      done(live);
      if (!hasEnded()) await claims.giveBack(live);
    }
  }
}
