// What one tool call costs this process beyond the store: queue, context, draft, validation and encoding of 2 KB.
// CPU time, not wall time, of all threads, on the store in memory. A process that serves calls lives for days: what the
// compiler costs in its first seconds is not measured.

import { openStore } from "conversimple/stores";
import { AgentHost } from "../dist/host/agent-host.js";
import { BenchAgent } from "./agent.ts";
import { round, type Row } from "./row.ts";

const CALLS = 50_000;
/** After so many calls the CPU time of a call does not fall any more: before, half of it is the compiler's. */
const WARM_UP_CALLS = 30_000;

export async function overheadBenchmark(): Promise<Row> {
  const host = await AgentHost.start({ agents: [new BenchAgent()], store: await openStore("memory:") });
  await host.open("overhead", { agentId: "bench" });
  const play = async (from: number, count: number) => {
    for (let turn = from; turn < from + count; turn++) {
      await host.invoke({ conversationId: "overhead", callId: `call-${turn}`, tool: "set_quantity", arguments: { line: turn % 26, quantity: turn } });
    }
  };
  await play(0, WARM_UP_CALLS);
  const before = process.cpuUsage();
  const begin = performance.now();
  await play(WARM_UP_CALLS, CALLS);
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - begin) / 1_000;
  await host.drain(1_000);
  const each = (user + system) / CALLS;
  return { name: "overhead of a call", store: "memory", conversations: 1, opsPerSecond: Math.round(CALLS / seconds), p50Ms: round(each / 1_000), p99Ms: 0, ratioToRaw: null, also: { "CPU us each": round(each) } };
}

/** How long `import("conversimple")` takes in a new process, milliseconds. */
export async function importBenchmark(run: (script: string) => number): Promise<Row> {
  const times = Array.from({ length: 7 }, () => run('const t = performance.now(); await import("conversimple"); console.log(performance.now() - t);')).sort((a, b) => a - b);
  return { name: "import of conversimple", store: "-", conversations: 0, opsPerSecond: 0, p50Ms: round(times[3]!), p99Ms: round(times.at(-1)!), ratioToRaw: null };
}
