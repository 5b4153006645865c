// Whether a process of this machine is gone, so that nobody waits for the lease of the dead. (P15)

import { hostname } from "node:os";
import { processStat } from "../../base/process-stat.ts";

/** A process as its lease names it. */
export interface Suspect {
  readonly pid: number;
  readonly host: string;
  readonly startedAtMs: number;
}

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
  const actual = processStat(pid);
  if (!actual) return false;
  return actual.isExiting || (startedAtMs > 0 && actual.startMs !== startedAtMs);
}
