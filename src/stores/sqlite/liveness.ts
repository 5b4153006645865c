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

/** A process that the kernel is taking down: in `flags` of `/proc/<pid>/stat`, see linux/sched.h. */
const PF_EXITING = 4;

/**
 * True only when it is certain: of another machine nothing is known, and a lease has to run out. A process that was
 * killed is gone before its parent has noticed: it runs no more code, and its parent may never look.
 */
export function isGone({ pid, host, startedAtMs }: Suspect): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH";
  }
  const actual = statOf(pid);
  if (!actual) return false;
  return actual.isExiting || (startedAtMs > 0 && Math.abs(actual.startMs - startedAtMs) > START_TOLERANCE_MS);
}

/** What `/proc` says of a process; undefined where the system does not tell. */
function statOf(pid: number): { isExiting: boolean; startMs: number } | undefined {
  try {
    // The name in field 2 may hold spaces and parentheses; what follows the last one begins with field 3. Field 9 is
    // the flags, 22 the start.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    const startMs = bootSeconds * 1_000 + Number(fields[19]) * TICK_MS;
    return Number.isFinite(startMs) ? { isExiting: (Number(fields[6]) & PF_EXITING) !== 0, startMs } : undefined;
  } catch {
    return undefined;
  }
}
