// Connections of the package `redis`: one server, the primary that Sentinels name, a cluster.
//
//   NR1. The package is loaded when a store is opened; without it the error says what to install.
//   NR2. The clients never reconnect and never keep commands for later: `link.ts` decides what is sent again.
//   NR3. After every connection Sentinel is asked anew, and whom it names must say itself that it is the primary.

import { readFileSync } from "node:fs";
import { ConversimpleError } from "../../base/errors.ts";
import type { Endpoint, Login, RedisAddress } from "./address.ts";
import { Cluster, type Dial } from "./cluster.ts";
import { bounded, type Connect, type Connection, type Way } from "./connection.ts";
import { NoPrimary } from "./failure.ts";

/** The part of a client of `redis` that is used; client, cluster and Sentinel client are alike in it. */
export interface NodeRedisClient {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(source: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  connect(): Promise<unknown>;
  close(): unknown;
  destroy(): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** How to connect to an address. @throws {ConversimpleError} `store_misconfigured` (NR1), or a file that cannot be read. */
export async function connectTo(address: RedisAddress, timeoutMs: number): Promise<Way> {
  const redis = await import("redis").catch((thrown: unknown) => {
    throw new ConversimpleError("store_misconfigured", "Stores of the kind redis: need the package redis. Install it: npm install redis", {}, { cause: thrown });
  });
  const tls = address.isTls ? { tls: true as const, ...caOf(address) } : {};
  const socket = { connectTimeout: timeoutMs, reconnectStrategy: false as const, ...tls };
  const dialling = (login: Login, database: number): Dial => async (endpoint, lost, withinMs) => {
    const client = redis.createClient({ socket: { ...socket, ...endpoint }, ...login, database, disableOfflineQueue: true, maintNotifications: "disabled" });
    const send = (command: string[]) => client.sendCommand(command);
    return { ...(await connected(client, withinMs, lost, send)), send };
  };

  const dial = dialling(address.login, address.database);
  if (address.kind === "single") return { all: (lost) => dial(address.endpoints[0]!, lost, timeoutMs) };
  if (address.kind === "sentinel") return { all: throughSentinel(address, dial, dialling(address.sentinelLogin, 0), timeoutMs) };
  const cluster = new Cluster({ dial, endpoints: address.endpoints, timeoutMs });
  return { bySlot: (slot) => cluster.connectTo(slot) };
}

/** NR3. */
function throughSentinel(address: RedisAddress, dial: Dial, dialSentinel: Dial, timeoutMs: number): Connect {
  return async (lost) => {
    const primary = await primaryOf(address, async (endpoint) => {
      const sentinel = await dialSentinel(endpoint, () => {}, timeoutMs);
      return bounded(sentinel.send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.primary]), timeoutMs, () => {}).finally(() => sentinel.destroy());
    });
    const connection = await dial(primary, lost, timeoutMs);
    const role = await bounded(connection.send(["ROLE"]), timeoutMs, () => connection.destroy());
    if (Array.isArray(role) && String(role[0]) === "master") return connection;
    connection.destroy();
    throw new Error("READONLY Sentinel named a server that is not the primary (yet).");
  };
}

/**
 * Connects a client that is ours alone, and says when it is lost.
 *
 * @param send a shorter way to a single server, where there is one: it saves a tenth of the client's time.
 */
export async function connected(client: NodeRedisClient, timeoutMs: number, lost: () => void, send?: (args: string[]) => Promise<unknown>): Promise<Connection> {
  // A cluster says only that it found no node; why, its nodes said before.
  let first: Error | undefined;
  client.on("error", (error) => {
    first ??= error;
    lost();
  });
  try {
    await bounded(client.connect(), timeoutMs, () => {});
  } catch (thrown) {
    destroy(client);
    throw (thrown as Error).constructor.name === "RootNodesUnavailableError" ? (first ?? thrown) : thrown;
  }
  return {
    evalSha: (sha, keys, args) => send?.(["EVALSHA", sha, String(keys.length), ...keys, ...args]) ?? client.evalSha(sha, { keys: keys as string[], arguments: args as string[] }),
    eval: (source, keys, args) => client.eval(source, { keys: keys as string[], arguments: args as string[] }),
    close: async () => void (await client.close()),
    destroy: () => destroy(client),
  };
}

/** A client that is closed already says so; it is what we want. */
function destroy(client: NodeRedisClient): void {
  try {
    client.destroy();
  } catch {
    // It is gone.
  }
}

/** The first answer of a Sentinel that knows the primary (NR3). @throws {NoPrimary}, or what one of them threw. */
async function primaryOf({ endpoints, primary }: RedisAddress, ask: (endpoint: Endpoint) => Promise<unknown>): Promise<Endpoint> {
  const asked = endpoints.map(async (endpoint) => {
    const answer = await ask(endpoint);
    if (!Array.isArray(answer)) throw new NoPrimary(`No Sentinel knows ${primary}.`);
    return { host: String(answer[0]), port: Number(answer[1]) };
  });
  try {
    return await Promise.any(asked);
  } catch (thrown) {
    const { errors } = thrown as AggregateError;
    throw errors.find((error) => error instanceof NoPrimary) ?? errors[0];
  }
}

function caOf({ caFile, shown }: RedisAddress): { ca: Buffer } | Record<never, never> {
  if (caFile === undefined) return {};
  try {
    return { ca: readFileSync(caFile) };
  } catch (thrown) {
    throw new ConversimpleError("store_misconfigured", `Cannot open the store ${shown}: the file of ca= cannot be read.`, { address: shown }, { cause: thrown });
  }
}
