// The program as a person starts it: real processes of the built package, in a folder of their own.

import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(root, "dist/cli/main.js");

/** How a process ended, and everything that it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A running process whose output can be waited for. */
export class Program {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";
  readonly #waiting = new Set<() => void>();
  #end: Ended | undefined;

  constructor(process: ChildProcess) {
    this.process = process;
    process.stdout!.setEncoding("utf8").on("data", (text: string) => this.#heard(() => (this.out += text)));
    process.stderr!.setEncoding("utf8").on("data", (text: string) => this.#heard(() => (this.err += text)));
    this.ended = new Promise((resolve) => {
      process.on("close", (code, signal) => {
        this.#end = { code, signal, out: this.out, err: this.err };
        this.#heard(() => {});
        resolve(this.#end);
      });
    });
  }

  /** The first match in what was said on standard output (from an offset); fails when the process ends before. */
  says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.out.slice(from));
        if (!found && !this.#end) return;
        this.#waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`It ended without saying ${String(pattern)}:\n${this.out}\n${this.err}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.process.kill(signal);
    return this.ended;
  }

  #heard(take: () => void): void {
    take();
    for (const look of [...this.#waiting]) look();
  }
}

/** A folder for one test, or for a file of tests (`new Workplace(afterAll)`); what is started in it ends with them. */
export class Workplace {
  readonly path: string;
  readonly #programs: Program[] = [];

  constructor(atEnd: (close: () => Promise<void>) => void = (close) => onTestFinished(close)) {
    this.path = mkdtempSync(join(tmpdir(), "conversimple-cli-"));
    mkdirSync(join(this.path, "node_modules"));
    symlinkSync(root, join(this.path, "node_modules/conversimple"));
    symlinkSync(join(root, "node_modules/zod"), join(this.path, "node_modules/zod"));
    atEnd(() => this.#close());
  }

  write(name: string, text: string, mode = 0o644): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }

  start(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Program {
    const { CONVERSIMPLE_API_KEY: _key, CONVERSIMPLE_STORE: _store, CONVERSIMPLE_PORT: _port, npm_command: _npm, FORCE_COLOR: _colour, ...inherited } = process.env;
    const program = new Program(spawn(process.execPath, [MAIN, ...words], { cwd: this.path, env: { ...inherited, ...environment }, stdio: ["pipe", "pipe", "pipe"] }));
    this.#programs.push(program);
    return program;
  }

  /** Runs a command to its end. */
  run(words: readonly string[], { input = "", environment = {} }: { input?: string; environment?: Readonly<Record<string, string>> } = {}): Promise<Ended> {
    const program = this.start(words, environment);
    program.process.stdin!.on("error", () => {});
    program.process.stdin!.end(input);
    return program.ended;
  }

  /** `dev` on a free port, once it serves. */
  async dev(paths: readonly string[] = ["."], words: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Promise<Dev> {
    const program = this.start(["dev", ...paths, "--port", "0", ...words], environment);
    const [page, url = "", token = ""] = await program.says(/(http:\/\/\S+)\/#token=(\S+)/);
    await program.says(/In a second terminal/);
    return { program, url, page, token, key: (JSON.parse(this.read(".conversimple/dev.json")) as { apiKey: string }).apiKey };
  }

  async #close(): Promise<void> {
    for (const { process } of this.#programs) if (process.exitCode === null && process.signalCode === null) process.kill("SIGKILL");
    await Promise.all(this.#programs.map(({ ended }) => ended));
    rmSync(this.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

export interface Dev {
  readonly program: Program;
  readonly url: string;
  /** The address of its page, with the inspector's token. */
  readonly page: string;
  readonly token: string;
  readonly key: string;
}

/** A cart. `answer` is what add_to_cart says beside the size. */
export function cartAgent(answer = "added", id = "shop"): string {
  return `import { ConversimpleAgent, conversationState, tool, ToolError } from "conversimple";
import { z } from "zod";

export class CartAgent extends ConversimpleAgent {
  static override readonly agentId: string = ${JSON.stringify(id)};
  readonly state = conversationState(
    z.object({ cart: z.array(z.object({ productId: z.string(), quantity: z.number().int(), addedAt: z.date() })).default([]), notes: z.map(z.string(), z.bigint()).default(new Map()) }),
  );
  addToCart = tool("Add a product", { productId: z.string(), quantity: z.number().int().min(1).default(1), gift: z.boolean().optional(), size: z.enum(["small", "large"]).optional() }, ({ productId, quantity }) => {
    this.state.cart.push({ productId, quantity, addedAt: this.now() });
    this.state.notes.set(productId, BigInt(quantity));
    return { said: ${JSON.stringify(answer)}, cartSize: this.state.cart.length };
  });
  refuse = tool("Say no", () => { throw new ToolError("Not today."); });
  explode = tool("Throw", () => { throw new TypeError("a fuse blew"); });
  slow = tool("Take a while", { ms: z.number() }, async ({ ms }) => {
    process.stdout.write("slow began\\n");
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.state.cart.push({ productId: "slow", quantity: 1, addedAt: this.now() });
    return { cartSize: this.state.cart.length };
  });
  whoAmI = tool("Tell the process", () => ({ pid: process.pid }));
}
`;
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until something is so, looking often; the test's own timeout is the limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
