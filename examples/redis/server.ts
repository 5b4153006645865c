// A Redis for the example: the one in REDIS_URL, else a `redis-server` of the PATH, started on a free port for as long as
// the example runs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";

/** A Redis that can be used. */
export interface Redis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Undefined when there is no Redis and none can be started. */
export async function findRedis(folder: string): Promise<Redis | undefined> {
  const given = process.env.REDIS_URL;
  if (given) return { url: given, stop: async () => {} };
  const port = await freePort();
  // Without persistence Redis forgets at its end: right for an example, wrong for calls.
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""], { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => void server.kill("SIGKILL");
  process.once("exit", kill);
  const isReady = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.once("exit", () => resolve(false));
    createInterface(server.stdout).on("line", (line) => line.includes("Ready to accept connections") && resolve(true));
  });
  if (!isReady) return undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      process.off("exit", kill);
      kill();
      await once(server, "exit");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
