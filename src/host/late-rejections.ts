// Promises that a handler left un-awaited and that reject later.                                     (P3)
//
// Owns the process's listener for unhandled rejections. Node calls it in the asynchronous context in which the promise
// was made, so the unit of work that it belongs to is the one that runs there.
//
//   LR1. A rejection of a unit is reported to its agent; the process goes on.
//   LR2. Any other rejection does what it does without us: it is another listener's, or it ends the process.
//   LR3. The listener is there as long as a host is.

import { current } from "../agent/running.ts";
import { UnitRun } from "./unit-run.ts";

let hosts = 0;

/** Listens until the function that it returns is called; that one is without effect when it is called again. */
export function watchRejections(): () => void {
  if (hosts++ === 0) process.on("unhandledRejection", attribute);
  let isWatching = true;
  return () => {
    if (!isWatching) return;
    isWatching = false;
    if (--hosts === 0) process.off("unhandledRejection", attribute);
  };
}

function attribute(reason: unknown): void {
  const run = current();
  if (run instanceof UnitRun) run.reportLate(reason);
  // Thrown from here it is an uncaught exception, as it would be if nobody listened (LR2).
  else if (process.listenerCount("unhandledRejection") === 1) throw asError(reason);
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return Object.assign(new Error("A promise was rejected with something that is not an error, and nobody handled it.", { cause: reason }), { code: "ERR_UNHANDLED_REJECTION" });
}
