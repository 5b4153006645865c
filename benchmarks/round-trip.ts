// The whole path: platform socket -> dispatcher -> tool -> store -> reply. The platform's end is another process.

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Dispatcher } from "conversimple";
import { BenchAgent } from "./agent.ts";
import { round, rowOf, type Row } from "./row.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

export async function roundTripBenchmark(store: string, loads: readonly { conversations: number; calls: number }[]): Promise<Row[]> {
  const platform = fork(fileURLToPath(new URL("platform-process.ts", import.meta.url)));
  const { port } = await told<{ port: number }>(platform);
  const dispatcher = new Dispatcher({ agents: [new BenchAgent()], apiKey: "cs_test_benchmark", platformUrl: `ws://127.0.0.1:${port}`, store, connections: "shared", signals: false, logger: silent });
  await dispatcher.start();
  const rows: Row[] = [];
  for (const { conversations, calls } of loads) {
    const each = Math.ceil(calls / conversations);
    const warmUp = Math.ceil(each / 5);
    const before = process.cpuUsage();
    platform.send({ conversations, calls: each + warmUp, warmUp });
    const { times, wholeMs, failed } = await told<{ times: number[]; wholeMs: number; failed?: string }>(platform);
    if (failed) throw new Error(`A call of the benchmark failed: ${failed}`);
    const { user, system } = process.cpuUsage(before);
    const cpuUs = (user + system) / ((each + warmUp) * conversations);
    rows.push(rowOf("tool call (whole path)", store.split(":")[0]!, conversations, times, wholeMs, { "CPU us each of the dispatcher": round(cpuUs) }));
  }
  await dispatcher.stop();
  platform.disconnect();
  return rows;
}

async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, "message")) as [T];
  return message;
}
