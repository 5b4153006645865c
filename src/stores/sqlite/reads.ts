// Reads of one batch: one snapshot for all of them, no lock, no sync.
//
//   E1. What one read takes from several tables is of one moment, also when other processes write meanwhile.
//   E2. A read that fails fails alone.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { runtimeError } from "./failure.ts";
import type { Execute } from "./operations.ts";
import { failureOf } from "./protocol.ts";
import type { Reply, Request } from "./protocol.ts";

export class Reads {
  readonly #database: DatabaseSync;
  readonly #address: string;
  readonly #execute: Execute;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;

  constructor(database: DatabaseSync, address: string, execute: Execute) {
    this.#database = database;
    this.#address = address;
    this.#execute = execute;
    this.#begin = database.prepare("BEGIN");
    this.#end = database.prepare("COMMIT");
  }

  run(requests: readonly Request[]): Reply[] {
    this.#begin.run();
    const replies = requests.map((request) => this.#reply(request));
    if (this.#database.isTransaction) this.#end.run();
    return replies;
  }

  #reply(request: Request): Reply {
    try {
      return [request[0], this.#execute(request)];
    } catch (thrown) {
      return [request[0], undefined, failureOf(runtimeError(thrown, this.#address, false))];
    }
  }
}
