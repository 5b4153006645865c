// Whether a slow disk stalls the event loop: every sync of the store's worker takes 20 ms longer, and the loop's delay
// is measured meanwhile.

import { monitorEventLoopDelay } from "node:perf_hooks";
import { AgentHost } from "../dist/host/agent-host.js";
import { openSqlite } from "../dist/stores/sqlite/store.js";
import { BenchAgent } from "./agent.ts";
import { rowOf, round, type Row } from "./row.ts";

const CONVERSATIONS = 64;
const CALLS = 20;

export async function stallBenchmark(path: string): Promise<Row> {
  const store = await openSqlite(path, { faults: [{ step: "before-commit", action: { kind: "sleep", ms: 20 } }] } as object);
  const host = await AgentHost.start({ agents: [new BenchAgent()], store });
  const ids = Array.from({ length: CONVERSATIONS }, (_, index) => `conversation-${index}`);
  await Promise.all(ids.map((id) => host.open(id, { agentId: "bench" })));
  const times: number[] = [];
  const play = async (conversationId: string, from: number) => {
    for (let turn = from; turn < from + CALLS; turn++) {
      const begin = performance.now();
      await host.invoke({ conversationId, callId: `call-${turn}`, tool: "set_quantity", arguments: { line: turn % 26, quantity: turn } });
      times.push(performance.now() - begin);
    }
  };
  await Promise.all(ids.map((id) => play(id, 0)));
  times.length = 0;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  await Promise.all(ids.map((id) => play(id, CALLS)));
  const wholeMs = performance.now() - begin;
  delay.disable();
  await host.drain(1_000);
  await store.close();
  return rowOf("slow disk (20 ms a sync)", "sqlite", CONVERSATIONS, times, wholeMs, { "longest loop delay ms": round(delay.max / 1e6), "p99 loop delay ms": round(delay.percentile(99) / 1e6) });
}
