// The process of the agents, from the side of the one that watches over it.
//
//   SU1. There are never two of them at once: the next one starts when the last one has ended.
//   SU2. One that does not end when asked is killed.
//   SU3. One that ends by itself is started again when it has served; otherwise the next save starts it.

import { fork, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

import { systemClock } from "../../base/clock.ts";
import type { DeskAnswer, DeskQuestion } from "./desk-messages.ts";
import { SETTINGS_VARIABLE, type Report, type WorkerSettings } from "./report.ts";

/** How long running tools get at a reload, milliseconds; then SU2. Longer than the worker's own grace. */
const KILL_AFTER_MS = 8_000;
/** One that served for so long has not failed at its start, milliseconds. */
const SERVED_MS = 3_000;

const WORKER = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));

export interface SupervisorOptions {
  readonly settings: WorkerSettings;
  readonly environment: NodeJS.ProcessEnv;
  readonly onReport: (report: Report) => void;
  /** It answered a question. */
  readonly onAnswer?: (answer: DeskAnswer) => void;
  /** It is asked to end, or has ended: it answers nothing more. */
  readonly onGone?: () => void;
  /** It ended by itself: how, and whether it is started again (SU3). */
  readonly onCrash: (how: string, isRestarted: boolean) => void;
}

interface Child {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly startedAt: number;
  hasFailed: boolean;
  isAsked: boolean;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #child: Child | undefined;
  #isStale = false;
  #isStopped = false;
  #turn: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts it, or ends it and starts it anew (SU1). */
  reload(): void {
    this.#isStale = true;
    this.#turn ??= this.#run().finally(() => (this.#turn = undefined));
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#turn;
    await this.#end();
  }

  /** Asks it something; false when there is nobody to ask. */
  ask(question: DeskQuestion): boolean {
    const child = this.#child;
    if (!child || child.isAsked || !child.process.connected) return false;
    // One that dies meanwhile is told of by its end.
    child.process.send(question, () => {});
    return true;
  }

  /** Ends it without waiting for anything. */
  kill(): void {
    this.#child?.process.kill("SIGKILL");
  }

  async #run(): Promise<void> {
    while (this.#isStale && !this.#isStopped) {
      this.#isStale = false;
      await this.#end();
      if (!this.#isStopped) this.#begin();
    }
  }

  #begin(): void {
    const { settings, environment, onReport } = this.#options;
    const child = fork(WORKER, [], { env: { ...environment, [SETTINGS_VARIABLE]: JSON.stringify(settings) }, stdio: ["ignore", "inherit", "inherit", "ipc"] });
    let end = (): void => {};
    const started: Child = { process: child, ended: new Promise((resolve) => (end = resolve)), startedAt: systemClock.monotonic(), hasFailed: false, isAsked: false };
    this.#child = started;
    child.on("message", (message) => {
      const report = message as Report | DeskAnswer;
      if (report.type === "answer") return this.#options.onAnswer?.(report);
      if (report.type === "failed") started.hasFailed = true;
      onReport(report);
    });
    const over = (how: string): void => {
      if (this.#child !== started) return;
      this.#child = undefined;
      this.#options.onGone?.();
      end();
      if (!started.isAsked && !started.hasFailed) this.#crashed(started, how);
    };
    child.once("close", (code, signal) => over(signal ?? `exit code ${code ?? "unknown"}`));
    // One that could not be started never closes.
    child.on("error", (error) => child.pid === undefined && over(error.message));
  }

  #crashed(child: Child, how: string): void {
    const isRestarted = !this.#isStopped && systemClock.monotonic() - child.startedAt >= SERVED_MS;
    this.#options.onCrash(how, isRestarted);
    if (isRestarted) this.reload();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.isAsked = true;
    this.#options.onGone?.();
    child.process.kill("SIGTERM");
    const timer = systemClock.after(KILL_AFTER_MS, () => child.process.kill("SIGKILL"));
    await child.ended;
    timer.cancel();
  }
}
