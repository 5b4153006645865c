// Who serves what: processes, their leases, and the epochs that fence them. (P14, P15)
//
//   L1. A lease only delays a take-over; the epoch is what keeps a stale process from writing.
//   L2. A process of this machine that is gone has no lease, whatever the table says.
//   L3. `acquire` always makes a new epoch, also for the process that has the conversation already.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Acquired, Owner, ProcessIdentity } from "../../state/store.ts";
import type { Erasure } from "./erasure.ts";
import { isGone } from "./liveness.ts";
import type { Owners } from "./owners.ts";
import { all, one, run } from "./query.ts";

interface Lease {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  readonly startedAtMs: number;
  readonly untilMs: number;
}

const LEASE = "SELECT id, pid, host, started_at AS startedAtMs, lease_until AS untilMs FROM processes";

export class Leases {
  readonly #owners: Owners;
  readonly #erasure: Erasure;
  readonly #one: StatementSync;
  readonly #all: StatementSync;
  readonly #take: StatementSync;
  readonly #renew: StatementSync;
  readonly #release: StatementSync;
  readonly #releaseAll: StatementSync;
  readonly #end: StatementSync;

  constructor(database: DatabaseSync, owners: Owners, erasure: Erasure) {
    this.#owners = owners;
    this.#erasure = erasure;
    this.#one = database.prepare(`${LEASE} WHERE id = ? AND lease_until > ?`);
    this.#all = database.prepare(`${LEASE} WHERE lease_until > ?`);
    this.#take = database.prepare("UPDATE owners SET process = ?, epoch = epoch + 1 WHERE id = ?");
    this.#renew = database.prepare(`
      INSERT INTO processes (id, pid, host, started_at, lease_until) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`);
    this.#release = database.prepare("UPDATE owners SET process = NULL WHERE owner = ? AND process = ? AND epoch = ?");
    this.#releaseAll = database.prepare("UPDATE owners SET process = NULL WHERE process = ?");
    this.#end = database.prepare("DELETE FROM processes WHERE id = ?");
  }

  acquire(owner: Owner, process: ProcessIdentity, agentId: string | null, nowMs: number): Acquired {
    const row = this.#owners.find(owner, nowMs) ?? this.#create(owner, agentId, nowMs);
    const tookOver = row.process !== null && row.process !== process.id;
    if (row.status === "forgotten") return { kind: "acquired", loaded: this.#owners.load(owner, nowMs)!, tookOver: false };
    const lease = tookOver ? one<Lease>(this.#one, row.process, nowMs) : undefined;
    if (lease && !isGone(lease)) return { kind: "held", process: lease.id, untilMs: lease.untilMs };
    run(this.#take, process.id, row.id);
    return { kind: "acquired", loaded: this.#owners.load(owner, nowMs)!, tookOver };
  }

  renew(process: ProcessIdentity, leaseMs: number, nowMs: number): void {
    run(this.#renew, process.id, process.pid, process.host, process.startedAtMs, nowMs + leaseMs);
  }

  release(owner: Owner, process: string, epoch: number): void {
    run(this.#release, owner, process, epoch);
  }

  retire(process: string): void {
    run(this.#releaseAll, process);
    run(this.#end, process);
  }

  /** Ids of the processes whose lease counts (L2). */
  alive(nowMs: number): string[] {
    return all<Lease>(this.#all, nowMs).filter((lease) => !isGone(lease)).map((lease) => lease.id);
  }

  #create(owner: Owner, agentId: string | null, nowMs: number) {
    this.#erasure.remove(owner);
    this.#owners.create(owner, agentId, nowMs);
    return this.#owners.stored(owner)!;
  }
}
