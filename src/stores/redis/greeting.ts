// The first look at a server: may it be used, and will it keep what it is given?
//
//   RG1. What is stored in the format of a newer release is refused, never guessed at.
//   RG2. A server that may throw state away is used, but said in the log: once per store.

import { ConversimpleError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { listOf, textOf, type Reply } from "./replies.ts";

/** The format of keys and fields that this release writes. */
export const FORMAT = 1;

/** Looks at what the greeted shards said. @throws {ConversimpleError} `store_misconfigured` (RG1). */
export function checkGreetings(greetings: readonly Reply[], address: string, logger: Logger): void {
  const warnings = new Set<string>();
  for (const greeting of greetings) {
    const [format, memory, persistence] = listOf(greeting).map(textOf);
    if (format !== String(FORMAT)) {
      throw new ConversimpleError("store_misconfigured", `Cannot open the store ${address}: what it holds has format ${Number(format) || "unknown"}, this release knows ${FORMAT}. Upgrade conversimple, or choose another prefix=.`, { address, known: FORMAT });
    }
    for (const warning of warningsOf(memory ?? "", persistence ?? "")) warnings.add(warning);
  }
  for (const warning of warnings) logger.warn({ address }, warning);
}

function warningsOf(memory: string, persistence: string): string[] {
  const policy = settingOf(memory, "maxmemory_policy");
  const warnings: string[] = [];
  if (policy !== undefined && policy !== "noeviction") warnings.push(`Redis may throw state away: maxmemory-policy is ${policy}. Set it to noeviction`);
  if (settingOf(persistence, "aof_enabled") === "0") warnings.push("Redis keeps no append-only file: a restart loses what it acknowledged. Set appendonly yes");
  return warnings;
}

function settingOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([\\w-]+)`, "m").exec(info)?.[1];
}
