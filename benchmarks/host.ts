// The host alone: a tool call from `invoke` to its committed result, without a wire.

import { AgentHost } from "../dist/host/agent-host.js";
import { openStore } from "conversimple/stores";
import { BenchAgent } from "./agent.ts";
import { rowOf, type Row } from "./row.ts";

/** Tool calls over some conversations, each one after another. */
export async function hostBenchmark(address: string, conversations: number, calls: number): Promise<Row> {
  const store = await openStore(address);
  const host = await AgentHost.start({ agents: [new BenchAgent()], store });
  const ids = Array.from({ length: conversations }, (_, index) => `conversation-${index}`);
  await Promise.all(ids.map((id) => host.open(id, { agentId: "bench" })));
  const each = Math.ceil(calls / conversations);
  const play = async (id: string, from: number, count: number, times: number[]) => {
    for (let turn = from; turn < from + count; turn++) {
      const begin = performance.now();
      const outcome = await host.invoke({ conversationId: id, callId: `call-${turn}`, tool: "set_quantity", arguments: { line: turn % 26, quantity: turn } });
      if (outcome.kind !== "result") throw new Error(`The benchmark's call failed: ${JSON.stringify(outcome)}`);
      times.push(performance.now() - begin);
    }
  };
  await Promise.all(ids.map((id) => play(id, 0, Math.ceil(each / 5), [])));
  const times: number[] = [];
  const begin = performance.now();
  await Promise.all(ids.map((id) => play(id, each, each, times)));
  const row = rowOf("tool call (host)", address.split(":")[0]!, conversations, times, performance.now() - begin);
  await host.drain(1_000);
  await store.close();
  return row;
}
