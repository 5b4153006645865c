// The owners table as it is read: heads, whole owners, lists and the feed.
//
//   O1. An expired owner is absent for every reader, whether or not it was swept. (S5)

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { FeedItem, ListFilter, ListPage, Listed, Loaded, Owner } from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit, readCursor } from "../paging.ts";
import type { Head } from "../refusal.ts";
import { all, listed, one, run } from "./query.ts";
import type { Chain, Turns } from "./turns.ts";

/** A row without its record: enough to judge a commit and to find the turns. */
export interface OwnerRow extends Chain, Head {
  readonly owner: Owner;
  readonly process: string | null;
  readonly agentId: string | null;
  readonly customer: string | null;
  readonly endReason: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number | null;
}

const COLUMNS = `id, owner, version, epoch, process, write_id AS writeId, status, agent_id AS agentId, customer, end_reason AS endReason,
  created_at AS createdAtMs, updated_at AS updatedAtMs, expires_at AS expiresAtMs,
  last_turn AS lastTurn, last_call AS lastCall, trim_below AS trimBelow, kept_from AS keptFrom`;

export class Owners {
  readonly #database: DatabaseSync;
  readonly #turns: Turns;
  readonly #row: StatementSync;
  readonly #whole: StatementSync;
  readonly #feed: StatementSync;
  readonly #newest: StatementSync;
  readonly #create: StatementSync;
  readonly #lists = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, turns: Turns) {
    this.#database = database;
    this.#turns = turns;
    this.#row = database.prepare(`SELECT ${COLUMNS} FROM owners WHERE owner = ?`);
    this.#whole = database.prepare("SELECT record, (SELECT count(*) FROM inbox WHERE owner_id = owners.id) AS mail FROM owners WHERE id = ?");
    this.#feed = database.prepare(`
      SELECT t.id AS rowid, t.version, t.at AS atMs, t.entry AS text, t.call_id AS callId, o.owner
      FROM turns t CROSS JOIN owners o ON o.id = t.owner_id
      WHERE t.id > $after AND t.version >= o.trim_below AND (o.expires_at IS NULL OR o.expires_at > $now) ORDER BY t.id LIMIT $limit`);
    this.#newest = database.prepare("SELECT coalesce(max(seq), 0) AS cursor FROM sqlite_sequence WHERE name = 'turns'");
    this.#create = database.prepare("INSERT INTO owners (owner, kind, agent_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?)");
  }

  /** The row whether or not it expired. */
  stored(owner: Owner): OwnerRow | undefined {
    return one<OwnerRow>(this.#row, owner);
  }

  /** The row, unless it is absent or expired (O1). */
  find(owner: Owner, nowMs: number): OwnerRow | undefined {
    const row = this.stored(owner);
    return row && (row.expiresAtMs === null || row.expiresAtMs > nowMs) ? row : undefined;
  }

  load(owner: Owner, nowMs: number): Loaded | undefined {
    const row = this.find(owner, nowMs);
    if (!row) return undefined;
    const { record, mail } = one<{ record: string | null; mail: number }>(this.#whole, row.id)!;
    const { version, epoch, process } = row;
    return { owner, record, version, epoch, process, facts: factsOf(row), calls: this.#turns.calls(row, nowMs), mail };
  }

  /** A fresh row; there must be none under this key. */
  create(owner: Owner, agentId: string | null, nowMs: number): void {
    run(this.#create, owner, owner.slice(0, owner.indexOf(":")), agentId, nowMs, nowMs);
  }

  /** @param alive the processes whose lease counts. */
  list(filter: ListFilter, alive: readonly string[], nowMs: number): ListPage {
    const limit = pageLimit(filter.limit, PAGE_ITEMS.list);
    const { where, values } = conditionsOf(filter, alive, nowMs);
    const rows = all<OwnerRow & { recordBytes: number }>(this.#listing(where), ...values, limit + 1);
    const page = rows.slice(0, limit);
    const items = page.map(({ owner, version, epoch, process, recordBytes, ...row }): Listed => ({ owner, version, epoch, process, facts: factsOf(row), recordBytes }));
    return { items, nextCursor: rows.length > limit ? String(page.at(-1)!.id) : null };
  }

  feed(after: string | null, limit: number, nowMs: number): { items: FeedItem[]; cursor: string } {
    if (after === null) return { items: [], cursor: String(one<{ cursor: number }>(this.#newest)!.cursor) };
    const rows = all<Omit<FeedItem, "cursor"> & { rowid: number }>(this.#feed, { after: readCursor(after), now: nowMs, limit });
    const items = rows.map(({ rowid, ...row }) => ({ ...row, cursor: String(rowid) }));
    return { items, cursor: items.at(-1)?.cursor ?? after };
  }

  /** One statement for each set of filters: `x = ? OR ? IS NULL` would use no index. */
  #listing(where: string): StatementSync {
    let statement = this.#lists.get(where);
    if (!statement) {
      statement = this.#database.prepare(`SELECT ${COLUMNS}, coalesce(octet_length(record), 0) AS recordBytes FROM owners WHERE ${where} ORDER BY id DESC LIMIT ?`);
      this.#lists.set(where, statement);
    }
    return statement;
  }
}

function conditionsOf(filter: ListFilter, alive: readonly string[], nowMs: number): { where: string; values: (string | number)[] } {
  const parts: [condition: string, value: string | number][] = [["(expires_at IS NULL OR expires_at > ?)", nowMs]];
  if (filter.kind !== undefined) parts.push(["kind = ?", filter.kind]);
  if (filter.status !== undefined) parts.push(["status = ?", filter.status]);
  if (filter.agentId !== undefined) parts.push(["agent_id = ?", filter.agentId]);
  if (filter.customer !== undefined) parts.push(["customer = ?", filter.customer]);
  if (filter.orphaned) parts.push(["(process IS NULL OR process NOT IN (SELECT value FROM json_each(?)))", listed(alive)]);
  if (filter.cursor !== undefined) parts.push(["id < ?", readCursor(filter.cursor)]);
  return { where: parts.map(([condition]) => condition).join(" AND "), values: parts.map(([, value]) => value) };
}

function factsOf(row: Loaded["facts"]): Loaded["facts"] {
  const { status, agentId, customer, endReason, createdAtMs, updatedAtMs, expiresAtMs } = row;
  return { status, agentId, customer, endReason, createdAtMs, updatedAtMs, expiresAtMs };
}
