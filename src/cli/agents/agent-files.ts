// Which files hold agents.
//
// Owns the rules by which a path on the command line becomes files that are run. What is not run is said.
//
//   AF1. A folder is read by name and not recursively: agent.*, agents.*, index.*, *.agent.*, *-agent.*
//   AF2. Nothing is run that another user of the machine could have written, that a link brings in from outside of
//        its folder, or whose name begins with a dot.                                               (attack 23)

import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

import { Failure } from "../failure.ts";

/** What was looked for, for messages. */
export const LOOKED_FOR = "agent.*, agents.*, index.*, *.agent.* or *-agent.* (.ts, .mts, .js, .mjs)";

const ENDING = /\.(ts|mts|js|mjs)$/;
const NAME = /^((agents?|index)|.+[.-]agent)\.(ts|mts|js|mjs)$/;

export interface AgentFiles {
  /** Absolute, without links, each once. */
  readonly files: readonly string[];
  /** What was left out, one sentence each. */
  readonly refused: readonly string[];
}

/** Whether a file of this name would be taken from a folder (AF1). */
export function isAgentFileName(name: string): boolean {
  return NAME.test(name) && !/\.(d|test)\.m?ts$|\.test\.m?js$/.test(name);
}

/**
 * The agent files at some paths.
 *
 * @throws {Failure} A path does not exist, was refused (AF2), or holds no agent file.
 */
export function findAgentFiles(paths: readonly string[]): AgentFiles {
  const files = new Set<string>();
  const refused: string[] = [];
  for (const path of paths) {
    const found = isFolder(path) ? inFolder(path) : { files: [explicitFile(path)], refused: [] };
    for (const file of found.files) files.add(file);
    refused.push(...found.refused);
  }
  return { files: [...files], refused };
}

function isFolder(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new Failure(`${path} does not exist.`, { remedy: "Name the file or the folder of your agents, for example: conversimple dev ./agents" });
  return stat.isDirectory();
}

function inFolder(path: string): AgentFiles {
  const folder = realpathSync(path);
  if (isOpenToAll(folder)) throw new Failure(`${shown(folder)} was not loaded: everybody on this machine may write into it.`, { remedy: `chmod o-w ${shown(folder)}` });
  const files: string[] = [];
  const refused: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!isAgentFileName(name)) continue;
    const file = join(folder, name);
    const reason = reasonAgainst(file, folder);
    if (reason === undefined) files.push(realpathSync(file));
    else if (reason !== NOT_A_FILE) refused.push(`${shown(file)} was not loaded: ${reason}.`);
  }
  if (files.length > 0) return { files, refused };
  const why = refused.length > 0 ? ` ${refused.join(" ")}` : "";
  throw new Failure(`There is no agent in ${shown(folder)}.${why}`, { remedy: `Looked for ${LOOKED_FOR}. Another name works when the file itself is given.` });
}

function explicitFile(path: string): string {
  const file = resolve(path);
  const folder = realpathSync(dirname(file));
  if (isOpenToAll(folder)) throw new Failure(`${path} was not loaded: everybody on this machine may write into its folder.`, { remedy: `Move it, or: chmod o-w ${shown(folder)}` });
  const reason = reasonAgainst(join(folder, basename(file)), folder);
  if (reason !== undefined) throw new Failure(`${path} was not loaded: ${reason}.`);
  if (!ENDING.test(file)) throw new Failure(`${path} was not loaded: it is no .ts, .mts, .js or .mjs file.`);
  return realpathSync(file);
}

const NOT_A_FILE = "it is not a file";

/** AF2, for one file of a folder. */
function reasonAgainst(file: string, folder: string): string | undefined {
  if (basename(file).startsWith(".")) return "its name begins with a dot";
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return "it is a link to nothing";
  const target = realpathSync(file);
  if (!target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return "it is a link that leaves its folder";
  if (basename(target).startsWith(".")) return "it is a link to a file whose name begins with a dot";
  if (!stat.isFile()) return NOT_A_FILE;
  if (isOpenToAll(target)) return `everybody on this machine may write it (chmod o-w ${shown(target)})`;
  return undefined;
}

function isOpenToAll(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & 0o002) !== 0;
}

/** The path as a person would write it from here. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path);
  if (near === "") return ".";
  return near.startsWith("..") ? path : near;
}
