// Serves many conversations to their end, or to where nobody ends them, on a simulated clock, and tells after each
// quarter of an hour what the process and its store hold. Run with --expose-gc.

import { readdirSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "conversimple/stores";
import { faultyStore, SimulatedClock } from "conversimple/testing";
import { AgentHost } from "../dist/host/agent-host.js";
import { BenchAgent } from "./agent.ts";
import type { CleanUpSample } from "./clean-up.ts";

/** Simulated time between two samples, and how many conversations begin in it. */
const STEP_MS = 15 * 60_000;
const PER_STEP = 1_000;
/** Every so many-th conversation is never ended. */
const NEVER_ENDED = 100;
const AT_ONCE = 1_000;
const RETENTION_MS = 2 * 3_600_000;
/** After the last conversation began: until the last one was given up and its retention passed. */
const QUIET_STEPS = 16;

const [path, count] = process.argv.slice(2) as [string, string];
const clock = new SimulatedClock();
// Without a fault: it lets the simulated time stand still while the disk is busy.
const store = faultyStore(await openStore(`sqlite:${path}`, { clock }), { clock });
const options = { retentionMs: RETENTION_MS, abandonedAfterMs: 3_600_000, mailEveryMs: 60_000, sweepEveryMs: 300_000, leaseMs: 3_600_000 };
const host = await AgentHost.start({ agents: [new BenchAgent()], store, clock, ...options });
const looker = new DatabaseSync(path, { readOnly: true });

/** One conversation from its start to its end, if it has one. */
async function converse(index: number): Promise<void> {
  const conversationId = `conversation-${index}`;
  await host.open(conversationId, { agentId: "bench" });
  const outcome = await host.invoke({ conversationId, callId: "call-1", tool: "set_quantity", arguments: { line: index % 26, quantity: index } });
  if (outcome.kind !== "result") throw new Error(`The benchmark's call failed: ${JSON.stringify(outcome)}`);
  if (index % NEVER_ENDED !== 0) await host.close(conversationId, "hangup");
}

function sample(begun: number): CleanUpSample {
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, rss } = process.memoryUsage();
  const number = (sql: string) => Number(Object.values(looker.prepare(sql).get()!)[0]);
  const pages = number("PRAGMA page_count");
  return {
    hours: clock.monotonic() / 3_600_000,
    begun,
    served: host.conversations.size,
    owners: number("SELECT count(*) FROM owners"),
    turns: number("SELECT count(*) FROM turns"),
    heapMiB: heapUsed / 1_048_576,
    rssMiB: rss / 1_048_576,
    fileMiB: statSync(path).size / 1_048_576,
    walMiB: statSync(`${path}-wal`).size / 1_048_576,
    usedMiB: ((pages - number("PRAGMA freelist_count")) * number("PRAGMA page_size")) / 1_048_576,
    handles: readdirSync("/proc/self/fd").length,
  };
}

process.send!(sample(0));
const conversations = Number(count);
for (let begun = 0; begun < conversations; ) {
  const end = Math.min(conversations, begun + PER_STEP);
  while (begun < end) {
    const some = Array.from({ length: Math.min(AT_ONCE, end - begun) }, (_, offset) => converse(begun + offset));
    begun += some.length;
    await Promise.all(some);
  }
  await clock.advance(STEP_MS);
  process.send!(sample(begun));
}
for (let step = 0; step < QUIET_STEPS; step++) {
  await clock.advance(STEP_MS);
  process.send!(sample(conversations));
}
looker.close();
await host.drain(0);
await store.close();
process.disconnect();
