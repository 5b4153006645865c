// Builds the package once before the tests: those that start real processes run what a user would run.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export default function setup(): void {
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: "inherit" });
}
