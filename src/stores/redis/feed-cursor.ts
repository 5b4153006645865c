// A place in the feed of all shards: one number for each, since no order holds over several servers at once.
//
//   FC1. With one shard it is a number that grows; "0" is the beginning of any feed.

import { ConversimpleError } from "../../base/errors.ts";

/** The places of all shards. @throws {ConversimpleError} `option_invalid` when no store gave it out. */
export function readFeedCursor(cursor: string, shards: number): number[] {
  if (cursor === "0") return Array.from({ length: shards }, () => 0);
  const places = cursor.split(".");
  if (places.length === shards && places.every((place) => /^\d{1,16}$/.test(place))) return places.map(Number);
  throw new ConversimpleError("option_invalid", "The cursor was not given out by this store. Begin without one.", { option: "cursor" });
}

/** The text of the places. */
export function feedCursor(places: readonly number[]): string {
  return places.join(".");
}
