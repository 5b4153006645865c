// The turns of an owner: journal and ledger, read and removed along their links (schema.ts, G2).
//
//   N1. A hop goes only to a row of the same owner with a lower version: a link that dangles ends the walk. (S4)
//   N2. What is trimmed is invisible at once, and removed when it is half of what is there: then a walk over what is
//       kept is paid for by as many commits, and trimming with every commit costs O(1).

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS } from "../../state/store.ts";
import type { Entry, KnownCall } from "../../state/store.ts";
import { all, one, run } from "./query.ts";

/** Where an owner's turns begin and which of them count. */
export interface Chain {
  readonly id: number;
  readonly version: number;
  readonly lastTurn: number | null;
  readonly lastCall: number | null;
  readonly trimBelow: number;
  readonly keptFrom: number;
}

/** Every turn of `$owner` from `$last` back to version `$lowest` (N1). */
const WALK = `WITH RECURSIVE chain (id, version, prev) AS (
    SELECT id, version, prev FROM turns WHERE id = $last AND owner_id = $owner AND version >= $lowest
    UNION ALL
    SELECT t.id, t.version, t.prev FROM chain c CROSS JOIN turns t ON t.id = c.prev
    WHERE t.owner_id = $owner AND t.version < c.version AND t.version >= $lowest)`;

/** The last `$most` calls of `$owner`, newest first, by the same rule. */
const CALLS = `WITH RECURSIVE chain (id, version, prev_call, hops) AS (
    SELECT id, version, prev_call, 1 FROM turns WHERE id = $last AND owner_id = $owner AND version >= $lowest
    UNION ALL
    SELECT t.id, t.version, t.prev_call, c.hops + 1 FROM chain c CROSS JOIN turns t ON t.id = c.prev_call
    WHERE t.owner_id = $owner AND t.version < c.version AND t.version >= $lowest AND c.hops < $most)`;

export class Turns {
  readonly #history: StatementSync;
  readonly #withAnswers: StatementSync;
  readonly #ledger: StatementSync;
  readonly #answer: StatementSync;
  readonly #joint: StatementSync;
  readonly #remove: StatementSync;
  readonly #trim: StatementSync;

  constructor(database: DatabaseSync) {
    const history = (more: string): string => `${WALK}
      SELECT t.version, t.at AS atMs, t.entry AS text, t.call_id AS callId${more} FROM chain c CROSS JOIN turns t ON t.id = c.id ORDER BY t.version LIMIT $limit`;
    this.#history = database.prepare(history(""));
    this.#withAnswers = database.prepare(history(", t.answer"));
    this.#ledger = database.prepare(`${CALLS}
      SELECT t.call_id AS callId, t.digest, t.version, t.at AS atMs FROM chain c CROSS JOIN turns t ON t.id = c.id
      WHERE t.at > $oldest ORDER BY t.version DESC`);
    this.#answer = database.prepare(`${CALLS}
      SELECT t.answer FROM chain c CROSS JOIN turns t ON t.id = c.id
      WHERE t.at > $oldest AND t.call_id = $call ORDER BY t.version DESC LIMIT 1`);
    this.#joint = database.prepare(`
      SELECT answer, at FROM turns WHERE owner_id = $owner AND call_id = $call AND is_joint = 1 AND version >= $lowest ORDER BY version DESC LIMIT 1`);
    this.#remove = database.prepare(`DELETE FROM turns WHERE id IN (${WALK} SELECT id FROM chain WHERE version < $below)`);
    this.#trim = database.prepare("UPDATE owners SET trim_below = ?, kept_from = ? WHERE id = ?");
  }

  /** Oldest first, with versions above `afterVersion`. */
  history(chain: Chain, afterVersion: number, limit: number, answers: boolean): Entry[] {
    const lowest = Math.max(chain.trimBelow, afterVersion + 1);
    return all<Entry>(answers ? this.#withAnswers : this.#history, { last: chain.lastTurn, owner: chain.id, lowest, limit });
  }

  /** The calls whose answers are kept, oldest first; of one call id the newest. (P5) */
  calls(chain: Chain, nowMs: number): KnownCall[] {
    if (chain.lastCall === null) return [];
    const newestFirst = all<KnownCall>(this.#ledger, { last: chain.lastCall, owner: chain.id, lowest: chain.trimBelow, oldest: nowMs - LEDGER_MAX_AGE_MS, most: LEDGER_MAX_CALLS });
    const seen = new Set<string>();
    return newestFirst.filter((call) => !seen.has(call.callId) && seen.add(call.callId)).reverse();
  }

  /** A conversation's is found along the links, for its owner asks only for what it knows; others by their index. (P11) */
  answer(chain: Chain, call: string, isJoint: boolean, nowMs: number): string | undefined {
    const oldest = nowMs - LEDGER_MAX_AGE_MS;
    const place = { owner: chain.id, lowest: chain.trimBelow, call };
    if (!isJoint) return one<{ answer: string }>(this.#answer, { ...place, last: chain.lastCall, oldest, most: Number.MAX_SAFE_INTEGER })?.answer;
    const found = one<{ answer: string; at: number }>(this.#joint, place);
    return found && found.at > oldest ? found.answer : undefined;
  }

  /** How many turns are visible. Every version has one. */
  count(chain: Chain): number {
    return Math.max(0, chain.version - chain.trimBelow + 1);
  }

  /** Hides versions below `below`, and removes their rows when that is due (N2). */
  trim(chain: Chain, below: number): void {
    const lowest = Math.max(chain.trimBelow, Math.min(below, chain.version + 1));
    const isDue = lowest - chain.keptFrom >= chain.version + 1 - lowest;
    if (isDue) this.#removeBelow(chain, lowest);
    run(this.#trim, lowest, isDue ? lowest : chain.keptFrom, chain.id);
  }

  /** Removes every row, visible or not; returns how many there were. */
  removeAll(chain: Chain): number {
    return this.#removeBelow(chain, chain.version + 1);
  }

  #removeBelow(chain: Chain, below: number): number {
    return run(this.#remove, { last: chain.lastTurn, owner: chain.id, lowest: chain.keptFrom, below });
  }
}
