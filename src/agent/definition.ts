// What an agent consists of, found once when a host takes it over; and the seal.
//
// Owns the reading of an agent's fields and their protection. After `defineAgent` the instance serves all
// conversations of the process, so a plain field would be shared by strangers.
//
//   AD1. Every field that is a part or a tool is attached under its name; names that the SDK uses are refused.
//   AD2. After sealing, writing any property of the instance throws an error that names the right part.
//   AD3. At most one conversation state, in the field `state`.

import { ConversimpleError } from "../base/errors.ts";
import type { Slice } from "../state/slice.ts";
import { ConversimpleAgent } from "./agent.ts";
import { Part } from "./part.ts";
import { toolOf, type ToolPart } from "./tool.ts";

/** An agent, ready to serve. */
export interface AgentDefinition {
  readonly agentId: string;
  readonly agent: ConversimpleAgent;
  readonly tools: ReadonlyMap<string, ToolPart>;
  readonly parts: ReadonlyMap<string, Part>;
  readonly slices: readonly Slice[];
  /** Parts that hear of every tool call, and parts that have something to put away at the end. */
  readonly watchers: readonly Part[];
  readonly closers: readonly Part[];
  /** Durable parts that may want a unit of their own at a time. */
  readonly timed: readonly Part[];
  /** Plain fields that hold an empty container. The seal cannot protect what is put into them: worth a warning. */
  readonly shared: readonly string[];
}

const DEFINITIONS = new WeakMap<ConversimpleAgent, AgentDefinition>();

const RESERVED = new Set(
  Object.getOwnPropertyNames(ConversimpleAgent.prototype).concat(
    ["onConversationStarted", "onConversationResumed", "onConversationEnded", "onToolCalled", "onToolCompleted"],
    ["onSignal", "onError", "onConfigUpdate", "constructor", "__proto__"],
  ),
);

/**
 * Reads an agent's fields and seals it; the same agent again gives the same definition.
 *
 * @throws {ConversimpleError} `definition_invalid`, naming the field.
 */
export function defineAgent(agent: ConversimpleAgent): AgentDefinition {
  const known = DEFINITIONS.get(agent);
  if (known) return known;
  const agentId = idOfAgent(agent);
  const tools = new Map<string, ToolPart>();
  const parts = new Map<string, Part>();
  const shared: string[] = [];
  for (const field of Object.keys(agent)) {
    const value = (agent as unknown as Record<string, unknown>)[field];
    const found = toolOf(value);
    if (found) addTool(agentId, tools, field, found);
    else if (value instanceof Part) addPart(agentId, parts, field, value);
    else if (isToBeFilled(value)) shared.push(field);
  }
  for (const part of parts.values()) part.joined(parts);
  const slices = [...parts.values()].map((part) => part.slice()).filter((slice) => slice !== undefined);
  const all = [...parts.values()];
  const watchers = all.filter((part) => "toolCalled" in part);
  const closers = all.filter((part) => "conversationEnded" in part);
  const timed = all.filter((part) => "dueAtMs" in part && part.slice() !== undefined);
  const definition: AgentDefinition = { agentId, agent, tools, parts, slices, watchers, closers, timed, shared };
  DEFINITIONS.set(agent, definition);
  seal(agent, parts);
  return definition;
}

function idOfAgent(agent: ConversimpleAgent): string {
  const { agentId, name } = (Object.getPrototypeOf(agent) as ConversimpleAgent).constructor as typeof ConversimpleAgent;
  if (typeof agentId === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(agentId)) return agentId;
  throw new ConversimpleError("definition_invalid", `${name} has no usable agentId. Declare: static override readonly agentId = "shop"; with 1 to 64 letters, digits, ".", "_" or "-".`, { agent: name });
}

function addTool(agentId: string, tools: Map<string, ToolPart>, field: string, tool: ToolPart): void {
  checkName(agentId, field);
  tool.attach(field);
  if (tools.has(tool.name)) throw new ConversimpleError("definition_invalid", `Agent ${agentId} has two tools named "${tool.name}". Rename one field, or give one { name: "..." }.`, { agentId, tool: tool.name });
  tools.set(tool.name, tool);
}

function addPart(agentId: string, parts: Map<string, Part>, field: string, part: Part): void {
  checkName(agentId, field);
  const isState = part.kind === "conversation state";
  if (isState && field !== "state") throw new ConversimpleError("definition_invalid", `Agent ${agentId} declares its conversation state as "${field}". There is at most one, in the field "state".`, { agentId, field });
  part.attach(field);
  parts.set(field, part);
}

/** Whether a field is an empty container: it is there to be filled, and would be filled by all callers alike. */
function isToBeFilled(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return false;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map || value instanceof Set) return value.size === 0;
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}

function checkName(agentId: string, field: string): void {
  if (RESERVED.has(field) || field.startsWith("$")) {
    throw new ConversimpleError("definition_invalid", `"${field}" of agent ${agentId} is a name that the SDK uses itself. Rename the field.`, { agentId, field });
  }
}

/** AD2. Declared fields become accessors; undeclared ones meet a guard in the prototype chain. */
function seal(agent: ConversimpleAgent, parts: ReadonlyMap<string, Part>): void {
  for (const field of Object.keys(agent)) {
    const part = parts.get(field);
    const value = (agent as unknown as Record<string, unknown>)[field];
    Object.defineProperty(agent, field, {
      enumerable: true,
      configurable: false,
      get: part ? () => part.exposed() : () => value,
      set: () => {
        throw part ? replaced(agent, part) : sealed(agent, field, true);
      },
    });
  }
  // In front of the prototype, not in its place: `instanceof` goes on finding the class.
  const guard = new Proxy(Object.create(Object.getPrototypeOf(agent) as object) as object, {
    set(_target, key) {
      throw sealed(agent, String(key), false);
    },
  });
  Object.setPrototypeOf(agent, guard);
  Object.preventExtensions(agent);
}

/** Somebody who knows the right part already. */
function replaced(agent: ConversimpleAgent, { name, kind }: Part): ConversimpleError {
  const remedies: Readonly<Record<string, string>> = { "conversation state": `this.${name}.field = ... or this.updateState({ ... })`, ephemeral: `set this.${name}.value` };
  return new ConversimpleError("agent_sealed", `"${name}" was reassigned, which is the agent's ${kind}. Change what is in it: ${remedies[kind] ?? "by its own methods"}.`, { field: name, agent: agent.constructor.name });
}

function sealed(agent: ConversimpleAgent, field: string, isDeclared: boolean): ConversimpleError {
  const what = isDeclared ? `"${field}" was reassigned` : `"${field}" was written, which is not declared`;
  return new ConversimpleError(
    "agent_sealed",
    `${what}. One instance serves all conversations, so the value would be shared by strangers. What a conversation remembers is a part: a field of conversationState(...), or ephemeral(() => initial) for memory only.`,
    { field, agent: agent.constructor.name },
  );
}
