// What is worth a warning when a host takes an agent over: it works, but not as it was meant.

import type { AgentDefinition } from "../agent/definition.ts";
import type { HostSettings } from "./host-options.ts";

/** Says it in the log, once for each agent. */
export function warnOf({ agentId, shared, parts }: AgentDefinition, { logger, retentionMs }: HostSettings): void {
  if (shared.length > 0) logger.warn({ agent: agentId, fields: shared }, "what tools put into these fields is shared by all callers; declare it in conversationState(...) or as ephemeral(() => initial)");
  for (const { name, needsRetentionMs } of parts.values()) {
    if (retentionMs !== "forever" && needsRetentionMs > retentionMs) logger.warn({ agent: agentId, part: name, needsRetentionMs, retentionMs }, "ended conversations go away before the time in which this part may need them; raise retentionMs");
  }
}
