// `npm run simulate`: runs seeds by hand, on all cores, and says which failed and how.
//
//   npm run simulate -- --seeds 100000           from seed 1 on
//   npm run simulate -- --seeds 1000 --from 7    others
//   npm run simulate -- --seed 4711              one, with its last events and what it needs to fail
//   npm run simulate -- --seed 4711 --trace      one, with all of its events; --without kill,clock leaves misfortunes out
//
// Exits with 1 when a seed failed.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { failureText, shrunk } from "./failure.ts";
import { MISFORTUNES, type Misfortune } from "./plan.ts";
import { runSeed } from "./world.ts";

interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** Seeds between two messages of a worker. */
const BATCH = 20;

if (isMainThread) await main();
else await work(workerData as Share);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seeds: { type: "string", default: "2000" }, from: { type: "string", default: "1" }, seed: { type: "string" }, without: { type: "string", default: "" }, trace: { type: "boolean", default: false } } });
  const failures = values.seed === undefined ? await many(numberOf("from", values.from), numberOf("seeds", values.seeds)) : await one(numberOf("seed", values.seed), misfortunes(values.without), values.trace);
  process.exitCode = failures > 0 ? 1 : 0;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} must be a whole number, not "${text}".`);
  return value;
}

async function one(seed: number, without: ReadonlySet<Misfortune>, withTrace: boolean): Promise<number> {
  const verdict = await runSeed({ seed, without });
  if (withTrace) console.log(verdict.trace.print());
  console.log(verdict.breaches.length === 0 ? `Seed ${seed}: all invariants hold; ${verdict.trace.lines.length} events, trace ${verdict.trace.digest.slice(0, 12)}.` : failureText(verdict, await shrunk(seed)));
  return verdict.breaches.length;
}

function misfortunes(text: string): ReadonlySet<Misfortune> {
  const names = text.split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !(MISFORTUNES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new RangeError(`--without names "${unknown}", which is none of ${MISFORTUNES.join(", ")}.`);
  return new Set(names as Misfortune[]);
}

async function many(from: number, seeds: number): Promise<number> {
  const startedMs = performance.now();
  const cores = Math.min(availableParallelism(), seeds);
  let done = 0;
  let failures = 0;
  const progress = () => console.log(`${done} of ${seeds} seeds, ${Math.round((done * 1_000) / (performance.now() - startedMs))} a second, ${failures} failed`);
  const timer = setInterval(progress, 10_000);
  const workers = Array.from({ length: cores }, (_, index) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { from: from + index, to: from + seeds, step: cores } satisfies Share });
    worker.on("message", ({ count, texts }: { count: number; texts: readonly string[] }) => {
      done += count;
      failures += texts.length;
      for (const text of texts) console.log(`${text}\n`);
    });
    return new Promise<void>((resolve, reject) => worker.once("error", reject).once("exit", () => resolve()));
  });
  await Promise.all(workers).finally(() => clearInterval(timer));
  progress();
  return failures;
}

/** One core's share. */
async function work({ from, to, step }: Share): Promise<void> {
  let count = 0;
  let texts: string[] = [];
  const tell = () => {
    parentPort!.postMessage({ count, texts }); // oxlint-disable-line unicorn/require-post-message-target-origin -- a worker's port has no origin
    [count, texts] = [0, []];
  };
  for (let seed = from; seed < to; seed += step) {
    const verdict = await runSeed({ seed });
    count++;
    if (verdict.breaches.length > 0) texts.push(failureText(verdict, await shrunk(seed)));
    if (count >= BATCH || texts.length > 0) tell();
  }
  tell();
}
