// Writing a commit: two statements when all is well.
//
//   C1. The INSERT of the turn finds its owner only with the expected version and epoch, not forgotten, not expired;
//       nothing was written when it inserts nothing, and only then is it worth looking why. (S2)
//   C2. A commit that is refused has written nothing, so it fails alone in its group.      (S1)

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Change, Owner } from "../../state/store.ts";
import { judge } from "../refusal.ts";
import type { Erasure } from "./erasure.ts";
import type { Mail } from "./mail.ts";
import type { Owners } from "./owners.ts";
import type { PackedCommit, RareChange } from "./protocol.ts";
import { run } from "./query.ts";
import type { Turns } from "./turns.ts";

export interface CommitTables {
  readonly owners: Owners;
  readonly turns: Turns;
  readonly mail: Mail;
  readonly erasure: Erasure;
}

export class Commits {
  readonly #tables: CommitTables;
  readonly #append: StatementSync;
  readonly #update: StatementSync;
  readonly #facts: StatementSync;

  constructor(database: DatabaseSync, tables: CommitTables) {
    this.#tables = tables;
    this.#append = database.prepare(`
      INSERT INTO turns (owner_id, version, at, prev, prev_call, call_id, digest, entry, answer, is_joint)
      SELECT id, version + 1, ?, last_turn, last_call, ?, ?, ?, ?, iif(kind = 'conversation', NULL, 1) FROM owners
      WHERE owner = ? AND version = ? AND epoch = ? AND status <> 'forgotten' AND (expires_at IS NULL OR expires_at > ?)
        AND write_id IS NOT ?`);
    this.#update = database.prepare(`
      UPDATE owners SET version = version + 1, write_id = ?, updated_at = ?, record = coalesce(?, record),
        last_turn = last_insert_rowid(), last_call = iif(? IS NULL, last_call, last_insert_rowid()) WHERE owner = ?`);
    this.#facts = database.prepare(`
      UPDATE owners SET status = coalesce($status, status), agent_id = iif($setsAgent, $agent, agent_id),
        customer = iif($setsCustomer, $customer, customer), end_reason = iif($setsReason, $reason, end_reason),
        expires_at = iif($setsExpiry, $expiry, expires_at) WHERE owner = $owner`);
  }

  /** Returns the version after the commit; throws what `Store.commit` says. */
  commit(nowMs: number, ...packed: PackedCommit): number {
    const [owner, writeId, expectedVersion, epoch] = packed;
    if (this.#applied(packed, nowMs)) return expectedVersion + 1;
    const { owners, erasure } = this.#tables;
    const row = owners.find(owner, nowMs);
    const verdict = judge(owner, { writeId, expectedVersion, epoch }, row);
    if (verdict === "repeated") return row!.version;
    if (verdict !== "create") throw new Error("A commit that nothing refuses was not applied.");
    erasure.remove(owner);
    owners.create(owner, null, nowMs);
    this.#applied(packed, nowMs);
    return 1;
  }

  #applied([owner, writeId, version, epoch, record, entry, callId, digest, answer, rare]: PackedCommit, nowMs: number): boolean {
    if (run(this.#append, nowMs, callId, digest, entry, answer, owner, version, epoch, nowMs, writeId) === 0) return false;
    run(this.#update, writeId, nowMs, record, callId, owner);
    if (rare) this.#applyRare(owner, rare);
    return true;
  }

  #applyRare(owner: Owner, { facts, consume, trimBelow }: RareChange): void {
    if (facts) this.#applyFacts(owner, facts);
    if (!consume?.length && trimBelow === undefined) return;
    const row = this.#tables.owners.stored(owner)!;
    if (consume?.length) this.#tables.mail.consume(row.id, consume);
    if (trimBelow !== undefined) this.#tables.turns.trim(row, trimBelow);
  }

  #applyFacts(owner: Owner, { status, agentId, customer, endReason, expiresAtMs }: NonNullable<Change["facts"]>): void {
    run(this.#facts, {
      owner,
      status: status ?? null,
      setsAgent: Number(agentId !== undefined), agent: agentId ?? null,
      setsCustomer: Number(customer !== undefined), customer: customer ?? null,
      setsReason: Number(endReason !== undefined), reason: endReason ?? null,
      setsExpiry: Number(expiresAtMs !== undefined), expiry: expiresAtMs ?? null,
    });
  }
}
