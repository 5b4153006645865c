// Limits and cursors of the reading methods, alike in all stores.
//
// A cursor is a positive integer as text: it grows, and it is the caller's to keep, never to make.

import { ConversimpleError } from "../base/errors.ts";

/** Items per answer when the caller names no limit, and the most that one answer may have. Source: the store port. */
export const PAGE_ITEMS = { list: 100, history: 1_000, feed: 100, sweep: 1_000, inbox: 100, most: 1_000 } as const;

/** @throws {ConversimpleError} `option_invalid` when it is not a positive integer; a limit that is too large is cut. */
export function pageLimit(limit: number | undefined, fallback: number): number {
  if (limit === undefined) return fallback;
  if (!Number.isSafeInteger(limit) || limit < 1) throw new ConversimpleError("option_invalid", "The limit is not a positive integer.", { option: "limit" });
  return Math.min(limit, PAGE_ITEMS.most);
}

/** @throws {ConversimpleError} `option_invalid` when the text is not a cursor that a store gave out. */
export function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new ConversimpleError("option_invalid", "The cursor was not given out by this store. Begin without one.", { option: "cursor" });
}
