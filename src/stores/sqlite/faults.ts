// Faults on order, for the test kit: what happens at which step of which group.
//
// Nothing in the package sets them; `openSqlite(path, { faults })` is not exported by the stores' index.
//
//   F1. Groups are counted from 1 in the life of one worker; a worker that was started again has no faults.

import type { DatabaseSync } from "node:sqlite";

/** Where a group of commits can be interrupted, in order; `checkpoint` lies between groups. */
export type Step = "before-begin" | "after-begin" | "after-operation" | "before-commit" | "after-commit" | "before-reply" | "checkpoint";

export interface Fault {
  readonly step: Step;
  /** The n-th group; every one unless given. */
  readonly group?: number;
  /** For `after-operation`: after the n-th of the group; every one unless given. */
  readonly operation?: number;
  /** `kill`: SIGKILL to the process. `exit`: the worker alone ends. `sleep`: a slow disk. `fail`: SQLite says `errcode`. */
  readonly action: { kind: "kill" } | { kind: "exit" } | { kind: "sleep"; ms: number } | { kind: "fail"; errcode: number };
}

/** The step points of one worker. */
export class FaultPlan {
  readonly #faults: readonly Fault[];
  #group = 0;
  #operation = 0;

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  at(step: Step): void {
    if (this.#faults.length === 0) return;
    this.#count(step);
    for (const fault of this.#faults) if (this.#hits(fault, step)) act(fault.action);
  }

  #count(step: Step): void {
    if (step === "before-begin") {
      this.#group += 1;
      this.#operation = 0;
    }
    if (step === "after-operation") this.#operation += 1;
  }

  #hits(fault: Fault, step: Step): boolean {
    if (fault.step !== step) return false;
    if (fault.group !== undefined && fault.group !== this.#group) return false;
    return step !== "after-operation" || fault.operation === undefined || fault.operation === this.#operation;
  }
}

function act(action: Fault["action"]): void {
  if (action.kind === "kill") process.kill(process.pid, "SIGKILL");
  // In a worker this ends the thread, which is the fault.
  // oxlint-disable-next-line unicorn/no-process-exit -- see above
  else if (action.kind === "exit") process.exit(1);
  else if (action.kind === "sleep") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action.ms);
  else throw Object.assign(new Error("a fault on order"), { errcode: action.errcode });
}

/** Lets the file grow to `pages` pages at most: a full disk. */
export function limitPages(database: DatabaseSync, pages: number): void {
  database.exec(`PRAGMA max_page_count=${Math.trunc(pages)}`);
}
