// Group commit: all writes that wait at the same time share one transaction, and so one sync of the disk.
//
// What arrives while a group is written joins it, so that the caller's thread and the worker work at the same time.
//
//   K1. Nothing is acknowledged before COMMIT returned.                                              (S1, P4)
//   K2. A write that is refused has written nothing (commits.ts, C2), so it fails alone.
//   K3. When the transaction as a whole fails, each of its writes is tried again in a transaction of its own, so
//       that one that is too large for the disk takes nobody with it. A group whose COMMIT failed may be found by a
//       recovery all the same (failure.ts, X1): a write of it that fails again is "unknown", however it fails.
//   K4. A lock that could not be had is not waited for again by each write: all of them are told.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { ConversimpleError } from "../../base/errors.ts";
import { SQLITE, runtimeError, sqliteCode } from "./failure.ts";
import type { FaultPlan } from "./faults.ts";
import type { Execute } from "./operations.ts";
import { failureOf } from "./protocol.ts";
import type { Reply, Request } from "./protocol.ts";

export interface GroupsOptions {
  readonly database: DatabaseSync;
  readonly address: string;
  readonly execute: Execute;
  readonly faults: FaultPlan;
}

export interface GroupRun {
  /** Writes that arrived in the meantime and still fit into the group: asked for before COMMIT until there are none. */
  readonly more?: () => readonly Request[];
  /** Whether an attempt before this one got as far as COMMIT (K3). */
  readonly mayBeStored?: boolean;
}

/** A transaction that failed as a whole; nothing of it is stored unless `isCommitting` (failure.ts, X1). */
interface Aborted {
  readonly thrown: unknown;
  readonly stage: "begin" | "work" | "commit";
}

export class Groups {
  readonly #options: GroupsOptions;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.#begin = options.database.prepare("BEGIN IMMEDIATE");
    this.#commit = options.database.prepare("COMMIT");
  }

  /**
   * Runs the writes; every one has its reply (W1).
   *
   * @param group becomes longer by what `more` gives.
   */
  run(group: Request[], { more = () => [], mayBeStored = false }: GroupRun = {}): Reply[] {
    const outcome = this.#attempt(group, more);
    if (Array.isArray(outcome)) return outcome;
    const isLocked = outcome.stage === "begin" && sqliteCode(outcome.thrown) === SQLITE.BUSY;
    const isUnknown = mayBeStored || (outcome.stage === "commit" && sqliteCode(outcome.thrown) === SQLITE.IOERR);
    if (group.length > 1 && !isLocked) return group.flatMap((request) => this.run([request], { mayBeStored: isUnknown }));
    const error = runtimeError(outcome.thrown, this.#options.address, isUnknown);
    return group.map(([id]) => [id, undefined, failureOf(error)]);
  }

  #attempt(group: Request[], more: () => readonly Request[]): Reply[] | Aborted {
    const { database, faults } = this.#options;
    let stage: Aborted["stage"] = "begin";
    try {
      faults.at("before-begin");
      this.#begin.run();
      stage = "work";
      faults.at("after-begin");
      const replies: Reply[] = [];
      for (let next: readonly Request[] = group; next.length > 0; next = more()) {
        if (next !== group) group.push(...next);
        for (const request of next) replies.push(this.#reply(request));
      }
      faults.at("before-commit");
      stage = "commit";
      this.#commit.run();
      faults.at("after-commit");
      return replies;
    } catch (thrown) {
      // A full disk rolls back by itself.
      if (database.isTransaction) database.exec("ROLLBACK");
      return { thrown, stage };
    }
  }

  /** A refusal is a reply; anything else ends the transaction. */
  #reply(request: Request): Reply {
    let reply: Reply;
    try {
      reply = [request[0], this.#options.execute(request)];
    } catch (thrown) {
      if (!(thrown instanceof ConversimpleError)) throw thrown;
      reply = [request[0], undefined, failureOf(thrown)];
    }
    this.#options.faults.at("after-operation");
    return reply;
  }
}
