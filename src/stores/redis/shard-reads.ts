// Reading over all shards: lists and the feed, each shard in its own order, put together here.
//
//   SH1. A page is complete: every shard gives as many as the whole page may have, and the newest of all are kept.
//   SH2. The feed moves on in a shard only past what it handed out, so nothing is missed or repeated, though the shards
//        are not looked at in the same moment.

import { ConversimpleError } from "../../base/errors.ts";
import type { FeedItem, ListFilter, ListPage, Listed } from "../../state/store.ts";
import { PAGE_ITEMS, pageLimit } from "../paging.ts";
import { feedCursor, readFeedCursor } from "./feed-cursor.ts";
import type { Shard } from "./keys.ts";
import { feedItemOf, listedOf, listOf, numberOf, textOf, type Reply } from "./replies.ts";
import { SCRIPTS, type Script } from "./script.ts";

/** Runs a script on a shard. */
export type AskShard = (shard: Shard, script: Script, ...args: readonly string[]) => Promise<Reply>;

/** One page of a list, newest first. @throws {ConversimpleError} `option_invalid`. */
export async function readList(shards: readonly Shard[], ask: AskShard, filter: ListFilter): Promise<ListPage> {
  const limit = pageLimit(filter.limit, PAGE_ITEMS.list);
  const before = filter.cursor === undefined ? "+inf" : checkCursor(filter.cursor);
  const parts = await Promise.all(shards.map((shard) => newestOf(ask, shard, filter, before, limit + 1)));
  const found = parts.flat().sort((a, b) => b.sequence - a.sequence);
  const page = found.slice(0, limit);
  return {
    items: page.map(({ sequence: _sequence, ...item }) => item),
    nextCursor: found.length > limit ? String(page.at(-1)!.sequence) : null,
  };
}

type Numbered = Listed & { readonly sequence: number };

async function newestOf(ask: AskShard, shard: Shard, filter: ListFilter, before: string, limit: number): Promise<Numbered[]> {
  const { kind, status, agentId, customer, orphaned } = filter;
  const index = kind !== "conversation" ? "owners" : status === "live" ? "live" : "conversations";
  const given: readonly (readonly [letter: string, value: string | undefined])[] = [["k", kind && `${kind}:`], ["s", status], ["a", agentId], ["c", customer]];
  const mask = given.map(([letter, value]) => (value === undefined ? "" : letter)).join("") + (orphaned ? "o" : "");
  const items: Numbered[] = [];
  for (let at = before; ; ) {
    const [rows, next] = listOf(await ask(shard, SCRIPTS.list, index, at, String(limit - items.length), mask, ...given.map(([, value]) => value ?? "")));
    items.push(...listOf(rows).map(listedOf));
    at = textOf(next);
    if (at === "" || items.length >= limit) break;
  }
  // By customer they come all at once and in no order.
  return customer === undefined ? items : items.filter((item) => before === "+inf" || item.sequence < Number(before));
}

function checkCursor(cursor: string): string {
  if (/^\d{1,16}$/.test(cursor)) return cursor;
  throw new ConversimpleError("option_invalid", "The cursor was not given out by this store. Begin without one.", { option: "cursor" });
}

/** What was committed after a place in the feed, at most `limit`; with null the newest place. */
export async function readFeed(shards: readonly Shard[], ask: AskShard, after: string | null, limit: number): Promise<{ items: FeedItem[]; cursor: string }> {
  if (after === null) {
    const newest = await Promise.all(shards.map(async (shard) => numberOf(listOf(await ask(shard, SCRIPTS.feed, "0", "0"))[1])));
    return { items: [], cursor: feedCursor(newest) };
  }
  const places = readFeedCursor(after, shards.length);
  const parts = await Promise.all(shards.map((shard, n) => nextOf(ask, shard, places[n]!, limit)));
  const next = parts.flatMap((items, n) => items.map((item) => ({ ...item, shard: n }))).sort((a, b) => a.place - b.place);
  const items = next.slice(0, limit).map(({ place, shard, ...item }): FeedItem => {
    places[shard] = place;
    return { ...item, cursor: feedCursor(places) };
  });
  return { items, cursor: items.at(-1)?.cursor ?? after };
}

type Placed = Omit<FeedItem, "cursor"> & { readonly place: number };

async function nextOf(ask: AskShard, shard: Shard, after: number, limit: number): Promise<Placed[]> {
  const items: Placed[] = [];
  for (let at = String(after); items.length < limit; ) {
    const [rows, place, isDone] = listOf(await ask(shard, SCRIPTS.feed, at, String(limit - items.length)));
    items.push(...listOf(rows).map(feedItemOf));
    at = textOf(place);
    if (numberOf(isDone) === 1) break;
  }
  return items;
}
