// The owners as they are read: whole ones, lists, journals and the feed.
//
//   OW1. An expired owner is absent for every reader, whether or not it was swept.                     (S5)
//   OW2. The feed shows a commit once every transaction that began before it is over (schema.ts, PG4).

import { ConversimpleError } from "../../base/errors.ts";
import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS, type Entry, type Facts, type FeedItem, type HistoryRange, type KnownCall, type ListFilter, type ListPage, type Listed, type Loaded, type Owner } from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit, readCursor } from "../paging.ts";
import type { Connections } from "./connections.ts";
import { nowSql } from "./time.ts";
import { read, readOrNull, stored } from "../texts.ts";

interface Row extends Facts {
  readonly id: number;
  readonly owner: string;
  readonly version: number;
  readonly epoch: number;
  readonly process: string | null;
}

interface WholeRow extends Row {
  readonly record: string | null;
  readonly mail: number;
  readonly calls: readonly KnownCall[];
}

const COLUMNS = `o.id, o.owner, o.version, o.epoch, o.process, o.status, o.agent_id AS "agentId", o.customer, o.end_reason AS "endReason",
  o.created_at AS "createdAtMs", o.updated_at AS "updatedAtMs", o.expires_at AS "expiresAtMs"`;

export interface OwnersOptions {
  readonly connections: Connections;
  readonly schema: string;
  readonly nowMs: () => number | null;
}

export class Owners {
  readonly #options: OwnersOptions;

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  async load(owner: Owner): Promise<Loaded | undefined> {
    const { connections, schema, nowMs } = this.#options;
    const now = nowSql("$2");
    const [row] = await connections.read<WholeRow>(`
      SELECT ${COLUMNS}, o.record, (SELECT count(*) FROM ${schema}.inbox i WHERE i.owner_id = o.id) AS mail,
        (SELECT coalesce(json_agg(json_build_object('callId', t.call_id, 'digest', t.digest, 'version', t.version, 'atMs', t.at)), '[]')
         FROM (SELECT call_id, digest, version, at FROM ${schema}.turns WHERE owner_id = o.id AND call_id IS NOT NULL ORDER BY version DESC LIMIT ${LEDGER_MAX_CALLS}) t
         WHERE t.at > ${now} - ${LEDGER_MAX_AGE_MS}) AS calls
      FROM ${schema}.owners o WHERE o.owner = $1 AND ${present(now)}`, [stored(owner), nowMs()], "load");
    if (!row) return undefined;
    const { version, epoch, process, record, mail } = row;
    return { owner, record: readOrNull(record), version, epoch, process: readOrNull(process), facts: factsOf(row), calls: callsOf(row.calls), mail };
  }

  async answer(owner: Owner, callId: string): Promise<string | undefined> {
    const { connections, schema, nowMs } = this.#options;
    const now = nowSql("$3");
    const [row] = await connections.read<{ answer: string }>(`
      SELECT t.answer FROM ${schema}.owners o JOIN ${schema}.turns t ON t.owner_id = o.id
      WHERE o.owner = $1 AND ${present(now)} AND t.call_id = $2 AND t.at > ${now} - ${LEDGER_MAX_AGE_MS} ORDER BY t.version DESC LIMIT 1`, [stored(owner), stored(callId), nowMs()], "answer");
    return row && read(row.answer);
  }

  async list(filter: ListFilter): Promise<ListPage> {
    const { connections, schema, nowMs } = this.#options;
    const limit = pageLimit(filter.limit, PAGE_ITEMS.list);
    const values: unknown[] = [nowMs(), limit + 1];
    const where = conditions(filter, schema, values);
    const rows = await connections.read<Row & { recordBytes: number }>(`
      SELECT ${COLUMNS}, coalesce(octet_length(o.record), 0) AS "recordBytes" FROM ${schema}.owners o WHERE ${where.join(" AND ")} ORDER BY o.id DESC LIMIT $2`, values);
    const page = rows.slice(0, limit);
    const items = page.map((row): Listed => ({ owner: read(row.owner) as Owner, version: row.version, epoch: row.epoch, process: readOrNull(row.process), facts: factsOf(row), recordBytes: row.recordBytes }));
    return { items, nextCursor: rows.length > limit ? String(page.at(-1)!.id) : null };
  }

