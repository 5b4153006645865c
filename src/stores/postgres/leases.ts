// Who serves what: processes, their leases, and the epochs that fence them. (P14, P15)
//
//   LE1. A lease only delays a take-over; the epoch is what keeps a stale process from writing.
//   LE2. `acquire` always makes a new epoch, also for the process that has the conversation already.
//   LE3. A process is told the epoch that it made, never one that somebody else made since: two processes with one epoch
//        would both be the owner.

import type { Acquired, Owner, ProcessIdentity } from "../../state/store.ts";
import type { Connections } from "./connections.ts";
import type { Erasure } from "./erasure.ts";
import { present, type Owners } from "./owners.ts";
import { nowSql } from "./time.ts";
import { read, stored, storedOrNull } from "../texts.ts";

interface Attempt {
  readonly before: string | null;
  readonly holder: string | null;
  readonly untilMs: number | null;
  /** The epoch that was made; null when none was: it is held, or forgotten. */
  readonly epoch: number | null;
}

export interface LeasesOptions {
  readonly connections: Connections;
  readonly schema: string;
  readonly owners: Owners;
  readonly erasure: Erasure;
  readonly nowMs: () => number | null;
}

export class Leases {
  readonly #options: LeasesOptions;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  async acquire(owner: Owner, process: ProcessIdentity, agentId: string | undefined): Promise<Acquired> {
    for (;;) {
      const attempt = (await this.#take(owner, process)) ?? (await this.#begin(owner, process, agentId));
      if (!attempt) continue;
      if (attempt.holder !== null) return { kind: "held", process: read(attempt.holder), untilMs: attempt.untilMs! };
      const loaded = await this.#options.owners.load(owner);
      // LE3: somebody took it over, erased it, or its time came, between the two statements.
      if (!loaded || (attempt.epoch !== null && loaded.epoch !== attempt.epoch)) continue;
      return { kind: "acquired", loaded, tookOver: attempt.epoch !== null && attempt.before !== null && read(attempt.before) !== process.id };
    }
  }

  async renew({ id, pid, host, startedAtMs }: ProcessIdentity, leaseMs: number): Promise<void> {
    const { connections, schema, nowMs } = this.#options;
    await connections.read(`
      INSERT INTO ${schema}.processes (id, pid, host, started_at, lease_until) VALUES ($1, $2, $3, $4, ${nowSql("$5")} + $6::bigint)
      ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`, [stored(id), pid, stored(host), startedAtMs, nowMs(), leaseMs]);
  }

  async release(owner: Owner, process: string, epoch: number): Promise<void> {
    const { connections, schema } = this.#options;
    await connections.read(`UPDATE ${schema}.owners SET process = NULL WHERE owner = $1 AND process = $2 AND epoch = $3`, [stored(owner), stored(process), epoch]);
  }

  async retire(process: string): Promise<void> {
    const { connections, schema } = this.#options;
    await connections.read(`
      WITH gone AS (DELETE FROM ${schema}.processes WHERE id = $1)
      UPDATE ${schema}.owners SET process = NULL WHERE process = $1`, [stored(process)]);
  }

  /** Undefined when the owner is not there. */
  async #take(owner: Owner, process: ProcessIdentity): Promise<Attempt | undefined> {
    const { connections, schema, nowMs } = this.#options;
    const now = nowSql("$3");
    const [attempt] = await connections.run<Attempt>(`
      WITH before AS MATERIALIZED (SELECT o.id, o.process, o.status FROM ${schema}.owners o WHERE o.owner = $1 AND ${present(now)} FOR UPDATE),
      lease AS MATERIALIZED (SELECT p.id, p.lease_until FROM before JOIN ${schema}.processes p ON p.id = before.process
        WHERE before.process <> $2 AND before.status <> 'forgotten' AND p.lease_until > ${now}),
      taken AS (UPDATE ${schema}.owners o SET process = $2, epoch = o.epoch + 1 FROM before
        WHERE o.id = before.id AND before.status <> 'forgotten' AND NOT EXISTS (SELECT 1 FROM lease) RETURNING o.epoch)
      SELECT before.process AS before, lease.id AS holder, lease.lease_until AS "untilMs", (SELECT epoch FROM taken) AS epoch
      FROM before LEFT JOIN lease ON true`, [stored(owner), stored(process.id), nowMs()], "acquire");
    return attempt;
  }

  /** Undefined when somebody else was faster, or what is there is over and had to go first. */
  async #begin(owner: Owner, process: ProcessIdentity, agentId: string | undefined): Promise<Attempt | undefined> {
    const { connections, schema, erasure, nowMs } = this.#options;
    const [made] = await connections.run<{ epoch: number }>(`
      INSERT INTO ${schema}.owners (owner, kind, agent_id, process, epoch, created_at, updated_at) VALUES ($1, $2, $3, $4, 1, ${nowSql("$5")}, ${nowSql("$5")})
      ON CONFLICT (owner) DO NOTHING RETURNING epoch`, [stored(owner), owner.slice(0, owner.indexOf(":")), storedOrNull(agentId), stored(process.id), nowMs()], "begin");
    if (made) return { before: null, holder: null, untilMs: null, epoch: made.epoch };
    await erasure.removeExpired(owner);
    return undefined;
  }
}
