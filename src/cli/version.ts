// Which Node this needs.

import { Failure } from "./failure.ts";

/** The oldest Node that runs TypeScript files and has node:sqlite without a flag. */
const OLDEST_NODE = [22, 18] as const;

/** @throws {Failure} when this Node is too old. */
export function checkNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Failure(`Node ${OLDEST_NODE.join(".")} or newer is needed; this is Node ${version}.`, {
    remedy: "Install a newer Node from https://nodejs.org, or in the project: npm install --save-dev --save-exact node@24",
  });
}
