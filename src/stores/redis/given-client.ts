// A client that the user made: of `redis` or of `ioredis`, for one server, Sentinel or a cluster.
//
//   GC1. It is a pattern: the store makes connections of its own with `duplicate()`, with the same settings. The client
//        itself is neither used nor closed, so dropping a connection harms nobody else.                     (CN1)

import { ConversimpleError } from "../../base/errors.ts";
import { bounded, type Connect } from "./connection.ts";
import { connected, type NodeRedisClient } from "./node-redis.ts";

/** A client of `redis` (6) or `ioredis`; what the store uses of it. */
export interface RedisClientLike {
  // Bivariant on purpose: the two packages take other options.
  duplicate(...overrides: never[]): object;
}

/** The part of a client of `ioredis` that is used. */
interface IoredisClient {
  evalsha(sha: string, keys: number, ...rest: string[]): Promise<unknown>;
  eval(source: string, keys: number, ...rest: string[]): Promise<unknown>;
  connect(): Promise<unknown>;
  quit(): Promise<unknown>;
  disconnect(): void;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
}

/** How to connect as a given client does. @throws {ConversimpleError} `store_misconfigured` when it is no such client. */
export function connectLike(client: RedisClientLike, timeoutMs: number): { connect: Connect; isCluster: boolean } {
  if ("evalsha" in client && "isCluster" in client) return { connect: likeIoredis(client, timeoutMs), isCluster: client.isCluster === true };
  if ("evalSha" in client) return { connect: likeNodeRedis(client, timeoutMs), isCluster: "slots" in client };
  throw new ConversimpleError("store_misconfigured", "The given client is neither one of the package redis nor one of ioredis.");
}

function likeNodeRedis(pattern: RedisClientLike, timeoutMs: number): Connect {
  const { options, slots } = pattern as { options?: { socket?: object }; slots?: unknown };
  // A cluster's and a Sentinel client's own settings are deeper; their clients come back by themselves, which `link.ts` bears.
  const override = options?.socket && slots === undefined ? [{ socket: { ...options.socket, reconnectStrategy: false }, disableOfflineQueue: true }] : [];
  return (lost) => connected(pattern.duplicate(...(override as never[])) as NodeRedisClient, timeoutMs, override.length > 0 ? lost : () => {});
}

function likeIoredis(pattern: RedisClientLike & { isCluster?: unknown }, timeoutMs: number): Connect {
  // Without it, ioredis sends once more what was cut off.
  const once = { lazyConnect: true, autoResendUnfulfilledCommands: false, retryStrategy: () => null };
  const override = pattern.isCluster === true ? [[], { lazyConnect: true, clusterRetryStrategy: () => null, redisOptions: { autoResendUnfulfilledCommands: false } }] : [once];
  return async (lost) => {
    const client = pattern.duplicate(...(override as never[])) as IoredisClient;
    let failure: Error | undefined;
    client.on("error", (error) => (failure = error));
    client.on("end", () => lost());
    try {
      await bounded(client.connect(), timeoutMs, () => {});
    } catch (thrown) {
      client.disconnect();
      throw failure ?? thrown;
    }
    return {
      evalSha: (sha, keys, args) => client.evalsha(sha, keys.length, ...keys, ...args),
      eval: (source, keys, args) => client.eval(source, keys.length, ...keys, ...args),
      close: async () => void (await client.quit()),
      destroy: () => client.disconnect(),
    };
  };
}
