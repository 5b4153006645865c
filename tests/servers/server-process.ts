// One process of a server: on a free port of this machine, and gone when whoever started it is gone.
//
//   SP1. A port that somebody took in the meantime is answered with another one.
//   SP2. The kernel ends the server when its starter dies, however it dies, so that no test run leaves one behind.
//   SP3. It is stopped by its process id, never by its name.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findProgram } from "./programs.ts";

const TRIES = 10;
/** Generous: a machine that runs other tests starts slowly. Milliseconds. */
const READY_WITHIN_MS = 20_000;

/** How one server is started. */
export interface ServerCommand {
  readonly program: string;
  readonly args: (port: number) => readonly string[];
  readonly cwd: string;
  /** What its output says when it can be used. */
  readonly isReady: RegExp;
  /** The user it runs as, for servers that refuse to be root. */
  readonly user?: string;
  /** The port it must have, once it had it. */
  readonly port?: number;
  /** What the kernel sends it when the tests die (SP2); `KILL` unless given. */
  readonly deathSignal?: "KILL" | "INT";
}

/** A server that runs. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    this.#exited = once(child, "exit");
  }

  /** Resolves when it can be used (SP1). @throws when it ends, or says nothing, instead. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    for (let attempt = 1; ; attempt++) {
      const port = command.port ?? (await freePort());
      const started = new ServerProcess(spawnTied(command, port), port);
      const failure = await started.#untilReady(command.isReady);
      if (failure === undefined) {
        started.#holdProcess(false);
        return started;
      }
      await started.stop("SIGKILL");
      const wasTaken = /in use|could not bind|bind:/i.test(failure);
      if (!wasTaken || attempt === TRIES) throw new Error(`${command.program} did not start:\n${failure}`);
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it and waits until it is gone (SP3). */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#holdProcess(true);
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#exited;
  }

  /** A server that is forgotten keeps no test file from ending. */
  #holdProcess(holds: boolean): void {
    const { stdout, stderr } = this.#child;
    for (const each of [this.#child, stdout, stderr] as unknown as { ref?(): void; unref?(): void }[]) (holds ? each.ref : each.unref)?.call(each);
  }

  /** Undefined when it is ready, else what it said. */
  async #untilReady(isReady: RegExp): Promise<string | undefined> {
    const said: string[] = [];
    const timer = AbortSignal.timeout(READY_WITHIN_MS);
    return new Promise((resolve) => {
      const end = () => resolve(said.join("\n") || "it said nothing");
      for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
        createInterface(stream).on("line", (line) => {
          if (said.push(line) > 100) said.shift();
          if (isReady.test(line)) resolve(undefined);
        });
      }
      this.#child.once("close", end);
      this.#child.once("error", (error) => resolve(error.message));
      timer.addEventListener("abort", end, { once: true });
    });
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** What is still there when this process ends by itself (SP2, also where the kernel does not do it). */
const running = new Set<ChildProcess>();
const folders = new Set<string>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder that goes away with this process at the latest. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `conversimple-${name}-`));
  folders.add(folder);
  return folder;
}

function spawnTied({ program, args, cwd, user, deathSignal = "KILL" }: ServerCommand, port: number): ChildProcess {
  const setpriv = findProgram("setpriv");
  const isRoot = process.getuid?.() === 0;
  const as = user !== undefined && isRoot ? [`--reuid=${user}`, `--regid=${user}`, "--clear-groups"] : [];
  const command = setpriv ? [setpriv, "--pdeathsig", deathSignal, ...as, program] : [program];
  const child = spawn(command[0]!, [...command.slice(1), ...args(port)], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}
