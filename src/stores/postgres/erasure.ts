// What goes away: expired owners, forgotten owners. (P13, P22)
//
//   ER1. An owner goes with everything that hangs on it, in one transaction: its row is locked by one statement, and what
//        hangs on it removed by a later one. A single statement would not see the turns of a commit that it had to wait for.
//   ER2. A sweep skips what somebody else is writing or sweeping just now, and takes a bounded number of turns at a time,
//        so that it ends within the timeout however long the journals are.

import type { Forgotten, ForgetOptions, Owner, Swept } from "../../state/store.ts";
import type { Connections, Session } from "./connections.ts";
import { nowSql } from "./time.ts";
import { stored } from "../texts.ts";

/** A sweep stops after owners with so many commits. Source: about half a second of deleting on a slow disk. */
const SLICE_COMMITS = 20_000;

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
    const { connections, schema } = this.#options;
    return connections.transaction(async (session) => {
      const [found] = await session<{ id: number; records: number }>(`SELECT id, (record IS NOT NULL)::int AS records FROM ${schema}.owners WHERE owner = $1 FOR UPDATE`, [stored(owner)]);
      const ids = tombstone ? [await this.#mark(session, owner, untilMs === undefined ? null : Math.ceil(untilMs))] : found ? [found.id] : [];
      const { entries, messages } = await this.#empty(session, ids);
      if (!tombstone) await this.#drop(session, ids);
      return { records: found?.records ?? 0, entries, messages };
    });
  }

  /** Removes an owner whose time is over, so that its key can begin again. */
  async removeExpired(owner: Owner): Promise<void> {
    const { schema, nowMs } = this.#options;
    await this.#remove(`SELECT id FROM ${schema}.owners WHERE owner = $1 AND expires_at <= ${nowSql("$2")} FOR UPDATE`, [stored(owner), nowMs()]);
  }

  /** ER2; also forgets leases that are over. */
  async sweep(limit: number): Promise<Swept> {
    const { connections, schema, nowMs } = this.#options;
    await connections.run(`DELETE FROM ${schema}.processes WHERE lease_until <= ${nowSql("$1")}`, [nowMs()]);
    const expired = `expires_at <= ${nowSql("$1")}`;
    const removed = await this.#remove(`
      WITH due AS MATERIALIZED (SELECT id, version, expires_at FROM ${schema}.owners WHERE ${expired} ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
      SELECT id FROM (SELECT id, sum(version) OVER (ORDER BY expires_at, id) - version AS before FROM due) AS slice WHERE before < ${SLICE_COMMITS}`, [nowMs(), limit]);
    // What is locked is somebody else's to remove, or about to change: nothing to wait for.
    if (removed === 0) return { removed, more: false };
    const [{ more }] = await connections.read<{ more: boolean }>(`SELECT EXISTS (SELECT 1 FROM ${schema}.owners WHERE ${expired}) AS more`, [nowMs()]) as [{ more: boolean }];
    return { removed, more };
  }

  /** Removes the owners whose ids a locking statement gives; returns how many. */
  #remove(lockSql: string, values: readonly unknown[]): Promise<number> {
    return this.#options.connections.transaction(async (session) => {
      const ids = (await session<{ id: number }>(lockSql, values)).map(({ id }) => id);
      await this.#empty(session, ids);
      await this.#drop(session, ids);
      return ids.length;
    });
  }

  /** Removes what hangs on owners whose rows are locked (ER1). */
  async #empty(session: Session, ids: readonly number[]): Promise<{ entries: number; messages: number }> {
    const { schema } = this.#options;
    if (ids.length === 0) return { entries: 0, messages: 0 };
    const [counts] = await session<{ entries: number; messages: number }>(`
      WITH turns AS (DELETE FROM ${schema}.turns WHERE owner_id = ANY ($1::bigint[]) RETURNING 1),
      messages AS (DELETE FROM ${schema}.inbox WHERE owner_id = ANY ($1::bigint[]) RETURNING 1)
      SELECT (SELECT count(*) FROM turns) AS entries, (SELECT count(*) FROM messages) AS messages`, [ids]);
    return counts!;
  }

  async #drop(session: Session, ids: readonly number[]): Promise<void> {
    if (ids.length > 0) await session(`DELETE FROM ${this.#options.schema}.owners WHERE id = ANY ($1::bigint[])`, [ids]);
  }

  /** Makes the row itself the mark, unless it is one that still counts; also a row that somebody made since we looked. Returns its id. */
  async #mark(session: Session, owner: Owner, untilMs: number | null): Promise<number> {
    const { schema, nowMs } = this.#options;
    const now = nowSql("$2");
    const isKept = "o.status = 'forgotten' AND (o.expires_at IS NULL OR o.expires_at > excluded.updated_at)";
    const changed = (column: string, value: string) => `${column} = CASE WHEN ${isKept} THEN o.${column} ELSE ${value} END`;
    const [mark] = await session<{ id: number }>(`
      INSERT INTO ${schema}.owners AS o (owner, kind, version, epoch, status, created_at, updated_at, expires_at)
      VALUES ($1, $3, 1, 1, 'forgotten', ${now}, ${now}, $4::bigint)
      ON CONFLICT (owner) DO UPDATE SET ${changed("version", "o.version + 1")}, ${changed("epoch", "o.epoch + 1")},
        ${changed("expires_at", "excluded.expires_at")}, ${changed("updated_at", "excluded.updated_at")},
        status = 'forgotten', process = NULL, write_id = NULL, agent_id = NULL, customer = NULL, end_reason = NULL, record = NULL
      RETURNING o.id`, [stored(owner), nowMs(), owner.slice(0, owner.indexOf(":")), untilMs]);
    return mark!.id;
  }
}
