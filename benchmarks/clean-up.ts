// What remains of conversations that are over: memory, records, pages of the file and file handles, over a simulated day.

import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { plot } from "./plot.ts";
import { round, type Row } from "./row.ts";

/** What the process and its store held at one moment. */
export interface CleanUpSample {
  /** Simulated hours since the start. */
  readonly hours: number;
  readonly begun: number;
  /** Conversations in memory. */
  readonly served: number;
  /** Rows of the store. */
  readonly owners: number;
  readonly turns: number;
  /** After a garbage collection. */
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly fileMiB: number;
  readonly walMiB: number;
  /** Pages of the file that are not free. */
  readonly usedMiB: number;
  readonly handles: number;
}

/** From here on as much goes away as comes: retention and what is never ended, hours. */
const FULL_AFTER_HOURS = 4;

/** @param picture where the plot goes, if anywhere. */
export async function cleanUpBenchmark(path: string, conversations: number, picture?: string): Promise<Row> {
  const child = fork(fileURLToPath(new URL("clean-up-process.ts", import.meta.url)), [path, String(conversations)], { execArgv: ["--expose-gc"] });
  const samples: CleanUpSample[] = [];
  child.on("message", (sample: CleanUpSample) => samples.push(sample));
  const begin = performance.now();
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`The benchmark's process ended with ${code}.`);
  const seconds = (performance.now() - begin) / 1_000;
  if (picture !== undefined) writeFileSync(picture, pictureOf(samples));
  return rowOf(conversations, seconds, samples);
}

function rowOf(conversations: number, seconds: number, samples: readonly CleanUpSample[]): Row {
  const full = samples.find(({ hours }) => hours >= FULL_AFTER_HOURS) ?? samples[0]!;
  const last = samples.findLast(({ begun }, index) => begun > (samples[index - 1]?.begun ?? -1)) ?? full;
  const end = samples.at(-1)!;
  return {
    name: "clean up",
    store: "sqlite",
    conversations,
    opsPerSecond: Math.round(conversations / seconds),
    p50Ms: 0,
    p99Ms: 0,
    ratioToRaw: null,
    also: {
      "heap MiB when full": round(full.heapMiB),
      "at the last": round(last.heapMiB),
      "after all": round(end.heapMiB),
      "rows when full": full.owners + full.turns,
      "rows at the last": last.owners + last.turns,
      "rows after all": end.owners + end.turns,
      "file MiB when full": round(full.fileMiB),
      "file MiB after all": round(end.fileMiB),
      "largest WAL MiB": round(Math.max(...samples.map(({ walMiB }) => walMiB))),
      "handles before": samples[0]!.handles,
      "handles after": end.handles,
    },
  };
}

function pictureOf(samples: readonly CleanUpSample[]): string {
  const at = (y: (sample: CleanUpSample) => number) => samples.map((sample) => [sample.hours, y(sample)] as const);
  return plot({
    title: `${samples.at(-1)!.begun.toLocaleString("en")} conversations, 1 % of them never ended: what is left of them`,
    note: "Simulated hours. 4,000 conversations begin each hour; retention is 2 h, a silent conversation is ended after 1 h.",
    panels: [
      { title: "Records in the store", lines: [{ name: "conversations", points: at(({ owners }) => owners) }, { name: "journal entries", points: at(({ turns }) => turns) }] },
      { title: "Conversations in memory", lines: [{ name: "served", points: at(({ served }) => served) }] },
      { title: "Memory of the process, MiB", lines: [{ name: "heap after collection", points: at(({ heapMiB }) => heapMiB) }, { name: "RSS", points: at(({ rssMiB }) => rssMiB) }] },
      { title: "Database, MiB", lines: [{ name: "pages in use", points: at(({ usedMiB }) => usedMiB) }, { name: "file", points: at(({ fileMiB }) => fileMiB) }, { name: "WAL", points: at(({ walMiB }) => walMiB) }] },
      { title: "Open file handles", lines: [{ name: "handles", points: at(({ handles }) => handles) }] },
    ],
  });
}
