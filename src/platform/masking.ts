// Secret arguments do not stay: what the tool's schema marks `secret: true` is masked once the call has its answer.
//
//   M1. Until the answer the arguments are kept as they are, since the call may have to be delivered again.
//   M2. Masking is idempotent, so that a masked call can be compared with the same request again.  (P5, P21)

import type { RegisteredTool } from "./conversation.ts";
import { isSameJson } from "./json-measure.ts";

const MASK = "***";

/** The arguments as they are kept after the answer. */
export function maskedArguments(text: string, toolName: string, tools: readonly RegisteredTool[]): string {
  const schema = schemaOf(toolName, tools);
  if (schema === undefined || !hasSecret(schema, 0)) return text;
  return JSON.stringify(masked(JSON.parse(text), schema));
}

/** Whether two requests say the same; what is secret is compared only as long as both still have it. */
export function isSameArguments(kept: string, asked: string, toolName: string, tools: readonly RegisteredTool[]): boolean {
  return isSameJson(kept, asked) || isSameJson(kept, maskedArguments(asked, toolName, tools));
}

function schemaOf(toolName: string, tools: readonly RegisteredTool[]): unknown {
  return tools.find((tool) => tool.name === toolName)?.parameters;
}

/** Follows `properties` and `items`; the depth bound is that of the arguments themselves. */
function hasSecret(schema: unknown, depth: number): boolean {
  if (typeof schema !== "object" || schema === null || depth > 64) return false;
  const { secret, properties, items } = schema as Record<string, unknown>;
  if (secret === true) return true;
  if (hasSecret(items, depth + 1)) return true;
  return typeof properties === "object" && properties !== null && Object.values(properties).some((property) => hasSecret(property, depth + 1));
}

function masked(value: unknown, schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return value;
  const { secret, properties, items } = schema as Record<string, unknown>;
  if (secret === true) return MASK;
  if (Array.isArray(value)) return value.map((item) => masked(item, items));
  if (typeof value !== "object" || value === null || typeof properties !== "object" || properties === null) return value;
  const known = new Map(Object.entries(properties));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, known.get(key))]));
}
