// A dispatcher in a process of its own, as a test sees it: started, heard, signalled, gone.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ProcessOptions } from "./agent-process.ts";

export class DispatcherProcess {
  readonly child: ChildProcess;
  /** Resolves when the process said that it serves, or ended before. */
  readonly ready: Promise<"ready" | "exited">;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  hasExited = false;
  /** What the store knows the process as; known when it is ready. */
  identity: string | undefined;
  /** Standard output and error so far. */
  output = "";
  readonly #watchers = new Set<() => void>();

  constructor(options: ProcessOptions, environment: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [fileURLToPath(new URL("agent-process.ts", import.meta.url))], {
      env: { ...process.env, ...environment, FAULTS: JSON.stringify(options) },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        for (const look of [...this.#watchers]) look();
      });
    }
    this.exited = new Promise((resolve) => {
      // "close" comes after "exit", when the output is complete.
      this.child.once("close", (code: number | null, signal: NodeJS.Signals | null) => {
        this.hasExited = true;
        resolve({ code, signal });
      });
    });
    const served = new Promise<"ready">((resolve) => {
      this.child.on("message", (message: "ready" | { identity: string }) => {
        if (message === "ready") resolve("ready");
        else this.identity = message.identity;
      });
    });
    this.ready = Promise.race([served, this.exited.then(() => "exited" as const)]);
  }

  /** Sends a signal; resolved when the process is gone if the signal ends it. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.child.kill(signal);
    if (signal === "SIGKILL") await this.exited;
  }

  /** Resolves when the output holds the text. */
  says(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!this.output.includes(text)) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}
