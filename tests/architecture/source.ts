// The repository's own files, read and parsed for the architecture rules.
//
// Owns what a rule may see of a file. A rule takes files and returns its breaches as sentences, so that it can be
// shown files which were never written.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync, visitorKeys } from "oxc-parser";
import type { Comment, Node, Program } from "oxc-parser";

/** The repository's folder, with a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A parsed file. `path` is relative to the repository, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
}

/** A rule: the breaches that it found, each a sentence that begins with `path:line`. */
export type Rule = (sources: readonly Source[]) => string[];

/** Parses one file; a syntax error is an error here too. */
export function parse(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]!.message}`);
  return { path, text, program, comments };
}

/** Every TypeScript file under a folder of the repository, sorted by path; empty when there is no such folder. */
export function readSources(folder: string, ending = ".ts"): Source[] {
  return listFiles(folder)
    .filter((path) => path.endsWith(ending))
    .map((path) => parse(path, readFileSync(root + path, "utf8")));
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(root + folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length).replaceAll("\\", "/"))
    .sort();
}

/** The paths that git tracks or would track, and that are there. */
export function trackedPaths(): string[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  return list.split("\0").filter((path) => path !== "" && existsSync(root + path));
}

/** Calls `visit` for a node and everything below it, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  const record = node as unknown as Readonly<Record<string, unknown>>;
  for (const key of visitorKeys[node.type] ?? []) {
    const child = record[key];
    for (const each of Array.isArray(child) ? child : [child]) if (each) walk(each as Node, visit);
  }
}

/** The 1-based line of an offset. */
export function lineAt(source: Source, offset: number): number {
  let line = 1;
  for (let at = source.text.indexOf("\n"); at !== -1 && at < offset; at = source.text.indexOf("\n", at + 1)) line++;
  return line;
}

/** `path:line` of a node, the beginning of every breach. */
export function place(source: Source, node: { readonly start: number }): string {
  return `${source.path}:${lineAt(source, node.start)}`;
}
