// What a conversation costs that is live but silent: heap beyond its own text, and the process's memory.

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { round, type Row } from "./row.ts";

export async function liveConversationsBenchmark(address: string, conversations: number): Promise<Row> {
  const child = fork(fileURLToPath(new URL("live-process.ts", import.meta.url)), [address, String(conversations)], { execArgv: ["--expose-gc"] });
  const begin = performance.now();
  const [said] = (await once(child, "message")) as [{ heapBytes: number; textBytes: number; rssMiB: number }];
  const seconds = (performance.now() - begin) / 1_000;
  await once(child, "exit");
  return {
    name: "live conversations",
    store: address.split(":")[0]!,
    conversations,
    opsPerSecond: Math.round(conversations / seconds),
    p50Ms: 0,
    p99Ms: 0,
    ratioToRaw: null,
    also: { "heap KiB each": round(said.heapBytes / 1_024), "of it text KiB": round(said.textBytes / 1_024), "RSS MiB": Math.round(said.rssMiB) },
  };
}
