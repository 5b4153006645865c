// What a handler left behind and what fails later: promises that it did not await, timers and callbacks.  (P3)
//
// Owns the process's listeners for unhandled rejections and uncaught exceptions. Node calls them in the asynchronous
// context in which the promise or the timer was made, so the unit of work that it belongs to is the one that runs there.
//
//   LR1. What fails in a unit's context is reported to its agent; the process, and all other calls, go on.
//   LR2. Anything else does what it does without us: it is another listener's, or it ends the process.
//   LR3. The listeners are there as long as a host is.

import { current } from "../agent/running.ts";
import { UnitRun } from "./unit-run.ts";

let hosts = 0;

/** Listens until the function that it returns is called; that one is without effect when it is called again. */
export function watchRejections(): () => void {
  if (hosts++ === 0) process.on("unhandledRejection", attribute).on("uncaughtException", attributeThrown);
  let isWatching = true;
  return () => {
    if (!isWatching) return;
    isWatching = false;
    if (--hosts === 0) stopListening();
  };
}

function attribute(reason: unknown): void {
  const run = current();
  if (run instanceof UnitRun) run.reportLate(reason);
  // Thrown from here it is an uncaught exception, as it would be if nobody listened (LR2).
  else if (process.listenerCount("unhandledRejection") === 1) throw asError(reason);
}

function attributeThrown(thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const run = current();
  if (run instanceof UnitRun && origin === "uncaughtException") return run.reportLate(thrown);
  if (process.listenerCount("uncaughtException") > 1) return;
  // As it would be if nobody listened: with its trace, and the exit code 1 (LR2).
  stopListening();
  setImmediate(() => {
    throw thrown;
  });
}

function stopListening(): void {
  process.off("unhandledRejection", attribute).off("uncaughtException", attributeThrown);
}

function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return Object.assign(new Error("A promise was rejected with something that is not an error, and nobody handled it.", { cause: reason }), { code: "ERR_UNHANDLED_REJECTION" });
}
