// The statement that applies commits.
//
//   CS1. A change is applied when its owner has the expected version and epoch, is not forgotten, not expired, and was
//        last written under another id; what is not applied writes nothing.                          (S1, S2)
//   CS2. What was committed while this statement waited for a row counts: the row is locked first, and PostgreSQL looks
//        at the newest version of a row that it locks or updates. Nothing else that it reads can be newer than what
//        the caller of an applied change had seen.
//   CS3. A group passes over rows that somebody else has locked: no conversation waits for another one's row, and no
//        two statements wait for each other in a circle. What was passed over is not applied.

import { nowSql } from "./time.ts";

/** Whether the statement waits for rows that others have locked (CS3). */
export type Waits = "waits" | "passes over";

/** @param schema as SQL writes it. Parameter 10, `rare`, is JSON: facts, ids of consumed messages, the version below which turns go. */
export function commitSql(schema: string, waits: Waits): string {
  return `
    WITH time AS MATERIALIZED (SELECT ${nowSql("$11")} AS now),
    input AS MATERIALIZED (
      SELECT owner, write_id, expected, epoch, record, call_id, digest, answer, entry, rare::jsonb AS rare
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
        AS t (owner, write_id, expected, epoch, record, call_id, digest, answer, entry, rare)),
    locked AS MATERIALIZED (
      SELECT o.id, o.owner FROM ${schema}.owners o WHERE o.owner = ANY ($1::text[]) ORDER BY o.owner FOR UPDATE${waits === "waits" ? "" : " SKIP LOCKED"}),
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
      ORDER BY i.owner COLLATE "C"
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

function fact(name: string, column: string, type = ""): string {
  return `CASE WHEN i.rare->'facts' ? '${name}' THEN (i.rare->'facts'->>'${name}')${type} ELSE o.${column} END`;
}
