// What goes away: expired owners, forgotten owners. (P13, P22)
//
//   Z1. An owner goes with its turns and its inbox, in one transaction.
//   Z2. A sweep works in slices bounded by rows, so that commits get in between.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Forgotten, Owner, Swept } from "../../state/store.ts";
import type { Mail } from "./mail.ts";
import type { Owners } from "./owners.ts";
import { all, one, run } from "./query.ts";
import type { Turns } from "./turns.ts";

/** A slice of a sweep stops after this many turns: about 5 ms of deleting with secure_delete. */
const SLICE_TURNS = 1_000;

export class Erasure {
  readonly #owners: Owners;
  readonly #turns: Turns;
  readonly #mail: Mail;
  readonly #remove: StatementSync;
  readonly #mark: StatementSync;
  readonly #expired: StatementSync;
  readonly #hasRecord: StatementSync;
  readonly #leases: StatementSync;

  constructor(database: DatabaseSync, owners: Owners, turns: Turns, mail: Mail) {
    this.#owners = owners;
    this.#turns = turns;
    this.#mail = mail;
    this.#remove = database.prepare("DELETE FROM owners WHERE id = ?");
    this.#mark = database.prepare("UPDATE owners SET status = 'forgotten', version = ?, epoch = ?, trim_below = ?, kept_from = ?, created_at = ?, expires_at = ? WHERE owner = ?");
    this.#expired = database.prepare("SELECT owner FROM owners WHERE expires_at <= ? ORDER BY expires_at LIMIT ?");
    this.#hasRecord = database.prepare("SELECT record IS NOT NULL AS yes FROM owners WHERE id = ?");
    this.#leases = database.prepare("DELETE FROM processes WHERE lease_until <= ?");
  }

  /** @param untilMs of a tombstone; null keeps it for ever. */
  forget(owner: Owner, tombstone: boolean, untilMs: number | null, nowMs: number): Forgotten {
    const row = this.#owners.stored(owner);
    const records = row ? one<{ yes: number }>(this.#hasRecord, row.id)!.yes : 0;
    const entries = row ? this.#turns.count(row) : 0;
    if (row?.status === "forgotten" && tombstone && !isOver(row.expiresAtMs, nowMs)) return { records, entries, messages: 0 };
    const messages = this.remove(owner).messages;
    if (tombstone) {
      this.#owners.create(owner, null, nowMs);
      const version = (row?.version ?? 0) + 1;
      run(this.#mark, version, (row?.epoch ?? 0) + 1, version + 1, version + 1, row?.createdAtMs ?? nowMs, untilMs, owner);
    }
    return { records, entries, messages };
  }

  /** One slice (Z2); also forgets leases that are over. */
  sweep(limit: number, nowMs: number): Swept {
    run(this.#leases, nowMs);
    const expired = all<{ owner: Owner }>(this.#expired, nowMs, limit + 1);
    let removed = 0;
    for (let turns = 0; removed < Math.min(limit, expired.length) && turns < SLICE_TURNS; removed++) {
      turns += 1 + this.remove(expired[removed]!.owner).turns;
    }
    return { removed, more: expired.length > removed };
  }

  /** Removes an owner as if it had never been (Z1); nothing happens when there is none. */
  remove(owner: Owner): { turns: number; messages: number } {
    const row = this.#owners.stored(owner);
    if (!row) return { turns: 0, messages: 0 };
    const removed = { turns: this.#turns.removeAll(row), messages: this.#mail.removeAll(row.id) };
    run(this.#remove, row.id);
    return removed;
  }
}

function isOver(expiresAtMs: number | null, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs;
}
