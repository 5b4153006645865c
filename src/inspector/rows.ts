// The list of conversations: filters, search, pages.
//
//   RW1. A search looks through a bounded number of conversations per page, and goes on with the next page.
//   RW2. Pages follow each other without gaps; what is created meanwhile is on the first page.

import { InspectorRefusal } from "./refusal.ts";
import { conversationOwner, idOf, type Listed, type ListFilter, type Store } from "../state/store.ts";
import type { ConversationRow, Page } from "./api.ts";

/** Rows of a page unless told otherwise, and the most. */
export const ROWS = { usual: 100, most: 1_000 } as const;
/** Conversations that one page of a search looks at (RW1). */
const SCAN = 10_000;
const STORE_PAGE = 1_000;

/** What is asked for. */
export interface RowQuery extends Pick<ListFilter, "status" | "agentId" | "customer"> {
  /** A part of the id, whatever its case. */
  readonly search?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Where a page went on: on the store's page with this cursor, behind the conversation with this id. */
interface Place {
  readonly page: string | null;
  readonly last: string | null;
}

/** @throws {ConversimpleError} `option_invalid`: the cursor is none of this list. */
export async function rows(store: Store, { search, limit, cursor, ...filter }: RowQuery): Promise<Page<ConversationRow>> {
  const wanted = search?.toLowerCase();
  const items: ConversationRow[] = [];
  const exact = wanted === undefined || cursor !== undefined ? undefined : await exactly(store, search!, filter);
  if (exact) items.push(exact);
  let { page, last }: Place = cursor === undefined ? { page: null, last: null } : placeOf(cursor);
  for (let seen = 0; ; ) {
    const listed = await store.list({ kind: "conversation", ...filter, limit: wanted === undefined ? Math.min(STORE_PAGE, limit * 2) : STORE_PAGE, ...(page === null ? {} : { cursor: page }) });
    const skipped = last === null ? -1 : listed.items.findIndex(({ owner }) => idOf(owner) === last);
    for (const item of listed.items.slice(skipped + 1)) {
      const id = idOf(item.owner);
      if (items.length >= limit) return { items, nextCursor: textOf({ page, last }) };
      last = id;
      if ((wanted === undefined || id.toLowerCase().includes(wanted)) && id !== search) items.push(rowOf(item));
    }
    if (listed.nextCursor === null) return { items, nextCursor: null };
    page = listed.nextCursor;
    last = null;
    seen += listed.items.length;
    if (items.length >= limit || seen >= SCAN) return { items, nextCursor: textOf({ page, last }) };
  }
}

/** The one whose id was typed whole stands first, however old it is. */
async function exactly(store: Store, id: string, { status, agentId, customer }: ListFilter): Promise<ConversationRow | undefined> {
  const loaded = await store.load(conversationOwner(id));
  const { facts } = loaded ?? {};
  if (!loaded || !facts || (status && facts.status !== status) || (agentId !== undefined && facts.agentId !== agentId) || (customer !== undefined && facts.customer !== customer)) return undefined;
  return rowOf(loaded);
}

/** No size: what is masked in the record, only who reads it knows. (P21) */
export function rowOf({ owner, version, process, facts }: Pick<Listed, "owner" | "version" | "process" | "facts">): ConversationRow {
  const { agentId, status, endReason, customer, createdAtMs, updatedAtMs, expiresAtMs } = facts;
  return { conversationId: idOf(owner), agentId, status, endReason, customer, createdAtMs, updatedAtMs, expiresAtMs, version, process };
}

function textOf(place: Place): string {
  return Buffer.from(JSON.stringify([place.page, place.last]), "utf8").toString("base64url");
}

function placeOf(cursor: string): Place {
  try {
    const [page, last] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")) as unknown[];
    if ((page === null || typeof page === "string") && (last === null || typeof last === "string")) return { page, last };
  } catch {
    // As for any other text that is none.
  }
  throw new InspectorRefusal(400, "option_invalid", "The cursor was not given out by this list. Begin without one.");
}
