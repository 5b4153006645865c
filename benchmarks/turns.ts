// A long conversation: what a turn adds to the store, and whether turn 1,000 costs what turn 100 cost.

import { openStore } from "conversimple/stores";
import { AgentHost } from "../dist/host/agent-host.js";
import { BenchAgent } from "./agent.ts";
import { quantile, round, type Row } from "./row.ts";

const TURNS = 1_100;

export async function turnsBenchmark(address: string): Promise<Row> {
  const store = await openStore(address);
  const host = await AgentHost.start({ agents: [new BenchAgent()], store });
  // Another conversation first, so that no turn pays for the compiler.
  for (const conversationId of ["warm-up", "long"]) {
    await host.open(conversationId, { agentId: "bench" });
    if (conversationId === "warm-up") await play(host, conversationId, TURNS);
  }
  const begin = performance.now();
  const times = await play(host, "long", TURNS);
  const seconds = (performance.now() - begin) / 1_000;
  let bytes = 0;
  for (let after = 0; ; ) {
    const entries = await store.history("conversation:long", { afterVersion: after });
    if (entries.length === 0) break;
    for (const { text, callId } of entries) bytes += (text?.length ?? 0) + (callId ? callId.length + 22 + 30 : 0);
    after = entries.at(-1)!.version;
  }
  await host.drain(1_000);
  await store.close();
  return {
    name: "long conversation",
    store: address.split(":")[0]!,
    conversations: 1,
    opsPerSecond: Math.round(TURNS / seconds),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    ratioToRaw: null,
    also: {
      "p50 ms of turns 50-150": round(quantile(times.slice(50, 150), 0.5)),
      "p50 ms of turns 950-1050": round(quantile(times.slice(950, 1_050), 0.5)),
      "journal and ledger bytes per turn": Math.round(bytes / TURNS),
    },
  };
}

async function play(host: AgentHost, conversationId: string, turns: number): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const begin = performance.now();
    await host.invoke({ conversationId, callId: `call-${turn}`, tool: "set_quantity", arguments: { line: turn % 26, quantity: turn } });
    times.push(performance.now() - begin);
  }
  return times;
}
