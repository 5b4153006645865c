// A PostgreSQL server for tests, in a temporary folder of its own.
//
//   PG1. As root it runs as the user postgres, who owns the folder: PostgreSQL refuses to be root.

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, programsOf, Unavailable } from "./programs.ts";
import { ServerProcess, temporaryFolder } from "./server-process.ts";

const USER = "postgres";

/** A server that can be killed and started again with what it kept. */
export interface PostgresServer {
  readonly port: number;
  /** The address of the database `postgres`, as a user who may do everything. */
  readonly url: string;
  readonly pid: number;
  /** Sends a signal to every process of it at once, as a machine does that stops or dies. */
  signalAll(signal: NodeJS.Signals): void;
  stop(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** @param more settings, for example `fsync=off`; and files of the data folder by name, for settings that name one. */
export async function startPostgres(...more: readonly (string | Readonly<Record<string, string>>)[]): Promise<PostgresServer> {
  const { initdb, postgres } = programsOf("postgres");
  const cwd = temporaryFolder("postgres");
  const data = join(cwd, "data");
  own(cwd);
  runAs(initdb!, ["-D", data, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"], cwd);
  for (const files of more) if (typeof files !== "string") for (const [name, text] of Object.entries(files)) ownFile(join(data, name), text);
  const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${cwd}`, "max_connections=200", "log_min_messages=warning", ...more.filter((each) => typeof each === "string")];
  const command = {
    program: postgres!,
    args: (port: number) => ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    cwd,
    isReady: /ready to accept connections/,
    user: USER,
    deathSignal: "INT" as const,
  };
  let running = await ServerProcess.start(command);
  const { port } = running;
  return {
    port,
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    get pid() {
      return running.pid;
    },
    signalAll(signal) {
      for (const pid of [running.pid, ...childrenOf(running.pid)]) signalIfThere(pid, signal);
    },
    stop: (signal = "SIGINT") => running.stop(signal),
    async restart() {
      await running.stop("SIGKILL");
      running = await ServerProcess.start({ ...command, port });
    },
    async remove() {
      await running.stop("SIGINT");
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** A worker may end by itself between the look and the signal. */
function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter((each) => each !== "").map(Number);
}

/** Gives a folder to the user that servers run as. */
export function own(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chmodSync(folder, 0o700);
  chownSync(folder, idOf("-u"), idOf("-g"));
}

function ownFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (process.getuid?.() === 0) chownSync(path, idOf("-u"), idOf("-g"));
}

function idOf(which: "-u" | "-g"): number {
  try {
    return Number(execFileSync("id", [which, USER], { encoding: "utf8" }));
  } catch {
    throw new Unavailable(`PostgreSQL cannot run as root, and there is no user ${USER}`);
  }
}

function runAs(program: string, args: readonly string[], cwd: string): void {
  const isRoot = process.getuid?.() === 0;
  const command = isRoot ? [findProgram("setpriv") ?? "setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", program] : [program];
  execFileSync(command[0]!, [...command.slice(1), ...args], { cwd, stdio: "pipe" });
}
