// Redis servers for tests: one alone, a primary with a replica and a Sentinel.

import { rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { programsOf } from "./programs.ts";
import { ServerProcess, temporaryFolder } from "./server-process.ts";

const READY = /Ready to accept connections/;

/** A server that can be killed and started again with what it kept. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Runs a command as a client would, for what no client of the store does. */
  command(...args: readonly string[]): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Ends it; its folder stays for {@link RedisServer.restart}. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  /** Ends it for good and removes what it kept. */
  remove(): Promise<void>;
}

/** @param more arguments of `redis-server`, for example `--appendonly yes`. */
export async function startRedis(...more: readonly string[]): Promise<RedisServer> {
  const program = programsOf("redis")["redis-server"]!;
  const cwd = temporaryFolder("redis");
  const hasPlainPort = !more.includes("--tls-port");
  const args = (port: number) => ["--port", hasPlainPort ? String(port) : "0", "--bind", "127.0.0.1", "--dir", cwd, "--save", "", ...more.map((each) => each.replace("PORT", String(port)))];
  let running = await ServerProcess.start({ program, args, cwd, isReady: READY });
  const { port } = running;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return running.pid;
    },
    command: (...words) => redisCommand(port, words),
    kill: (signal) => running.kill(signal),
    stop: (signal) => running.stop(signal),
    async restart() {
      await running.stop("SIGKILL");
      running = await ServerProcess.start({ program, args, cwd, isReady: READY, port });
    },
    async remove() {
      await running.stop("SIGKILL");
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** A primary, its replica and the Sentinel that watches them. */
export interface RedisSentinel {
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Makes the replica the primary, as Sentinel does when the primary is gone; resolves when Sentinel names it. */
  failover(): Promise<void>;
  remove(): Promise<void>;
}

/** @param more arguments of both servers. */
export async function startSentinel(...more: readonly string[]): Promise<RedisSentinel> {
  const primary = await startRedis(...more);
  const replica = await startRedis("--replicaof", "127.0.0.1", String(primary.port), "--repl-diskless-sync-delay", "0", ...more);
  await until(async () => /master_link_status:up/.test(await replica.command("INFO", "replication")));
  const cwd = temporaryFolder("sentinel");
  const file = join(cwd, "sentinel.conf");
  const config = ["bind 127.0.0.1", `dir ${cwd}`, `sentinel monitor main 127.0.0.1 ${primary.port} 1`, "sentinel down-after-milliseconds main 1000", "sentinel failover-timeout main 3000"];
  writeFileSync(file, `${config.join("\n")}\n`);
  const program = programsOf("redis")["redis-server"]!;
  const sentinel = await ServerProcess.start({ program, args: (port) => [file, "--sentinel", "--port", String(port)], cwd, isReady: /\+monitor master main/ });
  const ask = (...args: readonly string[]) => redisCommand(sentinel.port, ["SENTINEL", ...args]);
  await until(async () => /num-slaves\r?\n\$\d+\r?\n1/.test(await ask("MASTER", "main")));
  return {
    url: `redis+sentinel://127.0.0.1:${sentinel.port}/main`,
    primary,
    replica,
    async failover() {
      await until(async () => (await ask("GET-MASTER-ADDR-BY-NAME", "main")).includes(String(replica.port)));
    },
    async remove() {
      await sentinel.stop("SIGKILL");
      await Promise.all([primary.remove(), replica.remove()]);
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}

/** From here on the replicas of a server hear nothing: what it acknowledges now dies with it. Refused one way, they would try the older one. */
export async function cutReplicas(server: RedisServer): Promise<void> {
  await server.command("ACL", "SETUSER", "default", "-psync", "-sync");
  await server.command("CLIENT", "KILL", "TYPE", "REPLICA");
}

/** How long a server may think, milliseconds: one that is stopped thinks for ever. */
const ANSWER_WITHIN_MS = 10_000;

/** Sends one command over a connection of its own and gives the raw answer; an error answer, or none, is thrown. */
export async function redisCommand(port: number, args: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error(`No answer to ${args[0]}.`)));
  try {
    await once(socket, "connect");
    socket.write(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}*1\r\n$4\r\nPING\r\n`);
    let answer = "";
    for await (const chunk of socket) {
      answer += String(chunk);
      if (answer.endsWith("+PONG\r\n")) break;
    }
    if (answer.startsWith("-")) throw new Error(answer.split("\r\n")[0]!.slice(1));
    return answer.slice(0, -"+PONG\r\n".length);
  } finally {
    socket.destroy();
  }
}

/** Asks again until it is so. @throws after 20 s. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(20_000);
  while (!(await isSo().catch(() => false))) {
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
