// Whether a process of this machine is gone, so that nobody waits for the lease of the dead. (P15)

import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** A process as its lease names it. */
export interface Suspect {
  readonly pid: number;
  readonly host: string;
  readonly startedAtMs: number;
}

/** `/proc` tells start times in ticks of 10 ms since a boot time in whole seconds; the rest is rounding. */
const START_TOLERANCE_MS = 3_000;
const TICK_MS = 10;

/** True only when it is certain: of another machine nothing is known, and a lease has to run out. */
export function isGone({ pid, host, startedAtMs }: Suspect): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH";
  }
  const actualMs = startOf(pid);
  return startedAtMs > 0 && actualMs !== undefined && Math.abs(actualMs - startedAtMs) > START_TOLERANCE_MS;
}

/** When the process with this pid started, milliseconds since 1970; undefined where the system does not tell. */
function startOf(pid: number): number | undefined {
  try {
    // The name in field 2 may hold spaces and parentheses; field 22 is the start, counted after the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const startMs = bootSeconds * 1_000 + ticks * TICK_MS;
    return Number.isFinite(startMs) ? startMs : undefined;
  } catch {
    return undefined;
  }
}
