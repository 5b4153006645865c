// The worker thread: takes what waits, answers reads at once and writes in groups.
//
//   V1. Every write that has arrived when a group commits is in it, up to the bounds and the first read behind it: the
//       longer a sync takes, the larger the next group.
//   V2. Reads do not wait for the writes that arrived with them.
//   V3. Replies leave before the WAL is copied back.

import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Swept } from "../../state/store.ts";
import { Checkpoints } from "./checkpoints.ts";
import { openFile } from "./file.ts";
import type { FileOptions } from "./file.ts";
import { FaultPlan } from "./faults.ts";
import type { Fault } from "./faults.ts";
import { Groups } from "./groups.ts";
import { prepareOperations } from "./operations.ts";
import { READS, failureOf, packReplies } from "./protocol.ts";
import type { Reply, Request } from "./protocol.ts";
import { Reads } from "./reads.ts";

/** What the worker is started with. */
export interface WorkerStart extends FileOptions {
  readonly faults: readonly Fault[];
}

/** Bounds of a group: 256 commits take about 3 ms here; 8 MiB keep the transaction in SQLite's cache. */
const GROUP_WRITES = 256;
const GROUP_BYTES = 8 * 1_024 * 1_024;

const port = parentPort!;
const start = workerData as WorkerStart;
const waiting: Request[] = [];

function reply(replies: readonly Reply[]): void {
  port.postMessage(packReplies(replies));
}

/** Characters of the texts in a request, about its bytes in the WAL. */
function sizeOf(request: Request): number {
  let size = 0;
  for (const value of request) if (typeof value === "string") size += value.length;
  return size;
}

/** A group of writes, and the reads that waited before them. */
interface Batch {
  readonly reads: Request[];
  readonly writes: Request[];
  bytes: number;
}

/** Takes reads and writes out of what waits, in order, up to the bounds of a group that has some already, and before a `close`. */
function take(before?: Batch): Batch {
  const batch: Batch = { reads: [], writes: [], bytes: 0 };
  const { writes = [], bytes = 0 } = before ?? {};
  let taken = 0;
  for (const request of waiting) {
    if (request[2] === "close" || writes.length + batch.writes.length >= GROUP_WRITES || bytes + batch.bytes >= GROUP_BYTES) break;
    // Reads are not made inside of a group: they would see what is not committed.
    if (before && READS.has(request[2])) break;
    taken += 1;
    if (READS.has(request[2])) batch.reads.push(request);
    else {
      batch.writes.push(request);
      batch.bytes += sizeOf(request);
    }
  }
  waiting.splice(0, taken);
  return batch;
}

/** Whether content was removed that the WAL may still hold. */
function hasErased([, , operation]: Request, [, value]: Reply): boolean {
  return operation === "forget" || (operation === "sweep" && (value as Swept | undefined)?.removed !== 0);
}

function serve(): void {
  const database = openFile(start);
  const faults = new FaultPlan(start.faults);
  const execute = prepareOperations(database);
  const groups = new Groups({ database, address: start.address, execute, faults });
  const reads = new Reads(database, start.address, execute);
  const checkpoints = new Checkpoints(database, start.busyTimeoutMs, faults);

  const receive = (requests: readonly Request[]) => {
    for (const request of requests) waiting.push(request);
  };

  const drain = () => {
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) receive(more.message as Request[]);
  };

  const close = (id: number) => {
    checkpoints.beforeClose();
    database.close();
    reply([[id, undefined]]);
    port.close();
  };

  const work = () => {
    while (waiting.length > 0) {
      if (waiting[0]![2] === "close") return close(waiting[0][0]);
      const batch = take();
      if (batch.reads.length > 0) reply(reads.run(batch.reads));
      if (batch.writes.length > 0) {
        const more = () => {
          drain();
          const next = take(batch);
          batch.bytes += next.bytes;
          return next.writes;
        };
        const replies = groups.run(batch.writes, { more });
        faults.at("before-reply");
        reply(replies);
        checkpoints.afterGroup(batch.writes.length, batch.bytes, batch.writes.some((request, n) => hasErased(request, replies[n]!)));
      }
      drain();
    }
  };

  port.on("message", (requests: Request[]) => {
    receive(requests);
    drain();
    work();
  });
}

try {
  serve();
  reply([[0, undefined]]);
} catch (thrown) {
  reply([[0, undefined, failureOf(thrown)]]);
  port.close();
}
