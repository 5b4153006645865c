// Which tools a model is offered: those whose guards do not rule them out now.                       (P17)
//
//   OT1. Asked of committed values only; a guard that cannot answer rules nothing out. So a conversation whose state
//        cannot be used offers all tools: each of them says so.                                      (P10)

import type { ToolPart } from "../agent/tool.ts";
import type { Slice } from "../state/slice.ts";
import type { LiveConversation } from "./conversation.ts";

/** The tools to offer now. */
export function offeredTools(live: LiveConversation): readonly ToolPart[] {
  const value = (slice: Slice) => live.document.value(slice);
  return [...live.agent.tools.values()].filter((tool) => tool.guards().every((guard) => typeof guard === "function" || mayOffer(() => guard.isOffered?.(value))));
}

/** Sees when a conversation's offer changed. */
export class OfferWatch {
  readonly #known = new WeakMap<LiveConversation, string>();

  /** Takes note of the present offer, if it can change. */
  begin(live: LiveConversation): void {
    const guards = [...live.agent.tools.values()].flatMap((tool) => tool.guards());
    if (guards.some((guard) => typeof guard !== "function" && guard.isOffered !== undefined)) this.#known.set(live, textOf(live));
  }

  /** Whether it is another one than at the last look. */
  hasChanged(live: LiveConversation): boolean {
    const before = this.#known.get(live);
    if (before === undefined) return false;
    const now = textOf(live);
    this.#known.set(live, now);
    return before !== now;
  }
}

function textOf(live: LiveConversation): string {
  return offeredTools(live).map(({ name }) => name).join(" ");
}

/** OT1. */
function mayOffer(ask: () => boolean | undefined): boolean {
  try {
    return ask() !== false;
  } catch {
    return true;
  }
}
