// From an address, or a client, to an open store.
//
//   RO1. A server that cannot be used is an error with a remedy within the timeout, and never another store.

import { systemClock } from "../../base/clock.ts";
import { ConversimpleError } from "../../base/errors.ts";
import { silentLogger, type Logger } from "../../base/log.ts";
import type { Store, StoreOptions } from "../../state/store.ts";
import { parseAddress } from "./address.ts";
import type { Way } from "./connection.ts";
import { openingError } from "./failure.ts";
import { connectLike, type RedisClientLike } from "./given-client.ts";
import { checkGreetings, FORMAT } from "./greeting.ts";
import { DEFAULT_PREFIX, Keyspace, type Shard } from "./keys.ts";
import { Link, type LinkOptions } from "./link.ts";
import { connectTo } from "./node-redis.ts";
import { Regressions } from "./regressions.ts";
import { SCRIPTS } from "./script.ts";
import { RedisStore } from "./store.ts";

/** Options of {@link openRedis}. */
export interface RedisOptions extends StoreOptions {
  /** Where warnings about the server's settings go, and what Redis lost; nowhere unless given. */
  readonly logger?: Logger;
}

/** A client instead of an address. */
export interface GivenClient {
  /** A client of `redis` (one server, Sentinel, cluster) or `ioredis`; a pattern, neither used nor closed by the store. */
  readonly client: RedisClientLike;
  /** What all keys begin with; `conversimple:` unless given. */
  readonly prefix?: string;
}

/** Default of `StoreOptions.timeoutMs`. */
const TIMEOUT_MS = 5_000;

/**
 * Opens a store on Redis or Valkey.
 *
 * @param at `redis://`, `rediss://`, `redis+sentinel://`, `redis+cluster://` (see address.ts), or a client.
 * @throws {ConversimpleError} `store_misconfigured` with the remedy (RO1).
 */
export async function openRedis(at: string | GivenClient, options: RedisOptions = {}): Promise<Store> {
  const { clock = systemClock, timeoutMs = TIMEOUT_MS, logger = silentLogger } = options;
  const { address, way, keys } = await placeOf(at, timeoutMs);
  const links = linksTo(keys.shards, way, { address, timeoutMs });
  try {
    await Promise.all([...links.values()].map((link) => link.open()));
    const greetings = await Promise.all(keys.shards.map((shard, n) => links.get(shard)!.call(SCRIPTS.greet, [shard.format, shard.sequence], [String(FORMAT), String(n)])));
    checkGreetings(greetings, address, logger);
  } catch (thrown) {
    await Promise.all([...links.values()].map((link) => link.close()));
    throw openingError(thrown, address);
  }
  return new RedisStore({ address, links, keys, regressions: new Regressions(address, logger), clock });
}

/** One link for all shards, or one for each (LK1 holds for each). */
function linksTo(shards: readonly Shard[], way: Way, options: Omit<LinkOptions, "connect">): ReadonlyMap<Shard, Link> {
  if ("bySlot" in way) return new Map(shards.map((shard) => [shard, new Link({ ...options, connect: way.bySlot(shard.slot) })]));
  const one = new Link({ ...options, connect: way.all });
  return new Map(shards.map((shard) => [shard, one]));
}

async function placeOf(at: string | GivenClient, timeoutMs: number): Promise<{ address: string; way: Way; keys: Keyspace }> {
  if (typeof at === "string") {
    const address = parseAddress(at);
    return { address: address.shown, way: await connectTo(address, timeoutMs), keys: new Keyspace(address.prefix, address.kind === "cluster") };
  }
  if (typeof at.client !== "object" || at.client === null) throw new ConversimpleError("store_misconfigured", "openRedis takes an address or { client }.");
  const { connect, isCluster } = connectLike(at.client, timeoutMs);
  // Where the client connects to may hold a password.
  return { address: isCluster ? "redis+cluster:(a given client)" : "redis:(a given client)", way: { all: connect }, keys: new Keyspace(at.prefix ?? DEFAULT_PREFIX, isCluster) };
}
