// The rows of a list in the order in which calls began, newest first: a row never moves while somebody aims at it.
//
//   RX1. Rows are in order, each once; what is put again takes its place.
//   RX2. A row that does not fit the filter any more leaves.

import type { ConversationRow } from "../../../src/inspector/api.ts";
import type { ListFilter } from "../lib/address.ts";

/** A list after some rows were put in (RX1, RX2). The same list when nothing changes. */
export function withRows(rows: readonly ConversationRow[], changed: readonly ConversationRow[], filter: ListFilter): readonly ConversationRow[] {
  if (changed.length === 0) return rows;
  const byId = new Map(changed.map((row) => [row.conversationId, row]));
  const seen = new Set<string>();
  const kept = rows.flatMap((row) => {
    const next = byId.get(row.conversationId);
    if (!next) return [row];
    seen.add(row.conversationId);
    return fits(next, filter) ? [next] : [];
  });
  const added = [...byId.values()].filter((row) => !seen.has(row.conversationId) && fits(row, filter));
  return added.length === 0 ? kept : merged(kept, added.sort(newestFirst));
}

/** A list without a row. */
export function withoutRow(rows: readonly ConversationRow[], conversationId: string): readonly ConversationRow[] {
  return rows.some((row) => row.conversationId === conversationId) ? rows.filter((row) => row.conversationId !== conversationId) : rows;
}

/** Whether a row is what the filter asks for. */
export function fits(row: ConversationRow, { status, agent, customer, search }: ListFilter): boolean {
  return (
    (status === "all" || row.status === status) &&
    (agent === "" || row.agentId === agent) &&
    (customer === "" || row.customer === customer) &&
    (search === "" || row.conversationId.toLowerCase().includes(search.toLowerCase()))
  );
}

function merged(rows: readonly ConversationRow[], added: readonly ConversationRow[]): ConversationRow[] {
  const all: ConversationRow[] = [];
  let next = 0;
  for (const row of rows) {
    while (next < added.length && newestFirst(added[next]!, row) < 0) all.push(added[next++]!);
    all.push(row);
  }
  return [...all, ...added.slice(next)];
}

function newestFirst(a: ConversationRow, b: ConversationRow): number {
  return b.createdAtMs - a.createdAtMs || (a.conversationId < b.conversationId ? -1 : 1);
}
