// `.conversimple/running.json`: where the running `dev` of this folder can be reached.
//
//   RF1. No key is in it. It is made for its owner alone, and removed when `dev` ends.
//   RF2. A file whose process is gone (kill -9) counts as none.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Below the working directory. */
const RUNNING_PATH = ".conversimple/running.json";

/** The `dev` that runs in this folder. */
export interface Running {
  readonly pid: number;
  readonly url: string;
  /** Address of its store, absolute. */
  readonly store: string;
}

export function writeRunning(running: Running): void {
  mkdirSync(dirname(RUNNING_PATH), { recursive: true, mode: 0o700 });
  const draft = `${RUNNING_PATH}.${running.pid}`;
  writeFileSync(draft, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, RUNNING_PATH);
}

/** Removes the file if it is this process's. */
export function removeRunning(): void {
  if (readRunning()?.pid === process.pid) rmSync(RUNNING_PATH, { force: true });
}

/** RF2. */
export function readRunning(): Running | undefined {
  try {
    const { pid, url, store } = JSON.parse(readFileSync(RUNNING_PATH, "utf8")) as Partial<Running>;
    if (typeof pid !== "number" || typeof url !== "string" || typeof store !== "string") return undefined;
    return isAlive(pid) ? { pid, url, store } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
