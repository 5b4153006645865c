// Why a module could not be run, with the place in it.

import { Failure } from "../failure.ts";
import { printable } from "../terminal.ts";
import { shown } from "./agent-files.ts";

/** The failure for what `import()` of a file threw. */
export function importFailure(file: string, thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return new Failure(`${shown(file)} threw ${printable(String(thrown))} when it was loaded.`, { cause: thrown });
  const code = (thrown as NodeJS.ErrnoException).code;
  if (code === "ERR_MODULE_NOT_FOUND") {
    return new Failure(`${shown(file)} cannot be loaded: ${firstLine(thrown.message)}`, { cause: thrown, remedy: "Is it installed, and is the file's ending written out in the import?" });
  }
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
    return new Failure(`${placeOf(thrown, file)}: ${firstLine(thrown.message)}`, { cause: thrown, remedy: 'Node runs TypeScript by removing the types: no enums, no parameter properties, no namespaces ("erasableSyntaxOnly" in tsconfig.json finds them).' });
  }
  const kind = thrown.name === "Error" ? "" : `${thrown.name}: `;
  return new Failure(`${placeOf(thrown, file)}: ${kind}${firstLine(thrown.message)}`, { cause: thrown });
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
