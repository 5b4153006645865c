// Every operation of the worker, over the tables. Runs inside of a transaction that somebody else begins and ends.

import type { DatabaseSync } from "node:sqlite";
import { Commits } from "./commits.ts";
import { Erasure } from "./erasure.ts";
import { Leases } from "./leases.ts";
import { Mail } from "./mail.ts";
import { Owners } from "./owners.ts";
import type { OperationName, Operations, Request } from "./protocol.ts";
import { Turns } from "./turns.ts";

type Table = { [K in Exclude<OperationName, "close">]: (nowMs: number, ...args: Parameters<Operations[K]>) => ReturnType<Operations[K]> };

/** Runs one request and gives its value; throws what the port says. */
export type Execute = (request: Request) => unknown;

/** Prepares all statements, once. */
export function prepareOperations(database: DatabaseSync): Execute {
  const turns = new Turns(database);
  const owners = new Owners(database, turns);
  const mail = new Mail(database, owners);
  const erasure = new Erasure(database, owners, turns, mail);
  const leases = new Leases(database, owners, erasure);
  const commits = new Commits(database, { owners, turns, mail, erasure });
  const table: Table = {
    commit: (now, ...packed) => commits.commit(now, ...packed),
    load: (now, owner) => owners.load(owner, now),
    answer: (now, owner, callId) => {
      const row = owners.find(owner, now);
      return row && turns.answer(row, callId, !owner.startsWith("conversation:"), now);
    },
    acquire: (now, owner, process, agentId) => leases.acquire(owner, process, agentId, now),
    renew: (now, process, leaseMs) => leases.renew(process, leaseMs, now),
    release: (_now, owner, process, epoch) => leases.release(owner, process, epoch),
    retire: (_now, process) => leases.retire(process),
    post: (now, owner, messageId, text) => mail.post(owner, messageId, text, now),
    pending: (now, process) => mail.pending(process, process === null ? leases.alive(now) : [], now),
    inbox: (now, owner, after) => mail.inbox(owner, after, now),
    list: (now, filter) => owners.list(filter, filter.orphaned ? leases.alive(now) : [], now),
    history: (now, owner, after, limit, answers) => {
      const row = owners.find(owner, now);
      return row ? turns.history(row, after, limit, answers) : [];
    },
    feed: (now, after, limit) => owners.feed(after, limit, now),
    forget: (now, owner, tombstone, untilMs) => erasure.forget(owner, tombstone, untilMs, now),
    sweep: (now, limit) => erasure.sweep(limit, now),
  };
  return ([, nowMs, operation, ...args]) => {
    const run = table[operation as keyof Table] as (nowMs: number, ...args: readonly unknown[]) => unknown;
    return run(nowMs, ...args);
  };
}
