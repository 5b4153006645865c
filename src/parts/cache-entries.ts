// The values of a cache: bounded, with an age, and nobody's but the cache's.
//
//   CE1. A value is kept as text: who reads it gets a copy of his own, whoever put it there keeps his.   (P3, P20)
//        What has no lossless text is refused with its path.                                           (P7)
//   CE2. Age is counted in monotonic time; a wall clock that somebody sets makes nothing older or younger.
//   CE3. At most `max` entries; the one that was used least recently goes first.

import { LRUCache } from "lru-cache";

import { systemClock, type Clock } from "../base/clock.ts";
import { decode, encode } from "../base/codec.ts";

/** One clock for all entries of a cache, also when its agent is given from one host to another, as tests do. */
export class CacheTime {
  #clock: Clock = systemClock;
  #offset = 0;

  /** The clock that was used last. */
  get clock(): Clock {
    return this.#clock;
  }

  /** Goes on with another clock from the moment that was reached. */
  use(clock: Clock): void {
    if (clock === this.#clock) return;
    // Whole: a fraction would be lost or won by rounding later on, and with it the last moment of a value.
    this.#offset = Math.ceil(this.now() - clock.monotonic());
    this.#clock = clock;
  }

  /** Milliseconds, above 0, which lru-cache takes for "no time"; never goes back (CE2). */
  now(): number {
    return this.#clock.monotonic() + this.#offset;
  }
}

/** A value as it is kept. */
export interface CacheEntry {
  readonly text: string;
  /** When it was put there, by the cache's time. */
  readonly atMs: number;
}

/** @throws {StateInvalidError} naming the path of what is not plain data (CE1). */
export function entryOf(value: unknown, name: string, time: CacheTime): CacheEntry {
  return { text: encode(value, name), atMs: time.now() };
}

/** A copy that belongs to whoever asked for it (CE1). */
export function valueOf(entry: CacheEntry): unknown {
  return decode(entry.text);
}

export class CacheEntries {
  readonly #kept: LRUCache<string, CacheEntry>;

  /** @param keptMs how long an entry can be served at all. */
  constructor(max: number, keptMs: number, time: CacheTime) {
    // Counted by size, since lru-cache allocates for all of `max` at once: 39 KiB for 1,000, in each conversation.
    this.#kept = new LRUCache({ maxSize: max, sizeCalculation: () => 1, ttl: keptMs, ttlResolution: 0, perf: time });
  }

  /** The entry, unless it is too old to be served. */
  get(key: string): CacheEntry | undefined {
    return this.#kept.get(key);
  }

  /** The same without a use: it goes when it would have gone. */
  peek(key: string): CacheEntry | undefined {
    return this.#kept.peek(key);
  }

  put(key: string, entry: CacheEntry): void {
    this.#kept.set(key, entry);
  }

  /** Whether it was there. */
  delete(key: string): boolean {
    return this.#kept.delete(key);
  }

  /** Lets go of what is too old to be served, and of what a key says is nobody's any more. */
  drop(isOver: (key: string) => boolean): void {
    this.#kept.purgeStale();
    for (const key of [...this.#kept.keys()]) if (isOver(key)) this.#kept.delete(key);
  }

  /** How many can still be served. */
  get size(): number {
    this.#kept.purgeStale();
    return this.#kept.size;
  }
}
