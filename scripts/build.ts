// Builds `dist/`: compiles to a folder beside it, adds the inspector's page, and swaps, so that a running process never sees half a build.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { buildConsole } from "./console.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const fresh = `${root}dist.${process.pid}`;
const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const result = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", fresh], { cwd: root, stdio: "inherit" });
if (result.status !== 0) {
  rmSync(fresh, { recursive: true, force: true });
  process.exit(result.status ?? 1);
}
try {
  await buildConsole(`${fresh}/console`);
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  throw error;
}
const main = `${fresh}/cli/main.js`;
if (existsSync(main)) chmodSync(main, 0o755);
const old = `${root}dist.${process.pid}.old`;
if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old);
renameSync(fresh, `${root}dist`);
rmSync(old, { recursive: true, force: true });
