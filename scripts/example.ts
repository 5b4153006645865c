// Runs one example: `npm run example -- <name>`.
//
// An example checks itself: it exits 0 when every state was as it must be. It runs in a folder of its own, empty at
// first and gone afterwards, which is its working directory and `CONVERSIMPLE_EXAMPLE_DIR`.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const examples = fileURLToPath(new URL("../examples/", import.meta.url));
const check = (name: string) => `${examples}${name}/check.ts`;
const names = readdirSync(examples).filter((name) => existsSync(check(name))).sort();
const [name, ...rest] = process.argv.slice(2);

if (name === "--list") {
  console.log(names.join("\n"));
} else if (name === undefined || !names.includes(name)) {
  if (name !== undefined) console.error(`There is no example "${name}".`);
  console.error(`npm run example -- <name>, where <name> is one of: ${names.join(", ")}`);
  process.exitCode = 2;
} else {
  process.exitCode = await run(name, rest);
}

/** The exit code of an example; 1 when a signal ended it. */
function run(name: string, rest: readonly string[]): Promise<number> {
  const folder = mkdtempSync(`${tmpdir()}/conversimple-${name}-`);
  const environment = { ...process.env, CONVERSIMPLE_EXAMPLE_DIR: folder };
  const child = spawn(process.execPath, [check(name), ...rest], { cwd: folder, env: environment, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    const finish = (code: number) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(code);
    };
    child.once("exit", (code) => finish(code ?? 1));
    child.once("error", (error) => {
      console.error(`The example "${name}" could not be started: ${error.message}`);
      finish(1);
    });
  });
}
