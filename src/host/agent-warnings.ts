// What is worth a warning: it works, but not as it was meant, or not for long.

import type { AgentDefinition } from "../agent/definition.ts";
import { wireName } from "../agent/tool.ts";
import type { JsonSchema } from "../base/schema.ts";
import type { GrownPart } from "../state/size-watch.ts";
import type { Owner } from "../state/store.ts";
import type { HostSettings } from "./host-options.ts";

/** Says in the log what a host finds when it takes an agent over, once for each agent. */
export function warnOf({ agentId, shared, parts, tools }: AgentDefinition, { logger, retentionMs }: HostSettings): void {
  if (shared.length > 0) logger.warn({ agent: agentId, fields: shared }, "what tools put into these fields is shared by all callers; declare it in conversationState(...) or as ephemeral(() => initial)");
  for (const { name, parameters } of tools.values()) {
    const unmarked = secretNames(parameters.jsonSchema);
    if (unmarked.length > 0) logger.warn({ agent: agentId, tool: name, parameters: unmarked }, "these look like secrets, and their values are stored in the journal; mark them .meta({ secret: true }), or { secret: false } if they are none");
  }
  for (const { name, needsRetentionMs } of parts.values()) {
    if (retentionMs !== "forever" && needsRetentionMs > retentionMs) logger.warn({ agent: agentId, part: name, needsRetentionMs, retentionMs }, "ended conversations go away before the time in which this part may need them; raise retentionMs");
  }
}

/** Names of parameters under which people expect a secret, and which say nothing of it. (P21) */
function secretNames({ properties = {} }: JsonSchema): readonly string[] {
  return Object.entries(properties as Readonly<Record<string, object>>)
    .filter(([name, schema]) => wireName(name).split("_").some((word) => SECRET_WORDS.has(word)) && !("secret" in schema) && !("pii" in schema))
    .map(([name]) => name);
}

const SECRET_WORDS: ReadonlySet<string> = new Set(["pin", "password", "passcode", "passphrase", "passwd", "otp", "cvv", "cvc"]);

/** What a process says of a part before it is refused. (P9) */
export function warnOfSize({ logger }: Pick<HostSettings, "logger">, of: { readonly conversation: string; readonly agent: string } | { readonly owner: Owner }, grown: GrownPart): void {
  logger.warn({ ...of, ...grown }, "the state comes near its limit; store ids, not documents, or raise maxBytes");
}
