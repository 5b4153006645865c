// Commits on Redis beside the raw client: one script that checks the version and writes the same texts into one hash.
//
// A server of its own on this machine, with an append-only file that is synced every second (what the guide recommends)
// or with every write. Client and server share the machine, so a script that costs the server more costs the client too.

import { createClient } from "redis";
import { startRedis } from "../tests/servers/redis.ts";
import { changeOf, measureStore, merge, perSecond, row, ROUNDS, WARM_UP_MS, type Measured } from "./commit.ts";
import type { Row } from "./row.ts";

const RAW_SCRIPT = `
local head = redis.call('HMGET', KEYS[1], 'v', 'w')
if head[1] and head[1] ~= ARGV[1] then return 0 end
local version = string.format('%.0f', ARGV[1] + 1)
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'v', version, 'w', ARGV[2], 'u', time[1], 'd', ARGV[3], 'e' .. version, ARGV[4], 'a' .. version, ARGV[5], 't' .. version, time[1] .. ARGV[6])
return version`;

/** Measures the store and the raw client in turns. */
export async function redisCommitBenchmark(conversations: number, sync: "everysec" | "always", durationMs = 2_000): Promise<Row[]> {
  const server = await startRedis("--appendonly", "yes", "--appendfsync", sync);
  const raw: Measured[] = [];
  const ours: Measured[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await server.command("FLUSHALL");
      raw.push(await measureRaw(server.url, conversations, durationMs / ROUNDS));
      await server.command("FLUSHALL");
      ours.push(await measureStore(server.url, conversations, durationMs / ROUNDS));
    }
  } finally {
    await server.remove();
  }
  const limit = merge(raw);
  const store = `redis (${sync})`;
  return [row("commit (raw driver)", store, conversations, limit, 1), row("commit", store, conversations, merge(ours), perSecond(merge(ours)) / perSecond(limit))];
}

async function measureRaw(url: string, conversations: number, durationMs: number): Promise<Measured> {
  const client = await createClient({ url }).connect();
  const sha = await client.scriptLoad(RAW_SCRIPT);
  const latenciesMs: number[] = [];
  const startMs = performance.now() + WARM_UP_MS;
  const converse = async (n: number) => {
    for (let version = 0; ; version++) {
      const begunMs = performance.now();
      if (begunMs >= startMs + durationMs) return;
      const { writeId, record, entry, answer } = changeOf(n, version);
      const args = [String(version), writeId, record!, entry!, answer!.text, JSON.stringify([answer!.callId, answer!.digest])];
      await client.evalSha(sha, { keys: [`raw:conversation:c-${n}`], arguments: args });
      if (begunMs >= startMs) latenciesMs.push(performance.now() - begunMs);
    }
  };
  await Promise.all(Array.from({ length: conversations }, (_, n) => converse(n)));
  const elapsedMs = performance.now() - startMs;
  client.destroy();
  return { operations: latenciesMs.length, elapsedMs, latenciesMs, cpuMs: 0 };
}
