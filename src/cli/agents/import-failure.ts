// Why a module could not be run, with the place in it.
//
//   IF1. What a compiler or a bundler would have done for somebody is told as what to write instead.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { shown } from "./agent-files.ts";

/** The failure for what `import()` of a file threw. */
export function importFailure(file: string, thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return new Failure(`${shown(file)} threw ${printable(String(thrown))} when it was loaded.`, { cause: thrown });
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code === "ERR_MODULE_NOT_FOUND") {
    return new Failure(`${shown(file)} cannot be loaded: ${firstLine(thrown.message)}`, { cause: thrown, remedy: missingRemedy(thrown) });
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return new Failure(`${placeOf(thrown, file)}: ${firstLine(thrown.message)}`, { cause: thrown, remedy: 'Node runs TypeScript by removing the types: no enums, no parameter properties, no namespaces ("erasableSyntaxOnly" in tsconfig.json finds them).' });
  }
  const kind = thrown.name === "Error" ? "" : `${thrown.name}: `;
  const remedy = thrown instanceof SyntaxError ? syntaxRemedy(thrown.message, file) : undefined;
  return new Failure(`${placeOf(thrown, file)}: ${kind}${firstLine(thrown.message)}`, { cause: thrown, ...(remedy === undefined ? {} : { remedy }) });
}

/** IF1, for what is not there: a file is imported with its own ending. */
function missingRemedy(thrown: Error): string {
  const name = /^Cannot find package '([^']+)'/.exec(thrown.message)?.[1];
  if (name !== undefined && /^(?:@\/|[~#])/.test(name)) return 'Node does not know the "paths" of a tsconfig.json: import it by its relative path.';
  if (name !== undefined) return `Install it: npm install ${name}`;
  const path = wantedPath(thrown);
  const ending = path === undefined ? undefined : [".ts", ".mts", ".js", ".mjs"].find((each) => existsSync(path.replace(/\.[mc]?js$/, "") + each));
  return ending === undefined ? "Is it there, and is its name right, the ending too?" : `Node wants the ending of the file itself: write ${ending} in the import.`;
}

function wantedPath(thrown: Error): string | undefined {
  const { url } = thrown as { url?: unknown };
  return typeof url === "string" && url.startsWith("file:") ? fileURLToPath(url) : undefined;
}

/** IF1, for what is no JavaScript. */
function syntaxRemedy(message: string, file: string): string | undefined {
  if (/Cannot use import statement outside a module|Unexpected token 'export'/.test(message)) return 'The package.json above it does not say "type": "module". Say so: npm pkg set type=module';
  const missing = /does not provide an export named '([^']+)'/.exec(message)?.[1];
  if (missing !== undefined) return `If ${missing} is a type, import it as one: import { type ${missing} } ("verbatimModuleSyntax" in tsconfig.json finds them).`;
  if (/Invalid or unexpected token/.test(message) && hasDecorator(file)) return "Node does not run decorators. A tool is a field of the class: addToCart = tool(description, parameters, run)";
  return undefined;
}

function hasDecorator(file: string): boolean {
  try {
    return /^\s*@\w/m.test(readFileSync(file, "utf8").replaceAll(/\/\*[^]*?\*\//g, ""));
  } catch {
    return false;
  }
}

/** `agent.ts:12:5` from the first line of the stack that lies in a file of the user's, else the file. */
export function placeOf(thrown: Error, file: string): string {
  return placesOf(thrown)[0] ?? shown(file);
}

/** Where something was thrown: the places in files that are not a package's, innermost first. */
export function placesOf(thrown: Error): string[] {
  const places: string[] = [];
  for (const [, path = "", line = "", column] of (thrown.stack ?? "").matchAll(/(?:file:\/\/)?((?:\/|[A-Za-z]:[\\/])[^\s():]+\.[mc]?[jt]s):(\d+)(?::(\d+))?/g)) {
    if (path.includes("/node_modules/") || path.startsWith(OWN_FOLDER)) continue;
    places.push(`${shown(decodeURI(path))}:${line}${column ? `:${column}` : ""}`);
  }
  return places;
}

/** The folder that this package runs from. */
const OWN_FOLDER = new URL("../..", import.meta.url).pathname;

function firstLine(text: string): string {
  return text.trim().split("\n")[0]!.trim();
}
