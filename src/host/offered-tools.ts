// Which tools a model is offered: those whose guards do not rule them out now.                       (P17)
//
//   OT1. Asked of committed values only; a guard that cannot answer rules nothing out. So a conversation whose state
//        cannot be used offers all tools: each of them says so.                                      (P10)
//   OT2. Whoever listens hears of another set before the answer of the call that made it.

import type { ToolPart } from "../agent/tool.ts";
import type { Slice } from "../state/slice.ts";
import type { LiveConversation } from "./conversation.ts";
import type { ToolDescription } from "./host.ts";

/** What a platform is told about the tools of a conversation. */
export function describedTools(live: LiveConversation, which: "offered" | "all"): readonly ToolDescription[] {
  return toolsOf(live, which).map(({ name, description, parameters, options, resultMasks }) => ({
    name,
    description,
    parameters: parameters.jsonSchema,
    ...(options.examples ? { examples: options.examples } : {}),
    ...(resultMasks.length > 0 ? { resultMasks } : {}),
  }));
}

/** Sees when the offer of a conversation changes, and tells of it. */
export class ToolOffers {
  readonly #known = new WeakMap<LiveConversation, string>();
  readonly #listeners = new Set<(conversationId: string) => void>();

  /** Returns a function that stops it. */
  listen(listener: (conversationId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Takes note of the present offer, if it can change.
   *
   * @param isAgain whether somebody may know another one of it: it could not be used before.
   */
  begin(live: LiveConversation, isAgain: boolean): void {
    const guards = [...live.agent.tools.values()].flatMap((tool) => tool.guards());
    if (!guards.some((guard) => typeof guard !== "function" && guard.isOffered !== undefined)) return;
    this.#known.set(live, namesOf(live));
    if (isAgain) this.#tell(live);
  }

  /** OT2. */
  look(live: LiveConversation): void {
    const before = this.#known.get(live);
    if (before === undefined) return;
    const now = namesOf(live);
    this.#known.set(live, now);
    if (before !== now) this.#tell(live);
  }

  #tell({ id }: LiveConversation): void {
    for (const listener of this.#listeners) listener(id);
  }
}

function namesOf(live: LiveConversation): string {
  return toolsOf(live, "offered").map(({ name }) => name).join(" ");
}

function toolsOf(live: LiveConversation, which: "offered" | "all"): readonly ToolPart[] {
  const value = (slice: Slice) => live.document.value(slice);
  const isOffered = (tool: ToolPart) => tool.guards().every((guard) => typeof guard === "function" || mayOffer(() => guard.isOffered?.(value)));
  return [...live.agent.tools.values()].filter((tool) => which === "all" || isOffered(tool));
}

/** OT1. */
function mayOffer(ask: () => boolean | undefined): boolean {
  try {
    return ask() !== false;
  } catch {
    return true;
  }
}
