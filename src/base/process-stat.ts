// What the system says of a process of this machine.
//
//   PS1. A start is counted from the start of the machine: whoever sets the clock makes no process look like another.

import { readFileSync } from "node:fs";

/** `/proc` counts in ticks of 10 ms. */
const TICK_MS = 10;

/** A process that the kernel is taking down: in `flags` of `/proc/<pid>/stat`, see linux/sched.h. */
const PF_EXITING = 4;

export interface ProcessStat {
  readonly isExiting: boolean;
  /** Milliseconds from the start of the machine to that of the process (PS1). */
  readonly startMs: number;
}

/** What `/proc` says of a process; undefined where the system does not tell. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    // The name in field 2 may hold spaces and parentheses; what follows the last one begins with field 3. Field 9 is
    // the flags, 22 the start.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const startMs = Number(fields[19]) * TICK_MS;
    return Number.isFinite(startMs) ? { isExiting: (Number(fields[6]) & PF_EXITING) !== 0, startMs } : undefined;
  } catch {
    return undefined;
  }
}
