// A recorded call as a test file that passes as it is.
//
//   ST1. What is expected comes from a run of the call under the test's own conditions, so that the test passes; where that
//        differs from the recording, a remark says so.
//   ST2. No secret is in it. What is personal is a placeholder, unless the call does not go as it went then.   (P21)

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

import type { Recorded } from "../../agent/recorded.ts";
import { ConversimpleError } from "../../base/errors.ts";
import { Mask } from "../../base/mask.ts";
import type { AgentHost } from "../../host/agent-host.ts";
import { actsOf, type Act } from "../../host/replay/acts.ts";
import { readCall, type RecordedCall } from "../../host/replay/recorded-call.ts";
import { rehearse, type Rehearsed } from "../../host/replay/rehearse.ts";
import type { SavedTest } from "../api.ts";
import { differences } from "../../host/replay/compare.ts";
import { differencesOf } from "../host-desk-replay.ts";
import { Disguise } from "./disguise.ts";
import { testText, type AgentImport } from "./test-text.ts";

/** Where an agent's class or instance is exported. */
export interface AgentSource {
  /** Absolute. */
  readonly file: string;
  /** "default" for that one. */
  readonly name: string;
  readonly isInstance: boolean;
}

export interface SaveOptions {
  readonly host: AgentHost;
  readonly conversationId: string;
  readonly source: AgentSource | undefined;
  /** The working directory. */
  readonly folder: string;
  readonly isSaved: boolean;
}

/** Where tests are written, below the working directory. */
const FOLDER = join("tests", "calls");

/** Makes the test, and writes it where that is asked for. @throws {ConversimpleError} as {@link readCall}. */
export async function savedTest({ host, conversationId, source, folder, isSaved }: SaveOptions): Promise<SavedTest> {
  const call = await readCall(host.store, host.definitions, conversationId);
  const { acts, remarks } = actsOf(call);
  const { played, recorded, disguise, remarks: more } = await conditions(call, acts, host);
  const fileName = freeName(folder, call);
  const known = source && importOf(source, join(folder, FOLDER));
  const agent = known ?? { path: "../../agent.ts", name: "Agent", isInstance: false };
  const text = testText({ call: disguise ? { ...call, caller: disguise.of(call.caller), ...(call.seed ? { seed: disguise.of(call.seed) } : {}) } : call, played, recorded, agent, runner: runnerOf(folder) });
  const isShown = disguise?.isShownIn(text) === true;
  const all = [...call.remarks, ...remarks, ...more, ...(isShown ? ["Some personal values are written as they were: the agent's code makes them itself."] : []), ...(known ? [] : ["The agent's file is not known: set the import."])];
  return { fileName, text, ...(isSaved ? { savedAs: written(folder, fileName, text) } : {}), remarks: all };
}

/** The run whose outcome is expected (ST1, ST2). */
async function conditions(call: RecordedCall, acts: readonly Act[], host: AgentHost): Promise<{ played: readonly Rehearsed[]; recorded: Recorded; disguise?: Disguise; remarks: readonly string[] }> {
  const { hash } = host.settings;
  const clear = await rehearse(call, acts, { hash });
  const remarks = clear.flatMap((each) => {
    const places = differencesOf(call, each);
    const isSame = places.length === 0 || each.act.deed.kind === "skip";
    return isSame ? [] : [`At version ${each.act.step.version} (${each.act.step.entry.name}) the agent's code gives something else than was recorded: ${places.join(", ")}. The test expects what it gives now.`];
  });
  const disguise = new Disguise(call.agent);
  disguise.learn(acts, call);
  const kept = disguise.kept > 0 ? ["Personal values that are no texts, or shorter than three characters, are written as they were."] : [];
  if (disguise.count === 0) return { played: clear, recorded: call.recorded, remarks: [...remarks, ...kept] };
  const recorded = disguise.outcomes(call.recorded);
  const disguised: RecordedCall = { ...call, caller: disguise.of(call.caller), ...(call.seed ? { seed: disguise.of(call.seed) } : {}), recorded };
  const played = await rehearse(disguised, acts.map(({ step, deed }) => ({ step, deed: disguise.deed(deed) })), { hash, recorded });
  if (!clear.every((each, index) => isAlike(call, disguise, each, played[index]!))) {
    return { played: clear, recorded: call.recorded, remarks: [...remarks, "Personal values are written as they were: with placeholders the call does not go as it went."] };
  }
  return { played, recorded, disguise, remarks: [...remarks, ...kept] };
}

/** Whether a run with placeholders went the same way: outcomes, and what is not personal of the state. */
function isAlike({ agent }: RecordedCall, disguise: Disguise, clear: Rehearsed, other: Rehearsed): boolean {
  if (clear.outcome !== other.outcome || clear.code !== other.code) return false;
  return agent.slices.every(({ name, masks = [] }) => {
    const mask = Mask.of(masks);
    return differences(name, disguise.within(mask.shown(clear.settled[name])), disguise.within(mask.shown(other.settled[name])), 0).length === 0;
  });
}

function importOf({ file, name, isInstance }: AgentSource, from: string): AgentImport {
  const path = relative(from, file).replaceAll(sep, "/");
  return { path: path.startsWith(".") ? path : `./${path}`, name, isInstance };
}

/** Vitest where the project has it. */
function runnerOf(folder: string): "vitest" | "node:test" {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
    return dependencies?.vitest !== undefined || devDependencies?.vitest !== undefined ? "vitest" : "node:test";
  } catch {
    return "node:test";
  }
}

/** A name that no file has. */
function freeName(folder: string, { agent: { agentId }, conversationId }: RecordedCall): string {
  // The page's ids begin with the agent's; it is not said twice.
  const own = conversationId.startsWith(`${agentId}-`) ? conversationId.slice(agentId.length + 1) : conversationId;
  const short = own.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 12) || "call";
  for (let number = 1; ; number++) {
    const name = `${agentId}-${short}${number === 1 ? "" : `-${number}`}.test.ts`;
    if (!existsSync(join(folder, FOLDER, name))) return name;
  }
}

/** @throws {ConversimpleError} `option_invalid`: it cannot be written there. */
function written(folder: string, fileName: string, text: string): string {
  const path = join(FOLDER, fileName);
  try {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: "wx" });
  } catch (thrown) {
    throw new ConversimpleError("option_invalid", `The test cannot be written to ${path}: ${(thrown as NodeJS.ErrnoException).code ?? "unknown"}.`, { path }, { cause: thrown });
  }
  return path.replaceAll(sep, "/");
}
