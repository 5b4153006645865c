// Writing commits: those that wait at the same time share one statement.
//
//   CM1. A statement applies each change that finds its owner with the expected version and epoch, not forgotten, not
//        expired, under another write id; those that it did not apply wrote nothing, and only then is it asked why. (S2)
//   CM2. One change per owner and batch, rows locked in the order of their owners: batches never wait in a circle.
//   CM3. A batch that the server refuses as a whole is tried again one by one; one that was cut off is unknown for
//        all of it, and each is resolved by its own write id.                                          (P4, S6)

import { StoreUnavailableError } from "../../base/errors.ts";
import type { Change, Committed, Owner } from "../../state/store.ts";
import { judge, type Head } from "../refusal.ts";
import type { Connections, Session } from "./connections.ts";
import type { Erasure } from "./erasure.ts";
import { nowSql } from "./time.ts";
import { stored, storedOrNull } from "./texts.ts";

/** Most changes of one statement. Source: 64 fill a group on a fast disk; more only makes each wait longer. */
const BATCH = 128;
/** Statements under way at the same time; more waiting changes make larger batches instead. */
const STATEMENTS = 2;

interface Waiting {
  readonly owner: Owner;
  readonly change: Change;
  readonly resolve: (committed: Committed) => void;
  readonly reject: (thrown: unknown) => void;
}

export interface CommitsOptions {
  readonly connections: Connections;
  readonly schema: string;
  readonly erasure: Erasure;
  /** The time for tests; null takes the server's. */
  readonly nowMs: () => number | null;
}

export class Commits {
  readonly #options: CommitsOptions;
  readonly #sql: string;
  readonly #head: string;
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #isScheduled = false;

  constructor(options: CommitsOptions) {
    this.#options = options;
    this.#sql = commitSql(options.schema);
    this.#head = `SELECT version, epoch, status, write_id AS "writeId" FROM ${options.schema}.owners WHERE owner = $1 AND (expires_at IS NULL OR expires_at > ${nowSql("$2")})`;
  }

