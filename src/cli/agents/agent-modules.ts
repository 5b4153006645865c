// From files to agents: runs the modules and takes what is an agent out of them.
//
//   AM1. A module exports agent classes that need no constructor arguments, or instances; nothing else of it is touched.
//   AM2. A message about a module names its file.
//   AM3. A class of which any of the modules exports an instance is what that instance is made of, not another agent.

import { pathToFileURL } from "node:url";

import { ConversimpleAgent } from "../../agent/agent.ts";
import { defineAgent } from "../../agent/definition.ts";
import { ConversimpleError } from "../../base/errors.ts";
import { Failure } from "../failure.ts";
import { LOOKED_FOR, shown } from "./agent-files.ts";
import { importFailure } from "./import-failure.ts";

/** An agent and where it comes from. */
export interface LoadedAgent {
  readonly id: string;
  readonly agent: ConversimpleAgent;
  readonly file: string;
  /** How the file exports it: "default" is a name, too. */
  readonly exported: { readonly name: string; readonly isInstance: boolean };
  /** Names on the wire. */
  readonly tools: readonly string[];
}

/**
 * The agents of some files.
 *
 * @param prepare is given each agent before it is sealed.
 * @throws {Failure} A module cannot be run, exports no agent, or two agents have one id.
 */
export async function loadAgents(files: readonly string[], prepare: (agent: ConversimpleAgent) => void = () => {}): Promise<LoadedAgent[]> {
  const modules: Exported[] = [];
  for (const file of files) modules.push(await exportedBy(file));
  const represented = new Set<unknown>(modules.flatMap(({ instances }) => [...instances.keys()].map((agent) => agent.constructor)));
  const loaded: LoadedAgent[] = [];
  for (const { file, instances, classes } of modules) {
    const made = [...classes].filter(([agentClass]) => !represented.has(agentClass)).map(([agentClass, name]) => [instanceOf(agentClass, name, file), { name, isInstance: false }] as const);
    const given = [...instances].map(([agent, name]) => [agent, { name, isInstance: true }] as const);
    for (const [agent, exported] of [...given, ...made]) {
      if (Object.isExtensible(agent)) prepare(agent);
      const next = described(agent, file, exported);
      const twin = loaded.find(({ id }) => id === next.id);
      if (twin && twin.agent === agent) continue;
      if (twin) throw new Failure(`Two agents have the id "${next.id}": in ${shown(twin.file)} and in ${shown(file)}.`, { remedy: "Change one agentId." });
      loaded.push(next);
    }
  }
  if (loaded.length > 0) return loaded;
  throw new Failure(`No agent is exported by ${files.map(shown).join(", ")}.`, { remedy: `Export a class that extends ConversimpleAgent, or an instance of one. Looked for ${LOOKED_FOR}.` });
}

/** What one module exports. */
interface Exported {
  readonly file: string;
  readonly instances: ReadonlyMap<ConversimpleAgent, string>;
  /** With the name under which each is exported. */
  readonly classes: ReadonlyMap<AgentClass, string>;
}

async function exportedBy(file: string): Promise<Exported> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    throw importFailure(file, thrown);
  }
  const instances = new Map<ConversimpleAgent, string>();
  const classes = new Map<AgentClass, string>();
  for (const [name, value] of Object.entries(module)) {
    if (value instanceof ConversimpleAgent) {
      if (!instances.has(value)) instances.set(value, name);
    } else if (isAgentClass(value)) {
      if (!classes.has(value)) classes.set(value, name);
    } else if (isForeign(value)) throw twoCopies(file);
  }
  return { file, instances, classes };
}

type AgentClass = (new () => ConversimpleAgent) & { readonly length: number };

/** A class of one's own; `export { ConversimpleAgent }` is none. */
function isAgentClass(value: unknown): value is AgentClass {
  return typeof value === "function" && value !== ConversimpleAgent && value.prototype instanceof ConversimpleAgent;
}

function instanceOf(made: AgentClass, name: string, file: string): ConversimpleAgent {
  const field = name === "default" ? "agent" : `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const remedy = `Export an instance instead: export const ${field} = new ${made.name}(...); or name the file that exports one: conversimple dev ./agents/index.ts`;
  if (made.length > 0) throw new Failure(`${made.name} in ${shown(file)} needs constructor arguments, which nobody here knows.`, { remedy });
  try {
    return new made();
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const isForLackOfArguments = !(thrown instanceof ConversimpleError) && inheritsArguments(made);
    throw new Failure(`${made.name} in ${shown(file)} cannot be constructed: ${text}`, { cause: thrown, ...(isForLackOfArguments ? { remedy: `If it needs arguments: ${remedy}` } : {}) });
  }
}

/** Whether a class that it extends takes arguments: then its own constructor may be that one. */
function inheritsArguments(made: Pick<AgentClass, "length">): boolean {
  const parent = Object.getPrototypeOf(made) as { readonly length: number };
  return parent !== ConversimpleAgent && (parent.length > 0 || inheritsArguments(parent));
}

function described(agent: ConversimpleAgent, file: string, exported: LoadedAgent["exported"]): LoadedAgent {
  try {
    const { agentId, tools } = defineAgent(agent);
    return { id: agentId, agent, file, exported, tools: [...tools.keys()] };
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Failure(`${shown(file)}: ${text}`, { cause: thrown });
  }
}

/** An agent of another copy of this package: its class has our name, but is not ours. */
function isForeign(value: unknown): boolean {
  let made: unknown = typeof value === "function" ? value : (value as object | null)?.constructor;
  for (; typeof made === "function"; made = Object.getPrototypeOf(made)) {
    if (made.name === "ConversimpleAgent" && made !== ConversimpleAgent) return true;
  }
  return false;
}

function twoCopies(file: string): Failure {
  return new Failure(`${shown(file)} imports another copy of conversimple than this command runs from.`, {
    remedy: "Run the project's own command, from its folder: npx conversimple",
  });
}
