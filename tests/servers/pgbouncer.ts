// A pgbouncer in transaction mode before a PostgreSQL server, for tests.

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { own } from "./postgres.ts";
import { programsOf } from "./programs.ts";
import { ServerProcess, temporaryFolder } from "./server-process.ts";

export interface Pgbouncer {
  /** The address of the database behind it. */
  readonly url: string;
  /** Whether it takes named statements in transaction mode: 1.21 and newer. */
  readonly prepares: boolean;
  remove(): Promise<void>;
}

/** @param server the address of the server, as a user who needs no password. */
export async function startPgbouncer(server: string): Promise<Pgbouncer> {
  const program = programsOf("pgbouncer").pgbouncer!;
  const [, major, minor] = /(\d+)\.(\d+)/.exec(execFileSync(program, ["--version"], { encoding: "utf8" }))!;
  const prepares = Number(major) > 1 || Number(minor) >= 21;
  const { hostname, port, username, pathname } = new URL(server);
  const cwd = temporaryFolder("pgbouncer");
  const config = join(cwd, "pgbouncer.ini");
  const args = (own: number) => {
    // Few connections to the server, so that clients change places on them all the time.
    const settings = ["listen_addr = 127.0.0.1", `listen_port = ${own}`, "unix_socket_dir =", "auth_type = any", "pool_mode = transaction", "default_pool_size = 3", "max_client_conn = 200", ...(prepares ? ["max_prepared_statements = 100"] : [])];
    writeFileSync(config, `[databases]\n* = host=${hostname} port=${port} user=${username}\n\n[pgbouncer]\n${settings.join("\n")}\n`, { mode: 0o644 });
    return [config];
  };
  own(cwd);
  const running = await ServerProcess.start({ program, args, cwd, isReady: /process up/, user: "postgres" });
  return {
    url: `postgres://${username}@127.0.0.1:${running.port}${pathname}`,
    prepares,
    async remove() {
      await running.stop("SIGKILL");
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}
