// Which Node this needs: what `engines` of package.json says, for those who started it all the same.

import { Failure } from "./failure.ts";

/**
 * From 22.18 on TypeScript files run, and node:sqlite is there, without a flag. The releases of 23 are no longer mended, and the
 * first of them do neither.
 */
const OLDEST_MINOR_OF_22 = 18;

/** @throws {Failure} when this Node cannot run agents. */
export function checkNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major >= 24 || (major === 22 && minor >= OLDEST_MINOR_OF_22)) return;
  throw new Failure(`Node 22.${OLDEST_MINOR_OF_22} or a newer 22, or Node 24 or newer is needed; this is Node ${version}.`, {
    remedy: "Install a newer Node from https://nodejs.org, or in the project: npm install --save-dev --save-exact node@24",
  });
}
