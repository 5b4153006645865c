// What is known of the agents' code: asked of their process, remembered for when it does not answer.
//
//   AB1. Reading never waits long for it: what was known last is used, else nothing.
//   AB2. Of what is not known to be public, the whole is masked.                                        (P21)
//   AB3. What the code marks by now is masked beside what is stored says of itself: also in what was stored before. (P21)

import type { Clock } from "../base/clock.ts";
import { codeOf, textOf } from "../base/errors.ts";
import type { MaskPath, Masks } from "../base/marks.ts";
import type { AgentView, CacheView, PartInfo } from "./api.ts";
import { within } from "./bounded.ts";
import type { AgentDesk } from "./desks.ts";

/** How long reading waits for the agents' process, milliseconds. */
const PATIENCE_MS = 1_500;
/** How long an answer is as good as a new one, milliseconds. */
const FRESH_MS = 2_000;
/** After no answer it is not asked again for so long, milliseconds: one hanging process does not slow every page down. */
const SULK_MS = 3_000;

/** What the code says is masked. */
export interface KnownMasks {
  readonly parts: Masks;
  readonly results: (tool: string) => readonly MaskPath[];
  readonly arguments: (tool: string) => readonly MaskPath[];
}

/** What an agent says is masked of its parts; nothing of one that nobody knows. */
export function masksOfAgent(agent: AgentView | undefined): Masks {
  return Object.fromEntries((agent?.parts ?? []).flatMap(({ name, masks }) => (masks && masks.length > 0 ? [[name, masks]] : [])));
}

const WHOLE: readonly MaskPath[] = [""];

/** What the agents' process says of a conversation. */
export interface Offered {
  readonly tools: readonly string[];
  readonly quarantine?: string;
}

export class AgentBook {
  readonly #desk: AgentDesk | undefined;
  readonly #clock: Clock;
  #known: readonly AgentView[] = [];
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #silentUntilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<readonly AgentView[]> | undefined;

  constructor(desk: AgentDesk | undefined, clock: Clock) {
    this.#desk = desk;
    this.#clock = clock;
  }

  /** The agents were loaded anew: what is known is old. */
  forget(): void {
    this.#askedAtMs = Number.NEGATIVE_INFINITY;
    this.#silentUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** The agents, as they are or as they were known last, which then nobody serves (AB1). */
  agents(): Promise<readonly AgentView[]> {
    if (this.#clock.monotonic() - this.#askedAtMs < FRESH_MS) return Promise.resolve(this.#known);
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** An agent, as it was known last: asked anew meanwhile, waited for only when nothing is known. */
  async agent(agentId: string | null): Promise<AgentView | undefined> {
    const asked = this.agents();
    const agents = this.#askedAtMs === Number.NEGATIVE_INFINITY ? await asked : this.#known;
    return agents.find((agent) => agent.agentId === agentId);
  }

  async part(agentId: string | null, name: string): Promise<PartInfo | undefined> {
    return (await this.agent(agentId))?.parts.find((part) => part.name === name);
  }

  /** What is masked by the code as it is now (AB2, AB3). */
  async masks(agentId: string | null): Promise<KnownMasks> {
    const agent = await this.agent(agentId);
    const tools = new Map(agent?.tools.map((tool) => [tool.name, tool]));
    return {
      parts: masksOfAgent(agent),
      results: (tool) => tools.get(tool)?.resultMasks ?? WHOLE,
      arguments: (name) => {
        const { masks = [], secrets = [] } = tools.get(name) ?? {};
        return [...masks, ...secrets];
      },
    };
  }

  async caches(): Promise<readonly CacheView[]> {
    return (await this.#bounded((desk) => desk.caches())) ?? [];
  }

  /** The tools that are offered now, or why the agents cannot use what is stored. */
  async offered(conversationId: string): Promise<Offered> {
    try {
      return { tools: (await this.#bounded((desk) => desk.offered(conversationId))) ?? [] };
    } catch (thrown) {
      return codeOf(thrown) === "state_quarantined" ? { tools: [], quarantine: textOf(thrown) } : { tools: [] };
    }
  }

  async #ask(): Promise<readonly AgentView[]> {
    try {
      const agents = await this.#bounded((desk) => desk.agents());
      if (agents) {
        this.#known = agents;
        this.#askedAtMs = this.#clock.monotonic();
        return agents;
      }
    } catch {
      // As for one that does not answer.
    }
    return this.#known.map((agent) => ({ ...agent, isServed: false }));
  }

  /** @returns undefined when there is no desk, or none that answers. */
  async #bounded<T>(ask: (desk: AgentDesk) => Promise<T>): Promise<T | undefined> {
    if (!this.#desk || this.#clock.monotonic() < this.#silentUntilMs) return undefined;
    try {
      return await within(this.#clock, PATIENCE_MS, ask(this.#desk));
    } catch (thrown) {
      if (codeOf(thrown) !== "tool_timeout") throw thrown;
      this.#silentUntilMs = this.#clock.monotonic() + SULK_MS;
      return undefined;
    }
  }
}