  commit(owner: Owner, change: Change): Promise<Committed> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ owner, change, resolve, reject });
      if (this.#isScheduled) return;
      this.#isScheduled = true;
      // What arrives in the same turn of the loop goes together.
      setImmediate(() => {
        this.#isScheduled = false;
        this.#send();
      });
    });
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#underWay < STATEMENTS) {
      const batch = this.#nextBatch();
      this.#underWay += 1;
      void this.#apply(batch).finally(() => {
        this.#underWay -= 1;
        this.#send();
      });
    }
  }

  /** CM2. */
  #nextBatch(): Waiting[] {
    const batch = new Map<Owner, Waiting>();
    let kept = 0;
    for (const each of this.#waiting) {
      if (batch.size < BATCH && !batch.has(each.owner)) batch.set(each.owner, each);
      else this.#waiting[kept++] = each;
    }
    this.#waiting.length = kept;
    return [...batch.values()].sort((a, b) => (a.owner < b.owner ? -1 : 1));
  }

  async #apply(batch: readonly Waiting[]): Promise<void> {
    let versions: Map<string, number>;
    try {
      versions = await this.#run(batch);
    } catch (thrown) {
      const isKnown = thrown instanceof StoreUnavailableError && thrown.fields.outcome === "none";
      // CM3: one of them may be the reason.
      if (batch.length > 1 && isKnown && thrown.fields.state !== undefined) await Promise.all(batch.map((each) => this.#apply([each])));
      else for (const each of batch) each.reject(thrown);
      return;
    }
    await Promise.all(batch.map((each) => this.#settle(each, versions.get(stored(each.owner)))));
  }

  async #settle({ owner, change, resolve, reject }: Waiting, version: number | undefined): Promise<void> {
    if (version !== undefined) return resolve({ version });
    try {
      resolve(await this.#judged(owner, change));
    } catch (thrown) {
      reject(thrown);
    }
  }

  /** Why a change was not applied. What expired goes away before its key is used again. */
  async #judged(owner: Owner, change: Change): Promise<Committed> {
    const { connections, erasure, nowMs } = this.#options;
    const [head] = await connections.run<Head>(this.#head, [stored(owner), nowMs()]);
    const verdict = judge(owner, { ...change, writeId: stored(change.writeId) }, head);
    if (verdict === "repeated") return { version: head!.version };
    if (verdict === "create") await erasure.removeExpired(owner);
    const version = (await this.#run([{ owner, change }])).get(stored(owner));
    if (version !== undefined) return { version };
    // Somebody was faster between the two statements.
    const [now] = await connections.run<Head>(this.#head, [stored(owner), nowMs()]);
    judge(owner, { ...change, writeId: stored(change.writeId) }, now);
    throw new StoreUnavailableError(`The record of ${owner} changed too often to be written. Try again.`, { owner, outcome: "none" });
  }

  async #run(batch: readonly Pick<Waiting, "owner" | "change">[]): Promise<Map<string, number>> {
    const { connections, nowMs } = this.#options;
    const session: Session = connections.run;
    const column = <T>(read: (change: Change, owner: Owner) => T): T[] => batch.map(({ owner, change }) => read(change, owner));
    const rows = await session<{ owner: string; version: number }>(this.#sql, [
      column((_, owner) => stored(owner)),
      column(({ writeId }) => stored(writeId)),
      column(({ expectedVersion }) => expectedVersion),
      column(({ epoch }) => epoch),
      column(({ record }) => storedOrNull(record)),
      column(({ answer }) => storedOrNull(answer?.callId)),
      column(({ answer }) => storedOrNull(answer?.digest)),
      column(({ answer }) => storedOrNull(answer?.text)),
      column(({ entry }) => storedOrNull(entry)),
      column(rareOf),
      nowMs(),
    ], "commit");
    return new Map(rows.map(({ owner, version }) => [owner, version]));
  }
}

/** What few commits have, as JSON; null for all others. Texts inside are stored texts. */
function rareOf({ facts = {}, consume, trimBelow }: Change): string | null {
  const named = Object.entries(facts).filter(([, value]) => value !== undefined).map(([name, value]) => [name, typeof value === "string" ? stored(value) : value]);
  if (named.length === 0 && !consume?.length && trimBelow === undefined) return null;
  return JSON.stringify({ facts: Object.fromEntries(named), ...(consume?.length ? { consume: consume.map(stored) } : {}), ...(trimBelow === undefined ? {} : { trim: trimBelow }) });
}

/** CM1. `rare` is JSON: facts, ids of consumed messages, the version below which turns go. */
function commitSql(schema: string): string {
  const fact = (name: string, column: string, type = "") => `CASE WHEN i.rare->'facts' ? '${name}' THEN (i.rare->'facts'->>'${name}')${type} ELSE o.${column} END`;
  return `
    WITH time AS MATERIALIZED (SELECT ${nowSql("$11")} AS now),
    input AS MATERIALIZED (
      SELECT owner, write_id, expected, epoch, record, call_id, digest, answer, entry, rare::jsonb AS rare
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
        AS t (owner, write_id, expected, epoch, record, call_id, digest, answer, entry, rare)),
    locked AS MATERIALIZED (SELECT o.id, o.owner FROM ${schema}.owners o WHERE o.owner = ANY ($1::text[]) ORDER BY o.owner FOR UPDATE),
    updated AS (
      UPDATE ${schema}.owners o SET version = o.version + 1, write_id = i.write_id, updated_at = time.now, record = coalesce(i.record, o.record),
        status = coalesce(i.rare->'facts'->>'status', o.status),
        agent_id = ${fact("agentId", "agent_id")}, customer = ${fact("customer", "customer")},
        end_reason = ${fact("endReason", "end_reason")}, expires_at = ${fact("expiresAtMs", "expires_at", "::bigint")}
      FROM input i JOIN locked l ON l.owner = i.owner, time
      WHERE o.id = l.id AND o.version = i.expected AND o.epoch = i.epoch AND o.status <> 'forgotten'
        AND (o.expires_at IS NULL OR o.expires_at > time.now) AND o.write_id IS DISTINCT FROM i.write_id
      RETURNING o.id, o.owner, o.version),
    created AS (
      INSERT INTO ${schema}.owners (owner, kind, version, write_id, status, agent_id, customer, end_reason, created_at, updated_at, expires_at, record)
      SELECT i.owner, split_part(i.owner, ':', 1), 1, i.write_id, coalesce(i.rare->'facts'->>'status', 'live'), i.rare->'facts'->>'agentId',
        i.rare->'facts'->>'customer', i.rare->'facts'->>'endReason', time.now, time.now, (i.rare->'facts'->>'expiresAtMs')::bigint, i.record
      FROM input i, time
      WHERE i.expected = 0 AND i.epoch = 0 AND NOT EXISTS (SELECT 1 FROM locked l WHERE l.owner = i.owner)
      ORDER BY i.owner
      ON CONFLICT (owner) DO NOTHING
      RETURNING id, owner, version),
    done AS MATERIALIZED (SELECT id, owner, version FROM updated UNION ALL SELECT id, owner, version FROM created),
    appended AS (
      INSERT INTO ${schema}.turns (owner_id, version, xid, at, call_id, digest, entry, answer)
      SELECT d.id, d.version, pg_current_xact_id()::text::bigint, time.now, i.call_id, i.digest, i.entry, i.answer
      FROM done d JOIN input i ON i.owner = d.owner, time
      WHERE coalesce((i.rare->>'trim')::bigint, 0) <= d.version),
    consumed AS (
      DELETE FROM ${schema}.inbox x USING done d JOIN input i ON i.owner = d.owner
      WHERE i.rare ? 'consume' AND x.owner_id = d.id AND i.rare->'consume' ? x.message_id),
    trimmed AS (
      DELETE FROM ${schema}.turns t USING done d JOIN input i ON i.owner = d.owner
      WHERE i.rare ? 'trim' AND t.owner_id = d.id AND t.version < (i.rare->>'trim')::bigint)
    SELECT owner, version FROM done`;
}
