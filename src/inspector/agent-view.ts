// An agent as its code says it, for people: its parts and its tools. Nothing of a conversation is in it.

import { COUNTS, DESCRIBE } from "../agent/part-description.ts";
import type { AgentDefinition } from "../agent/definition.ts";
import type { Requirement } from "../agent/guard.ts";
import type { Part } from "../agent/part.ts";
import type { ToolPart } from "../agent/tool.ts";
import { maskStep } from "../base/marks.ts";
import type { AgentView, CacheView, PartInfo, ToolInfo } from "./api.ts";

/** @param file the file that exports it, where it is known. */
export function agentView({ agentId, parts, tools }: AgentDefinition, isServed: boolean, file?: string): AgentView {
  return {
    agentId,
    isServed,
    ...(file === undefined ? {} : { file }),
    parts: [...parts.values()].map(partInfo),
    tools: [...tools.values()].map(toolInfo),
  };
}

/** What the caches of an agent did since its process began. */
export function cacheViews({ agentId, parts }: AgentDefinition): readonly CacheView[] {
  return [...parts.values()].flatMap((part) => {
    const counts = part[COUNTS]();
    return counts ? [{ agentId, part: part.name, ...counts }] : [];
  });
}

function partInfo(part: Part): PartInfo {
  const slice = part.slice();
  const stored = slice && { schemaVersion: slice.schemaVersion, maxBytes: slice.maxBytes, masks: slice.masks ?? [] };
  return { name: part.name, ...stored, ...part[DESCRIBE]() };
}

function toolInfo(tool: ToolPart): ToolInfo {
  const { name, description, parameters, options, resultMasks, timeoutMs } = tool;
  return {
    name,
    description,
    parameters: parameters.jsonSchema,
    examples: options.examples ?? [],
    secrets: [...parameters.secrets].map(maskStep),
    masks: parameters.masks,
    resultMasks,
    guards: tool.guards().map(guardText),
    isParallel: options.parallel === true,
    isOnce: options.once !== undefined,
    timeoutMs,
  };
}

function guardText(guard: Requirement): string {
  if (typeof guard === "function") return "a predicate";
  // A part that is a guard is called by its field.
  const { name } = guard as Partial<Pick<Part, "name">>;
  return guard.inWords?.() ?? (typeof name === "string" && name !== "" ? name : "a guard");
}
