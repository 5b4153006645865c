// One customer that everybody writes to: processes, each with writers that add to the same record of one store.

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../tests/servers/postgres.ts";
import { startRedis } from "../tests/servers/redis.ts";
import { rowOf, type Row } from "./row.ts";

const PROCESSES = 2;
const WRITERS = 50;
const EACH = 40;

interface Said {
  readonly times: readonly number[];
  readonly stored: number;
}

export async function hotCustomerBenchmark(address: string): Promise<Row> {
  const script = fileURLToPath(new URL("hot-customer-process.ts", import.meta.url));
  const children = Array.from({ length: PROCESSES }, () => fork(script, [address, String(WRITERS / PROCESSES), String(EACH)]));
  const exits = children.map((child) => once(child, "exit"));
  await Promise.all(children.map((child) => once(child, "message")));
  const begin = performance.now();
  const said = await Promise.all(children.map((child) => result(child)));
  const wholeMs = performance.now() - begin;
  await Promise.all(exits);
  const times = said.flatMap((each) => each.times);
  const lost = times.length - Math.max(...said.map(({ stored }) => stored));
  return rowOf("hot customer (50 writers)", address.split(":")[0]!, 1, times, wholeMs, { lost, processes: PROCESSES });
}

/** The same on servers of this machine, as durable as the guide recommends. */
export async function hotCustomerOnServersBenchmark(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const start of [() => startRedis("--appendonly", "yes"), () => startPostgres()]) {
    const server = await start();
    try {
      rows.push(await hotCustomerBenchmark(server.url));
    } finally {
      await server.remove();
    }
  }
  return rows;
}

async function result(child: ChildProcess): Promise<Said> {
  child.send("go");
  const [said] = (await once(child, "message")) as [Said];
  return said;
}
