// A dispatcher in a process of its own, so that a test can kill, stop and stall it. Its store is CONVERSIMPLE_STORE; what
// else it is told is in the environment variable FAULTS as JSON (ProcessOptions). It tells its parent what the store knows
// it as, then "ready", and dies with it.

import { Dispatcher } from "conversimple";
import type { DispatcherOptions } from "conversimple";
import { openStore } from "conversimple/stores";
import type * as LoggerModule from "../../src/adapters/conversimple/logger.ts";
import type * as ClockModule from "../../src/base/clock.ts";
import type * as SqliteStore from "../../src/stores/sqlite/store.ts";
import { BankAgent, FarewellAgent, MemberAgent, UnrulyAgent, type Outside } from "./agents.ts";

type Times = "leaseMs" | "mailEveryMs" | "sweepEveryMs" | "abandonedAfterMs" | "resolveTimeoutMs" | "graceMs";

export interface ProcessOptions extends Pick<DispatcherOptions, Times | "connections" | "frameForm" | "times"> {
  readonly apiKey: string;
  readonly platformUrl: string;
  /** The address of the outside world. */
  readonly world: string;
  /** What the worker of an SQLite store does wrong. */
  readonly faults?: SqliteStore.SqliteOptions["faults"];
  readonly maxPageCount?: number;
  readonly storeTimeoutMs?: number;
  /** How wrong this process's clock is. */
  readonly clockOffsetMs?: number;
}

process.on("disconnect", () => process.exit(1));
const { world, faults, maxPageCount, storeTimeoutMs, clockOffsetMs, ...options } = JSON.parse(process.env.FAULTS!) as ProcessOptions;
const address = process.env.CONVERSIMPLE_STORE!;

const outside: Outside = async (request) => {
  const response = await fetch(world, { method: "POST", body: JSON.stringify(request) });
  return (await response.json()) as { attempts: number };
};

// What is not exported is taken from the build that runs, so that there is one copy of it.
const built = (path: string) => import(new URL(`../../dist/${path}`, import.meta.url).href) as Promise<unknown>;
const { systemClock } = (await built("base/clock.js")) as typeof ClockModule;
const { pinoLogger } = (await built("adapters/conversimple/logger.js")) as typeof LoggerModule;
const { openSqlite } = (await built("stores/sqlite/store.js")) as typeof SqliteStore;

const clock = clockOffsetMs === undefined ? systemClock : { ...systemClock, now: () => systemClock.now() + clockOffsetMs };
const logger = await pinoLogger();
const ofStore = { clock, ...(storeTimeoutMs !== undefined && { timeoutMs: storeTimeoutMs }) };
const store = await (faults || maxPageCount !== undefined
  ? openSqlite(address.slice("sqlite:".length), { ...ofStore, ...(faults && { faults }), ...(maxPageCount !== undefined && { maxPageCount }) })
  : openStore(address, { ...ofStore, logger }));

const renew = store.renew.bind(store);
store.renew = (identity, leaseMs) => {
  process.send!({ identity: identity.id });
  store.renew = renew;
  return renew(identity, leaseMs);
};

await new Dispatcher({ ...options, store, clock, logger, agents: [new BankAgent(outside), new UnrulyAgent(outside), new MemberAgent(outside), new FarewellAgent(outside)] }).start();
process.send!("ready");
