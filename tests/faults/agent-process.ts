// A dispatcher in a process of its own, so that a test can kill, stop and stall it. What it is told is in the
// environment variable FAULTS as JSON (ProcessOptions); it says "ready" to its parent and dies with it.

import { Dispatcher } from "conversimple";
import type { DispatcherOptions } from "conversimple";
import type * as SqliteStore from "../../src/stores/sqlite/store.ts";
import { BankAgent, UnrulyAgent, type Outside } from "./agents.ts";

type Times = "leaseMs" | "mailEveryMs" | "sweepEveryMs" | "abandonedAfterMs" | "resolveTimeoutMs" | "graceMs";

export interface ProcessOptions extends Pick<DispatcherOptions, Times | "connections" | "frameForm" | "times"> {
  readonly apiKey: string;
  readonly platformUrl: string;
  /** The database file. */
  readonly path: string;
  /** The address of the outside world. */
  readonly world: string;
  /** What the store's worker does wrong. */
  readonly faults?: SqliteStore.SqliteOptions["faults"];
  readonly maxPageCount?: number;
  readonly storeTimeoutMs?: number;
}

process.on("disconnect", () => process.exit(1));
const { path, world, faults, maxPageCount, storeTimeoutMs, ...options } = JSON.parse(process.env.FAULTS!) as ProcessOptions;

const outside: Outside = async (request) => {
  const response = await fetch(world, { method: "POST", body: JSON.stringify(request) });
  return (await response.json()) as { attempts: number };
};

// The step points are not exported; they are taken from the build that runs, so that there is one copy of it.
const { openSqlite } = (await import(new URL("../../dist/stores/sqlite/store.js", import.meta.url).href)) as typeof SqliteStore;
const store = await openSqlite(path, {
  ...(faults && { faults }),
  ...(maxPageCount !== undefined && { maxPageCount }),
  ...(storeTimeoutMs !== undefined && { timeoutMs: storeTimeoutMs }),
});

await new Dispatcher({ ...options, store, agents: [new BankAgent(outside), new UnrulyAgent(outside)] }).start();
process.send!("ready");
