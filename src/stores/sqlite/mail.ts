// The inbox: messages from outside writers, in the order in which they were stored. (P16)

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Owner, WaitingMessage } from "../../state/store.ts";
import { PAGE_ITEMS } from "../paging.ts";
import { checkTakesMail } from "../refusal.ts";
import type { Owners } from "./owners.ts";
import { all, listed, run } from "./query.ts";

export class Mail {
  readonly #owners: Owners;
  readonly #post: StatementSync;
  readonly #inbox: StatementSync;
  readonly #consume: StatementSync;
  readonly #removeAll: StatementSync;
  readonly #owned: StatementSync;
  readonly #orphaned: StatementSync;

  constructor(database: DatabaseSync, owners: Owners) {
    this.#owners = owners;
    this.#post = database.prepare("INSERT INTO inbox (owner_id, message_id, text, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    // Not `?1` twice: Node 22 takes a parameter with a number for a named one.
    this.#inbox = database.prepare("SELECT message_id AS id, text, at AS atMs FROM inbox WHERE owner_id = ? AND inbox.id > coalesce((SELECT id FROM inbox WHERE owner_id = ? AND message_id = ?), 0) ORDER BY inbox.id LIMIT ?");
    this.#consume = database.prepare("DELETE FROM inbox WHERE owner_id = ? AND message_id = ?");
    this.#removeAll = database.prepare("DELETE FROM inbox WHERE owner_id = ?");
    // The inbox is nearly always empty, so it leads: a poll that finds no mail reads one page.
    const pending = (belongs: string) => `
      SELECT DISTINCT o.owner FROM inbox i CROSS JOIN owners o ON o.id = i.owner_id
      WHERE o.status = 'live' AND (o.expires_at IS NULL OR o.expires_at > ?) AND ${belongs}`;
    this.#owned = database.prepare(pending("o.process = ?"));
    this.#orphaned = database.prepare(pending("(o.process IS NULL OR o.process NOT IN (SELECT value FROM json_each(?)))"));
  }

  post(owner: Owner, messageId: string, text: string, nowMs: number): void {
    const row = this.#owners.find(owner, nowMs);
    checkTakesMail(owner, row?.status);
    run(this.#post, row!.id, messageId, text, nowMs);
  }

  /** @param process null: what none of `alive` owns. */
  pending(process: string | null, alive: readonly string[], nowMs: number): Owner[] {
    const rows = process === null ? all<{ owner: Owner }>(this.#orphaned, nowMs, listed(alive)) : all<{ owner: Owner }>(this.#owned, nowMs, process);
    return rows.map((row) => row.owner);
  }

  /** @param after the id of a message, or null. */
  inbox(owner: Owner, after: string | null, nowMs: number): WaitingMessage[] {
    const row = this.#owners.find(owner, nowMs);
    return row ? all<WaitingMessage>(this.#inbox, row.id, row.id, after, PAGE_ITEMS.inbox) : [];
  }

  consume(ownerId: number, ids: readonly string[]): void {
    for (const id of ids) run(this.#consume, ownerId, id);
  }

  /** Returns how many there were. */
  removeAll(ownerId: number): number {
    return run(this.#removeAll, ownerId);
  }
}
