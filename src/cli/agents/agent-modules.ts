// From files to agents: runs the modules and takes what is an agent out of them.
//
//   AM1. A module exports agent classes that need no constructor arguments, or instances; nothing else of it is touched.
//   AM2. A message about a module names its file.

import { pathToFileURL } from "node:url";

import { ConversimpleAgent } from "../../agent/agent.ts";
import { defineAgent } from "../../agent/definition.ts";
import { Failure } from "../failure.ts";
import { LOOKED_FOR, shown } from "./agent-files.ts";
import { importFailure } from "./import-failure.ts";

/** An agent and where it comes from. */
export interface LoadedAgent {
  readonly id: string;
  readonly agent: ConversimpleAgent;
  readonly file: string;
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
  const loaded: LoadedAgent[] = [];
  for (const file of files) {
    const agents = await agentsOf(file, prepare);
    for (const agent of agents) {
      const twin = loaded.find(({ id }) => id === agent.id);
      if (twin && twin.agent === agent.agent) continue;
      if (twin) throw new Failure(`Two agents have the id "${agent.id}": in ${shown(twin.file)} and in ${shown(agent.file)}.`, { remedy: "Change one agentId." });
      loaded.push(agent);
    }
  }
  if (loaded.length > 0) return loaded;
  throw new Failure(`No agent is exported by ${files.map(shown).join(", ")}.`, { remedy: `Export a class that extends ConversimpleAgent, or an instance of one. Looked for ${LOOKED_FOR}.` });
}

async function agentsOf(file: string, prepare: (agent: ConversimpleAgent) => void): Promise<LoadedAgent[]> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    throw importFailure(file, thrown);
  }
  const agents = new Set<ConversimpleAgent>();
  const classes = new Set<unknown>();
  for (const [name, value] of Object.entries(module)) {
    if (value instanceof ConversimpleAgent) agents.add(value);
    else if (isAgentClass(value) && !classes.has(value)) {
      classes.add(value);
      agents.add(instanceOf(value, name, file));
    } else if (isForeign(value)) throw twoCopies(file);
  }
  return [...agents].map((agent) => {
    if (Object.isExtensible(agent)) prepare(agent);
    return described(agent, file);
  });
}

type AgentClass = (new () => ConversimpleAgent) & { readonly length: number };

/** A class of one's own; `export { ConversimpleAgent }` is none. */
function isAgentClass(value: unknown): value is AgentClass {
  return typeof value === "function" && value !== ConversimpleAgent && value.prototype instanceof ConversimpleAgent;
}

function instanceOf(made: AgentClass, name: string, file: string): ConversimpleAgent {
  const remedy = `Export an instance instead: export const ${name === "default" ? "agent" : `${name.charAt(0).toLowerCase()}${name.slice(1)}`} = new ${made.name}(...)`;
  if (made.length > 0) throw new Failure(`${made.name} in ${shown(file)} needs constructor arguments, which nobody here knows.`, { remedy });
  try {
    return new made();
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Failure(`${made.name} in ${shown(file)} cannot be constructed: ${text}`, { cause: thrown, remedy: `If it needs arguments: ${remedy}` });
  }
}

function described(agent: ConversimpleAgent, file: string): LoadedAgent {
  try {
    const { agentId, tools } = defineAgent(agent);
    return { id: agentId, agent, file, tools: [...tools.keys()] };
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
