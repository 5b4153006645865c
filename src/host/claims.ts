// Claims: which conversations of the store this process got hold of, and how it gives them back.     (P14)
//
//   CL1. What is claimed has an epoch of this process; what cannot be served is given back at once.
//   CL2. A conversation of an erased customer is erased when somebody reaches for it, not served.      (P22)
//   CL3. What may be this process's although nobody here serves it - the answer to a claim was lost, or it came late and
//        fenced who served it - is given back: as long as this process lives, nobody else may take it, and nobody would
//        end it.                                                                                        (P13)

import { randomUUID } from "node:crypto";

import type { AgentDefinition } from "../agent/definition.ts";
import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { conversationOwner, idOf, type Acquired, type Facts, type Loaded, type Owner, type ProcessIdentity, type Store } from "../state/store.ts";
import type { Opened } from "./host.ts";
import { END_MESSAGE, waitingEnd } from "./mail.ts";
import { hasStarted, recordOf } from "./stored-conversation.ts";
import { entomb, isErased } from "./tombstones.ts";

export interface ClaimsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly identity: ProcessIdentity;
  readonly agents: ReadonlyMap<string, AgentDefinition>;
}

/** A conversation that is this process's now, or why it is not. */
export type Claimed = { readonly kind: "claimed"; readonly loaded: Loaded } | Exclude<Opened, { readonly kind: "serving" }>;

interface Doubt {
  /** By the monotonic clock. */
  readonly sinceMs: number;
  /** Whether a claim may still be on its way: giving back what was claimed before says nothing of it. */
  readonly mayBeLate: boolean;
}

/** A claim whose answer was lost arrives within this, milliseconds: longer than any store's timeout. */
const DOUBTFUL_MS = 60_000;