  async history(owner: Owner, range: HistoryRange = {}): Promise<readonly Entry[]> {
    const { connections, schema, nowMs } = this.#options;
    const limit = pageLimit(range.limit, PAGE_ITEMS.history);
    const rows = await connections.read<Entry>(`
      SELECT t.version, t.at AS "atMs", t.entry AS text, t.call_id AS "callId"${range.answers === true ? ", t.answer" : ""} FROM ${schema}.owners o JOIN ${schema}.turns t ON t.owner_id = o.id
      WHERE o.owner = $1 AND ${present(nowSql("$2"))} AND t.version > $3 ORDER BY t.version LIMIT $4`, [stored(owner), nowMs(), range.afterVersion ?? 0, limit], range.answers === true ? "history with answers" : "history");
    return rows.map(entryOf);
  }

  /** OW2. A cursor is the transaction and the turn behind which to go on. */
  async feed(after: string | null, limit?: number): Promise<{ readonly items: readonly FeedItem[]; readonly cursor: string }> {
    const { connections, schema, nowMs } = this.#options;
    const most = pageLimit(limit, PAGE_ITEMS.feed);
    if (after === null) {
      const [{ oldest }] = await connections.read<{ oldest: number }>("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest") as [{ oldest: number }];
      return { items: [], cursor: `${oldest}.0` };
    }
    const [xid, id] = cursorOf(after);
    const rows = await connections.read<Entry & { owner: string; xid: number; id: number }>(`
      SELECT t.version, t.at AS "atMs", t.entry AS text, t.call_id AS "callId", o.owner, t.xid, t.id FROM ${schema}.turns t JOIN ${schema}.owners o ON o.id = t.owner_id
      WHERE (t.xid, t.id) > ($1::bigint, $2::bigint) AND t.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AND ${present(nowSql("$3"))}
      ORDER BY t.xid, t.id LIMIT $4`, [xid, id, nowMs(), most]);
    const items = rows.map((row): FeedItem => ({ ...entryOf(row), owner: read(row.owner) as Owner, cursor: `${row.xid}.${row.id}` }));
    return { items, cursor: items.at(-1)?.cursor ?? after };
  }
}

/** SQL: the owner's time is not over (OW1). */
export function present(now: string): string {
  return `(o.expires_at IS NULL OR o.expires_at > ${now})`;
}

/** SQL: the process of `o` is none, or its lease is over. */
export function isOrphan(schema: string, now: string): string {
  return `(o.process IS NULL OR NOT EXISTS (SELECT 1 FROM ${schema}.processes p WHERE p.id = o.process AND p.lease_until > ${now}))`;
}

function conditions(filter: ListFilter, schema: string, values: unknown[]): string[] {
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const now = nowSql("$1");
  const where = [present(now)];
  if (filter.kind !== undefined) where.push(`o.kind = ${parameter(filter.kind)}`);
  if (filter.status !== undefined) where.push(`o.status = ${parameter(filter.status)}`);
  if (filter.agentId !== undefined) where.push(`o.agent_id = ${parameter(stored(filter.agentId))}`);
  if (filter.customer !== undefined) where.push(`o.customer = ${parameter(stored(filter.customer))}`);
  if (filter.orphaned) where.push(isOrphan(schema, now));
  if (filter.cursor !== undefined) where.push(`o.id < ${parameter(readCursor(filter.cursor))}`);
  return where;
}

/** Oldest first; of one call id the newest. */
function callsOf(newestFirst: readonly KnownCall[]): KnownCall[] {
  const seen = new Set<string>();
  return newestFirst.map((call) => ({ ...call, callId: read(call.callId), digest: read(call.digest) })).filter((call) => !seen.has(call.callId) && seen.add(call.callId)).toReversed();
}

function entryOf({ version, atMs, text, callId, answer }: Entry): Entry {
  return { version, atMs, text: readOrNull(text), callId: readOrNull(callId), ...(answer === undefined ? {} : { answer: readOrNull(answer) }) };
}

function factsOf(row: Row): Facts {
  const { status, agentId, customer, endReason, createdAtMs, updatedAtMs, expiresAtMs } = row;
  return { status, agentId: readOrNull(agentId), customer: readOrNull(customer), endReason: readOrNull(endReason), createdAtMs, updatedAtMs, expiresAtMs };
}

/** @throws {ConversimpleError} `option_invalid` when the text is not a cursor that a store gave out. */
function cursorOf(text: string): [xid: number, id: number] {
  const found = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text);
  if (found) return [Number(found[1]), Number(found[2] ?? 0)];
  throw new ConversimpleError("option_invalid", "The cursor was not given out by this store. Begin without one.", { option: "cursor" });
}
