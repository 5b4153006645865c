import { randomUUID } from "node:crypto";
import { Cluster, Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, describe, test } from "vitest";
import type { GivenClient } from "../../src/stores/redis/opening.ts";
import { openRedis } from "../../src/stores/redis/opening.ts";
import { storeConformance } from "../../src/testing/store-suite/suite.ts";
import { sharedServer } from "../servers/desk.ts";

const single = await sharedServer("redis");
const cluster = await sharedServer("redis-cluster");
const sentinel = await sharedServer("redis-sentinel");

const ends: (() => unknown)[] = [];
afterAll(() => Promise.all(ends.map((end) => end())));

/** Runs the suite, every case under a prefix of its own. */
function suite(name: string, at: (prefix: string) => string | GivenClient, seeds?: readonly number[]): void {
  storeConformance(
    {
      name,
      ...(seeds ? { seeds } : {}),
      open: async (options) => {
        const place = at(`suite-${randomUUID()}:`);
        return { store: await openRedis(place, options), again: () => openRedis(place, options) };
      },
    },
    { describe, test },
  );
}

if (single) {
  suite("redis", (prefix) => `${single}?prefix=${prefix}`);
  const ofRedis = createClient({ url: single });
  suite("redis, with a client of redis", (prefix) => ({ client: ofRedis, prefix }), [4]);
  const ofIoredis = new Redis(single, { lazyConnect: true });
  ends.push(() => ofIoredis.disconnect());
  suite("redis, with a client of ioredis", (prefix) => ({ client: ofIoredis, prefix }), [5]);
}
if (cluster) {
  suite("redis cluster", (prefix) => `${cluster}?prefix=${prefix}`, [6]);
  const nodes = cluster.slice(cluster.indexOf("//") + 2).split(",").map((node) => ({ host: node.split(":")[0]!, port: Number(node.split(":")[1]) }));
  const ofIoredis = new Cluster(nodes, { lazyConnect: true });
  ends.push(() => ofIoredis.disconnect());
  suite("redis cluster, with a client of ioredis", (prefix) => ({ client: ofIoredis, prefix }), [7]);
}
if (sentinel) suite("redis through sentinel", (prefix) => `${sentinel}?prefix=${prefix}`, [8]);
