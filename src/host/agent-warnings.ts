// What is worth a warning: it works, but not as it was meant, or not for long.

import type { AgentDefinition } from "../agent/definition.ts";
import type { GrownPart } from "../state/size-watch.ts";
import type { Owner } from "../state/store.ts";
import type { HostSettings } from "./host-options.ts";

/** Says in the log what a host finds when it takes an agent over, once for each agent. */
export function warnOf({ agentId, shared, parts }: AgentDefinition, { logger, retentionMs }: HostSettings): void {
  if (shared.length > 0) logger.warn({ agent: agentId, fields: shared }, "what tools put into these fields is shared by all callers; declare it in conversationState(...) or as ephemeral(() => initial)");
  for (const { name, needsRetentionMs } of parts.values()) {
    if (retentionMs !== "forever" && needsRetentionMs > retentionMs) logger.warn({ agent: agentId, part: name, needsRetentionMs, retentionMs }, "ended conversations go away before the time in which this part may need them; raise retentionMs");
  }
}

/** What a process says of a part before it is refused. (P9) */
export function warnOfSize({ logger }: Pick<HostSettings, "logger">, of: { readonly conversation: string; readonly agent: string } | { readonly owner: Owner }, grown: GrownPart): void {
  logger.warn({ ...of, ...grown }, "the state comes near its limit; store ids, not documents, or raise maxBytes");
}