export class Claims {
  readonly #options: ClaimsOptions;
  /** Owners of CL3: everything that was claimed, until it was seen to be served or given back. */
  readonly #doubtful = new Map<Owner, Doubt>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Claims a conversation for an agent; makes it when it is not there. @throws {ConversimpleError} `option_invalid`: it belongs to another agent. */
  async claim(conversationId: string, { agentId }: AgentDefinition): Promise<Claimed> {
    const acquired = await this.#acquire(conversationOwner(conversationId), agentId);
    if (acquired.kind === "held") return { kind: "held", untilMs: acquired.untilMs };
    const { loaded } = acquired;
    if (loaded.facts.status === "forgotten" || (await this.#erasedWithCustomer(loaded))) return { kind: "ended", reason: "forgotten" };
    if (loaded.facts.status !== "live") {
      await this.giveBack(loaded);
      return { kind: "ended", reason: loaded.facts.endReason };
    }
    if (loaded.facts.agentId !== null && loaded.facts.agentId !== agentId) {
      await this.giveBack(loaded);
      throw new ConversimpleError("option_invalid", `The conversation belongs to the agent "${loaded.facts.agentId}", not to "${agentId}".`, { agentId });
    }
    return { kind: "claimed", loaded };
  }

  /**
   * Claims a live conversation that nobody serves.
   *
   * @param isFree asked at the last moment: taking it from an `open` of our own would fence that one.
   * @param needsMail whether it is taken for its mail only.
   */
  async claimOrphan(conversationId: string, isFree: () => boolean, needsMail: boolean): Promise<{ readonly agent: AgentDefinition; readonly loaded: Loaded } | undefined> {
    const { store, agents } = this.#options;
    if (!isFree()) return undefined;
    const found = await store.load(conversationOwner(conversationId));
    const agent = agents.get(found?.facts.agentId ?? "");
    if (!found || !agent || found.facts.status !== "live" || (needsMail && found.mail === 0) || !isFree()) return undefined;
    // Its mail would not be read, but for its end; taking it over again and again would be all that came of it.
    if (needsMail && !mayReadMail(found, agent) && !(await waitingEnd(store, found.owner))) return undefined;
    if (!isFree()) return undefined;
    const acquired = await this.#acquire(found.owner, agent.agentId);
    if (acquired.kind !== "acquired") return undefined;
    const { loaded } = acquired;
    if (await this.#erasedWithCustomer(loaded)) return undefined;
    if (loaded.facts.status === "live") return { agent, loaded };
    // Somebody ended it meanwhile: once is enough.
    await this.giveBack(loaded);
    return undefined;
  }

  /**
   * Ends one of an agent that nobody has any more: to its facts alone, without its agent's hook, which nobody knows. (P13)
   *
   * @param untouchedSinceMs unless somebody touched it since.
   */
  async endStray(conversationId: string, untouchedSinceMs: number, facts: Partial<Facts>): Promise<void> {
    const { store, agents } = this.#options;
    const owner = conversationOwner(conversationId);
    const isStray = (found: Loaded | undefined) => found?.facts.status === "live" && found.facts.updatedAtMs <= untouchedSinceMs && !agents.has(found.facts.agentId ?? "");
    if (!isStray(await store.load(owner))) return;
    const acquired = await this.#acquire(owner, "");
    if (acquired.kind !== "acquired") return;
    const { loaded } = acquired;
    if (isStray(loaded)) await store.commit(owner, { writeId: randomUUID(), expectedVersion: loaded.version, epoch: loaded.epoch, facts, consume: [END_MESSAGE] });
    await this.giveBack(loaded);
  }

  /** CL1. */
  async giveBack({ owner, epoch }: { readonly owner: Owner; readonly epoch: number }): Promise<void> {
    await this.#options.store.release(owner, this.#options.identity.id, epoch);
    if (!this.#doubtful.get(owner)?.mayBeLate) this.#doubtful.delete(owner);
  }

  /** It may be this process's without being served (CL3). */
  doubt(owner: Owner, mayBeLate = false): void {
    this.#doubtful.set(owner, { sinceMs: this.#options.clock.monotonic(), mayBeLate: mayBeLate || this.#doubtful.get(owner)?.mayBeLate === true });
  }

  /** CL3. What is served, or about to be, is left alone. @throws {StoreUnavailableError} The rest is looked at the next time. */
  async giveBackDoubtful(isServed: (conversationId: string) => boolean): Promise<void> {
    const { store, clock, identity } = this.#options;
    for (const [owner, doubt] of this.#doubtful) {
      const found = isServed(idOf(owner)) ? undefined : await store.load(owner);
      if (found?.process === identity.id && !isServed(idOf(owner))) await store.release(owner, identity.id, found.epoch);
      // One that is on its way may arrive when this one was looked at.
      if (clock.monotonic() - doubt.sinceMs >= DOUBTFUL_MS && this.#doubtful.get(owner) === doubt) this.#doubtful.delete(owner);
    }
  }

  async #acquire(owner: Owner, agentId: string): Promise<Acquired> {
    // Before it is asked for: whatever fails behind it, it is found again.
    this.doubt(owner);
    try {
      const acquired = await this.#options.store.acquire(owner, this.#options.identity, { agentId });
      if (acquired.kind === "held" && !this.#doubtful.get(owner)?.mayBeLate) this.#doubtful.delete(owner);
      return acquired;
    } catch (thrown) {
      this.doubt(owner, true);
      throw thrown;
    }
  }

  /** CL2. */
  async #erasedWithCustomer({ owner, facts: { customer } }: Loaded): Promise<boolean> {
    const { store, clock } = this.#options;
    if (customer === null || !(await isErased(store, customer as Owner))) return false;
    await entomb(store, clock, owner);
    return true;
  }
}

/** One that has not begun begins with its start, not with a message: whoever opens it reads its mail behind that. (P12) */
function mayReadMail(found: Loaded, agent: AgentDefinition): boolean {
  return hasStarted(found) && !(recordOf(found, agent) instanceof ConversimpleError);
}
