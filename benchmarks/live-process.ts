// Opens many conversations in one process and says what each costs. Run with --expose-gc.

import { openStore } from "conversimple/stores";
import { AgentHost } from "../dist/host/agent-host.js";
import { BenchAgent } from "./agent.ts";

const [address, count] = process.argv.slice(2) as [string, string];
const conversations = Number(count);
const store = await openStore(address);
const host = await AgentHost.start({ agents: [new BenchAgent()], store });
const open = async (from: number, to: number) => {
  for (let index = from; index < to; index += 100) {
    const ids = Array.from({ length: Math.min(100, to - index) }, (_, offset) => `conversation-${index + offset}`);
    await Promise.all(ids.map((id) => host.open(id, { agentId: "bench" })));
    await Promise.all(ids.map((conversationId) => host.invoke({ conversationId, callId: "call-1", tool: "set_quantity", arguments: { line: 1, quantity: 2 } })));
  }
};
const heap = () => {
  globalThis.gc!();
  globalThis.gc!();
  return process.memoryUsage().heapUsed;
};
await open(0, 500);
const before = heap();
await open(500, 500 + conversations);
const after = heap();
const { recordBytes } = (await store.list({ kind: "conversation", limit: 1 })).items[0]!;
process.send!({ heapBytes: (after - before) / conversations, textBytes: recordBytes, rssMiB: process.memoryUsage().rss / 1_048_576 });
host.abandon();
await store.close();
process.exit(0);
