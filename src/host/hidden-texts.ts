// What must not stand in a text about a failure: it is remembered for whoever shows the text (`base/redaction.ts`).   (P21)

import { isBounded } from "../agent/parameters.ts";
import type { ToolPart } from "../agent/tool.ts";
import { Mask } from "../base/mask.ts";
import type { LiveConversation } from "./conversation.ts";

/** Of the arguments of a call. */
export function hiddenArguments(tool: ToolPart | undefined, input: unknown): string[] {
  return tool && isBounded(input) ? Mask.of(tool.parameters.masks).hidden(input) : [];
}

/** Of the state of a conversation. */
export function hiddenState(live: LiveConversation): string[] {
  if (live.quarantine) return [];
  return live.agent.slices.flatMap((slice) => (slice.masks ? Mask.of(slice.masks).hidden(live.document.value(slice)) : []));
}
