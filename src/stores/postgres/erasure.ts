// What goes away: expired owners, forgotten owners. (P13, P22)
//
//   ER1. An owner goes with everything that hangs on it, in one statement.
//   ER2. A sweep skips what somebody else is writing or sweeping just now.

import type { Forgotten, ForgetOptions, Owner, Swept } from "../../state/store.ts";
import type { Connections } from "./connections.ts";
import { nowSql } from "./time.ts";
import { stored } from "./texts.ts";

interface Removed {
  readonly records: number;
  readonly entries: number;
  readonly messages: number;
  readonly owners: number;
}

export interface ErasureOptions {
  readonly connections: Connections;
  readonly schema: string;
  readonly nowMs: () => number | null;
}

export class Erasure {
  readonly #options: ErasureOptions;

  constructor(options: ErasureOptions) {
    this.#options = options;
  }

  async forget(owner: Owner, { tombstone = false, untilMs }: ForgetOptions): Promise<Forgotten> {
    const { connections, nowMs } = this.#options;
    if (!tombstone) {
      const { records, entries, messages } = await this.#remove("owner = $1", [stored(owner)]);
      return { records, entries, messages };
    }
    const [found] = await connections.run<Forgotten>(this.#tombstoneSql(), [stored(owner), nowMs(), owner.slice(0, owner.indexOf(":")), untilMs ?? null]);
    return found!;
  }

  /** Removes an owner whose time is over, so that its key can begin again. */
  async removeExpired(owner: Owner): Promise<void> {
    await this.#remove(`owner = $1 AND expires_at <= ${nowSql("$2")}`, [stored(owner), this.#options.nowMs()]);
  }

  /** ER2; also forgets leases that are over. */
  async sweep(limit: number): Promise<Swept> {
    const { connections, schema, nowMs } = this.#options;
    await connections.run(`DELETE FROM ${schema}.processes WHERE lease_until <= ${nowSql("$1")}`, [nowMs()]);
    const expired = `expires_at <= ${nowSql("$1")}`;
    const { owners } = await this.#remove(`id IN (SELECT id FROM ${schema}.owners WHERE ${expired} ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, [nowMs(), limit]);
    if (owners < limit) return { removed: owners, more: false };
    const [{ more }] = await connections.run<{ more: boolean }>(`SELECT EXISTS (SELECT 1 FROM ${schema}.owners WHERE ${expired}) AS more`, [nowMs()]) as [{ more: boolean }];
    return { removed: owners, more };
  }

  async #remove(where: string, values: readonly unknown[]): Promise<Removed> {
    const { connections, schema } = this.#options;
    const [removed] = await connections.run<Removed>(`
      WITH gone AS (DELETE FROM ${schema}.owners WHERE ${where} RETURNING id, record IS NOT NULL AS had_record),
      turns AS (DELETE FROM ${schema}.turns USING gone WHERE owner_id = gone.id RETURNING 1),
      messages AS (DELETE FROM ${schema}.inbox USING gone WHERE owner_id = gone.id RETURNING 1)
      SELECT (SELECT count(*) FROM gone WHERE had_record) AS records, (SELECT count(*) FROM turns) AS entries,
        (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM gone) AS owners`, values);
    return removed!;
  }

  /** The row itself becomes the mark, under whatever lock a commit waits for: nothing slips in between. */
  #tombstoneSql(): string {
    const { schema } = this.#options;
    return `
      WITH before AS MATERIALIZED (SELECT id, status, record IS NOT NULL AS had_record FROM ${schema}.owners WHERE owner = $1 FOR UPDATE),
      stone AS (
        INSERT INTO ${schema}.owners AS o (owner, kind, version, epoch, status, created_at, updated_at, expires_at)
        VALUES ($1, $3, 1, 1, 'forgotten', ${nowSql("$2")}, ${nowSql("$2")}, $4::bigint)
        ON CONFLICT (owner) DO UPDATE SET version = o.version + 1, epoch = o.epoch + 1, status = 'forgotten', process = NULL, write_id = NULL,
          agent_id = NULL, customer = NULL, end_reason = NULL, expires_at = excluded.expires_at, record = NULL, updated_at = excluded.updated_at
        WHERE o.status <> 'forgotten' OR o.expires_at <= excluded.updated_at
        RETURNING o.id),
      turns AS (DELETE FROM ${schema}.turns USING stone WHERE owner_id = stone.id RETURNING 1),
      messages AS (DELETE FROM ${schema}.inbox USING stone WHERE owner_id = stone.id RETURNING 1)
      SELECT (SELECT count(*) FROM before WHERE had_record) AS records, (SELECT count(*) FROM turns) AS entries, (SELECT count(*) FROM messages) AS messages`;
  }
}
