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

/** What one statement has to do; what no change of the group asks for costs nothing. */
export interface Task {
  /** One change waits for a row that somebody else has locked; a group passes over it (CS3). */
  readonly isGroup: boolean;
  /** Whether there may be an owner to make. */
  readonly creates: boolean;
  /** Whether messages are consumed or turns trimmed. */
  readonly tidies: boolean;
}

/** @param schema as SQL writes it. Parameter 10, `rare`, is JSON: facts, ids of consumed messages, the version below which turns go. */
export function commitSql(schema: string, { isGroup, creates, tidies }: Task): string {
  const locks = isGroup || creates;
  return `
    WITH time AS MATERIALIZED (SELECT ${nowSql("$11")} AS now),
    input AS MATERIALIZED (${INPUT})${locks ? `,
    locked AS MATERIALIZED (
      SELECT o.id, i.* FROM input i JOIN ${schema}.owners o ON o.owner = i.owner ORDER BY o.owner FOR UPDATE OF o${isGroup ? " SKIP LOCKED" : ""})` : ""},
    updated AS (
      UPDATE ${schema}.owners o SET version = o.version + 1, write_id = i.write_id, updated_at = time.now, record = coalesce(i.record, o.record),
        status = coalesce(i.rare->'facts'->>'status', o.status),
        agent_id = ${fact("agentId", "agent_id")}, customer = ${fact("customer", "customer")},
        end_reason = ${fact("endReason", "end_reason")}, expires_at = ${fact("expiresAtMs", "expires_at", "::bigint")}
      FROM ${locks ? "locked" : "input"} i, time
      WHERE ${locks ? "o.id = i.id" : "o.owner = i.owner"} AND o.version = i.expected AND o.epoch = i.epoch AND o.status <> 'forgotten'
        AND (o.expires_at IS NULL OR o.expires_at > time.now) AND o.write_id IS DISTINCT FROM i.write_id
      RETURNING o.id, o.owner, o.version, i.call_id, i.digest, i.entry, i.answer, i.rare)${creates ? created(schema) : ""},
    done AS MATERIALIZED (
      SELECT * FROM updated${creates ? " UNION ALL SELECT c.id, c.owner, c.version, i.call_id, i.digest, i.entry, i.answer, i.rare FROM created c JOIN input i ON i.owner = c.owner" : ""}),
    appended AS (
      INSERT INTO ${schema}.turns (owner_id, version, xid, at, call_id, digest, entry, answer)
      SELECT d.id, d.version, pg_current_xact_id()::text::bigint, time.now, d.call_id, d.digest, d.entry, d.answer
      FROM done d, time
      WHERE coalesce((d.rare->>'trim')::bigint, 0) <= d.version)${tidies ? tidied(schema) : ""}
    SELECT owner, version FROM done`;
}

/**
 * The changes. That an owner equals itself is always so; the planner takes it for a rare thing, expects one row, and looks
 * each owner up by its index. Without it a plan that was made while the tables were empty, and is kept for as long as the
 * connection, reads every owner for each commit.
 */
const INPUT = `
      SELECT owner, write_id, expected, epoch, record, call_id, digest, answer, entry, rare::jsonb AS rare
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
        AS t (owner, write_id, expected, epoch, record, call_id, digest, answer, entry, rare)
      WHERE owner = owner || ''`;

function created(schema: string): string {
  return `,
    created AS (
      INSERT INTO ${schema}.owners (owner, kind, version, write_id, status, agent_id, customer, end_reason, created_at, updated_at, expires_at, record)
      SELECT i.owner, split_part(i.owner, ':', 1), 1, i.write_id, coalesce(i.rare->'facts'->>'status', 'live'), i.rare->'facts'->>'agentId',
        i.rare->'facts'->>'customer', i.rare->'facts'->>'endReason', time.now, time.now, (i.rare->'facts'->>'expiresAtMs')::bigint, i.record
      FROM input i, time
      WHERE i.expected = 0 AND i.epoch = 0 AND NOT EXISTS (SELECT 1 FROM locked l WHERE l.owner = i.owner)
      ORDER BY i.owner COLLATE "C"
      ON CONFLICT (owner) DO NOTHING
      RETURNING id, owner, version)`;
}

function tidied(schema: string): string {
  return `,
    consumed AS (
      DELETE FROM ${schema}.inbox x USING done d
      WHERE d.rare ? 'consume' AND x.owner_id = d.id AND d.rare->'consume' ? x.message_id),
    trimmed AS (
      DELETE FROM ${schema}.turns t USING done d
      WHERE d.rare ? 'trim' AND t.owner_id = d.id AND t.version < (d.rare->>'trim')::bigint)`;
}

function fact(name: string, column: string, type = ""): string {
  return `CASE WHEN i.rare->'facts' ? '${name}' THEN (i.rare->'facts'->>'${name}')${type} ELSE o.${column} END`;
}
