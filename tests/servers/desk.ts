// The servers that all test files of one run share, started when the first one asks.
//
// The run's own process (tests/setup/servers.ts) keeps the desk; test files ask it over a socket. Without a desk a file
// starts what it needs by itself.
//
//   DK1. An address in the environment (CONVERSIMPLE_TEST_REDIS, CONVERSIMPLE_TEST_POSTGRES) counts before everything.
//   DK2. What cannot be had is said once, loudly, and skips; in CI it fails.

import { once } from "node:events";
import { createServer, connect, type Server } from "node:net";
import { startPostgres } from "./postgres.ts";
import { Unavailable, type Service } from "./programs.ts";
import { startCluster } from "./redis-cluster.ts";
import { startRedis, startSentinel } from "./redis.ts";

/** What can be shared: isolated by key prefix or schema. */
export type SharedServer = "redis" | "postgres" | "redis-cluster" | "redis-sentinel";

interface Started {
  readonly url: string;
  remove(): Promise<void>;
}

const START: Readonly<Record<SharedServer, () => Promise<Started>>> = {
  redis: () => startRedis(),
  "redis-cluster": () => startCluster(),
  "redis-sentinel": () => startSentinel(),
  // Tests of durability start their own.
  postgres: () => startPostgres("fsync=off"),
};

/** Where the desk of this run listens. */
export const DESK = "CONVERSIMPLE_TEST_DESK";

export class Desk {
  readonly #started = new Map<SharedServer, Promise<Started>>();

  /** The address of a server. @throws {Unavailable} */
  async ask(what: SharedServer): Promise<string> {
    const given = process.env[`CONVERSIMPLE_TEST_${what.replace("-", "_").toUpperCase()}`];
    if (given) return given;
    let started = this.#started.get(what);
    if (!started) {
      started = START[what]();
      this.#started.set(what, started);
    }
    return (await started).url;
  }

  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#started.values());
    await Promise.all(all.map((each) => (each.status === "fulfilled" ? each.value.remove() : Promise.resolve())));
  }

  /** Answers test files: one line with what is wanted, one line back. */
  listen(path: string): Server {
    return createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        const reply = this.ask(String(data).trim() as SharedServer).then(
          (url) => ({ url }),
          (thrown: unknown) => ({ reason: (thrown as Error).message, isUnavailable: thrown instanceof Unavailable }),
        );
        void reply.then((said) => socket.end(JSON.stringify(said)));
      });
    }).listen(path);
  }
}

let own: Desk | undefined;

/**
 * The address of a shared server for this test file; undefined where there is none and the suite has to be skipped (DK2).
 * Use a prefix or schema of your own in it.
 */
export async function sharedServer(what: SharedServer): Promise<string | undefined> {
  try {
    const path = process.env[DESK];
    if (!path) return await (own ??= new Desk()).ask(what);
    const socket = connect(path);
    await once(socket, "connect");
    socket.write(`${what}\n`);
    let answer = "";
    for await (const chunk of socket) answer += String(chunk);
    const said = JSON.parse(answer) as { url?: string; reason?: string; isUnavailable?: boolean };
    if (said.url === undefined) throw said.isUnavailable ? new Unavailable(said.reason) : new Error(said.reason);
    return said.url;
  } catch (thrown) {
    return skipped(what, thrown);
  }
}

/** For suites that start servers of their own: whether they can (DK2). */
export async function canStart(start: () => unknown, what: Service): Promise<boolean> {
  try {
    await start();
    return true;
  } catch (thrown) {
    return skipped(what, thrown) !== undefined;
  }
}

function skipped(what: string, thrown: unknown): undefined {
  if (!(thrown instanceof Unavailable) || process.env.CI) throw thrown;
  process.stderr.write(`\n*** SKIPPED: everything that needs ${what}: ${thrown.message} ***\n\n`);
  return undefined;
}
