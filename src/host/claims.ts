// Claims: which conversations of the store this process got hold of, and how it gives them back.     (P14)
//
//   CL1. What is claimed has an epoch of this process; what cannot be served is given back at once.
//   CL2. A conversation of an erased customer is erased when somebody reaches for it, not served.      (P22)

import type { AgentDefinition } from "../agent/definition.ts";
import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import { conversationOwner, type Loaded, type Owner, type ProcessIdentity, type Store } from "../state/store.ts";
import type { Opened } from "./host.ts";
import { recordOf } from "./stored-conversation.ts";
import { entomb, isErased } from "./tombstones.ts";

export interface ClaimsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly identity: ProcessIdentity;
  readonly agents: ReadonlyMap<string, AgentDefinition>;
}

/** A conversation that is this process's now, or why it is not. */
export type Claimed = { readonly kind: "claimed"; readonly loaded: Loaded } | Exclude<Opened, { readonly kind: "serving" }>;

export class Claims {
  readonly #options: ClaimsOptions;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Claims a conversation for an agent; makes it when it is not there. @throws {ConversimpleError} `option_invalid`: it belongs to another agent. */
  async claim(conversationId: string, { agentId }: AgentDefinition): Promise<Claimed> {
    const { store, identity } = this.#options;
    const acquired = await store.acquire(conversationOwner(conversationId), identity, { agentId });
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
    const { store, identity, agents } = this.#options;
    if (!isFree()) return undefined;
    const found = await store.load(conversationOwner(conversationId));
    const agent = agents.get(found?.facts.agentId ?? "");
    if (!found || !agent || found.facts.status !== "live" || (needsMail && found.mail === 0) || !isFree()) return undefined;
    // Its mail would not be read; taking it over again and again would be all that came of it.
    if (needsMail && recordOf(found, agent) instanceof ConversimpleError) return undefined;
    const acquired = await store.acquire(found.owner, identity);
    if (acquired.kind !== "acquired") return undefined;
    const { loaded } = acquired;
    if (await this.#erasedWithCustomer(loaded)) return undefined;
    if (loaded.facts.status === "live") return { agent, loaded };
    // Somebody ended it meanwhile: once is enough.
    await this.giveBack(loaded);
    return undefined;
  }

  /** CL1. */
  giveBack({ owner, epoch }: { readonly owner: Owner; readonly epoch: number }): Promise<void> {
    return this.#options.store.release(owner, this.#options.identity.id, epoch);
  }

  /** CL2. */
  async #erasedWithCustomer({ owner, facts: { customer } }: Loaded): Promise<boolean> {
    const { store, clock } = this.#options;
    if (customer === null || !(await isErased(store, customer as Owner))) return false;
    await entomb(store, clock, owner);
    return true;
  }
}
