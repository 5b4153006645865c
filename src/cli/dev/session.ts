// One run of `conversimple dev`: the local platform here, the agents in a process of their own.
//
//   DS1. The platform outlives every reload: its conversations and unanswered calls wait for the agents.
//   DS2. It ends the agents first, while their answers still arrive somewhere, then itself.

import { realpathSync, statSync } from "node:fs";

import { ConversimpleError } from "../../base/errors.ts";
import { devKey } from "../../platform/dev-key.ts";
import type { InspectorEvent } from "../../inspector/api.ts";
import { LocalPlatform } from "../../platform/local-platform.ts";
import type { PlatformInspector } from "../../platform/platform-options.ts";
import type { Store } from "../../state/store.ts";
import { openStore } from "../../stores/open.ts";
import { secretFor } from "../../stores/secret.ts";
import { findAgentFiles } from "../agents/agent-files.ts";
import { Failure } from "../failure.ts";
import { nextCommand } from "../next-command.ts";
import type { Terminal } from "../terminal.ts";
import { packageVersion } from "../../base/package-version.ts";
import type { BrainChoice } from "./brain-choice.ts";
import { EventLines } from "./event-lines.ts";
import { inspectorToken, pageAddress } from "./inspector-token.ts";
import type { Report } from "./report.ts";
import { readRunning, removeRunning, writeRunning } from "./running-file.ts";
import { SourceWatch } from "./source-watch.ts";
import { Supervisor } from "./supervisor.ts";
import { WorkerDesk } from "./worker-desk.ts";

const DATA_PATH = ".conversimple/platform.db";

export interface DevOptions {
  readonly paths: readonly string[];
  readonly port: number;
  readonly host: string;
  /** Address of the store; `absolute` is the same for readers in other folders. */
  readonly store: { readonly address: string; readonly absolute: string };
  readonly brain: BrainChoice;
  readonly isVerbose: boolean;
}

export class DevSession {
  readonly #options: DevOptions;
  readonly #terminal: Terminal;
  readonly #lines: EventLines;
  readonly #platform: LocalPlatform;
  /** For the inspector, which reads beside the agents' process. */
  readonly #store: Store | undefined;
  readonly #token: string;
  readonly #watch: SourceWatch;
  readonly #supervisor: Supervisor;
  readonly #desk: WorkerDesk;
  readonly #url: string;
  #hasGreeted = false;
  #hasServed = false;
  readonly #over = Promise.withResolvers<number>();

  /**
   * Starts the platform, then the agents.
   *
   * @throws {Failure} The agents are not there, the port is taken, or another `dev` runs in this folder.
   */
  static async start(options: DevOptions, terminal: Terminal): Promise<DevSession> {
    const { files, refused } = findAgentFiles(options.paths);
    for (const reason of refused) terminal.complain(terminal.errorTone("warning", reason));
    const apiKey = process.env.CONVERSIMPLE_API_KEY || devKey();
    const token = inspectorToken(apiKey);
    const store = await storeToInspect(options.store.address);
    const desk = new WorkerDesk();
    const inspector: PlatformInspector = { token, store, desk, address: store?.address ?? options.store.address, version: packageVersion(), callCommand: nextCommand("call"), ...(store ? { secret: () => secretFor(store, undefined) } : {}) };
    const platform = new LocalPlatform({ port: options.port, host: options.host, dataPath: DATA_PATH, apiKey, brain: options.brain.name, brains: options.brain.brains, inspector });
    try {
      const { port } = await startPlatform(platform, options);
      return new DevSession(options, terminal, platform, store, { port, apiKey, token, files, desk });
    } catch (thrown) {
      await store?.close();
      throw thrown;
    }
  }

  private constructor(options: DevOptions, terminal: Terminal, platform: LocalPlatform, store: Store | undefined, { port, apiKey, token, files, desk }: { port: number; apiKey: string; token: string; files: readonly string[]; desk: WorkerDesk }) {
    this.#options = options;
    this.#terminal = terminal;
    this.#platform = platform;
    this.#store = store;
    this.#token = token;
    this.#url = `http://${options.host === "::1" ? "[::1]" : options.host === "localhost" ? "localhost" : "127.0.0.1"}:${port}`;
    this.#lines = new EventLines(terminal, options.isVerbose);
    platform.on((event) => this.#lines.platform(event));
    writeRunning({ pid: process.pid, url: this.#url, store: options.store.absolute });
    this.#watch = new SourceWatch((name) => this.#changed(name));
    this.#watch.addFiles(files);
    for (const path of options.paths) if (statSync(path).isDirectory()) this.#watch.addFolder(realpathSync(path));
    this.#desk = desk;
    this.#supervisor = new Supervisor({
      settings: { paths: options.paths, store: options.store.address },
      environment: { ...process.env, CONVERSIMPLE_API_KEY: apiKey, CONVERSIMPLE_PLATFORM_URL: this.#url },
      onReport: (report) => this.#hear(report),
      onAnswer: (answer) => this.#desk.hear(answer),
      onGone: () => this.#desk.gone(),
      onCrash: (how, isRestarted) => this.#lines.note(`The agents' process ended by itself (${how}). ${isRestarted ? "It is started again." : "Save a file to start it again."}`, "bad"),
    });
    desk.connect((question) => this.#supervisor.ask(question));
    this.#supervisor.reload();
  }

  /** Resolves with the exit code when {@link stop} was called or the agents cannot be served. */
  get over(): Promise<number> {
    return this.#over.promise;
  }

  /** Ends it; a second call kills the agents (DS2). */
  stop(exitCode: number): void {
    this.#over.resolve(exitCode);
  }

  /** Ends what runs, in order (DS2). */
  async close(): Promise<void> {
    this.#watch.close();
    await this.#supervisor.stop();
    await this.#platform.stop();
    await this.#store?.close();
    removeRunning();
  }

  /** For those who cannot wait. */
  kill(): void {
    this.#supervisor.kill();
    removeRunning();
  }

  #changed(name: string): void {
    this.#lines.note(`${name} was saved`);
    this.#supervisor.reload();
  }

  #hear(report: Report): void {
    switch (report.type) {
      case "loaded":
        return this.#watch.addFiles(report.files);
      case "ready":
        return this.#ready(report);
      case "failed":
        return this.#failed(report);
      case "committed":
        this.#platform.inspector?.poke();
        return this.#lines.committed(report);
      case "threw":
        this.#platform.inspector?.tell(shownThrow(report));
        return this.#lines.threw(report);
      case "log":
        return this.#lines.log(report);
    }
  }

  #ready({ agents, refused }: Extract<Report, { type: "ready" }>): void {
    this.#desk.ready();
    this.#platform.inspector?.tell({ type: "agents" });
    if (this.#hasServed) for (const reason of refused) this.#lines.note(reason, "warning");
    if (this.#hasServed) return this.#lines.note(`ready again: ${agents.map(({ id }) => id).join(", ")}`, "good");
    this.#hasServed = true;
    this.#greet();
    const width = Math.max(...agents.map(({ id }) => id.length));
    for (const { id, tools } of agents) this.#terminal.say(`  ${this.#terminal.tone("strong", id.padEnd(width))}   ${tools.join("  ") || "no tools"}`);
    this.#next();
  }

  #failed({ message, remedy, stack, isFinal }: Extract<Report, { type: "failed" }>): void {
    if (isFinal) {
      this.#over.reject(new Failure(message, remedy === undefined ? {} : { remedy }));
      return;
    }
    this.#greet();
    this.#platform.inspector?.tell({ type: "agents", failure: { message, ...(remedy === undefined ? {} : { remedy }) } });
    this.#terminal.say(`${this.#terminal.tone("bad", "The agents cannot run:")} ${message}`);
    if (remedy) this.#terminal.say(this.#terminal.tone("quiet", remedy));
    if (this.#options.isVerbose && stack) this.#terminal.say(this.#terminal.tone("quiet", stack));
    this.#terminal.say(this.#terminal.tone("quiet", "What is stored stays as it is. The next save starts them again."));
  }

  /** Once, before anything else is said. */
  #greet(): void {
    if (this.#hasGreeted) return;
    this.#hasGreeted = true;
    const terminal = this.#terminal;
    terminal.say(`\n  ${terminal.tone("strong", "conversimple")} ${terminal.tone("quiet", packageVersion())}\n`);
    terminal.say(`  ${terminal.tone("accent", pageAddress(this.#url, this.#token))}\n`);
    if (!this.#store) terminal.say(`  ${terminal.tone("quiet", "The page cannot look into memory:, which is inside of the agents' process. To see state: --store sqlite:<path>, or no --store.")}\n`);
  }

  #next(): void {
    const terminal = this.#terminal;
    const command = nextCommand("call");
    terminal.say(`\n  ${terminal.tone("quiet", "Next: open the page, and call an agent. In a second terminal:")}  ${terminal.tone("strong", command)}\n`);
  }
}

/** Opened here too: reading goes on while the agents are stopped or broken. A store in memory is theirs alone. */
async function storeToInspect(address: string): Promise<Store | undefined> {
  return /^memory:/i.test(address) ? undefined : openStore(address);
}

function shownThrow({ message, places, reference }: Extract<Report, { type: "threw" }>): InspectorEvent {
  return { type: "threw", message, places, ...(reference === undefined ? {} : { reference }) };
}

async function startPlatform(platform: LocalPlatform, { port, host }: DevOptions): Promise<{ port: number }> {
  try {
    return await platform.start();
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE") throw new Failure(`Port ${port} is in use.`, { cause: thrown, remedy: `Stop what uses it, or take another one: --port ${port === 65_535 ? port - 1 : port + 1}` });
    if (code === "EACCES") throw new Failure(`Port ${port} may not be used by this user.`, { cause: thrown, remedy: "Take one above 1023, for example: --port 4000" });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") throw new Failure(`${host} is no address of this machine.`, { cause: thrown, remedy: "Leave --host away, or use 0.0.0.0 to let other machines in." });
    if (thrown instanceof ConversimpleError && thrown.message.includes("another platform uses it")) throw alreadyRunning(thrown);
    throw thrown;
  }
}

function alreadyRunning(cause: unknown): Failure {
  const running = readRunning();
  const where = running ? ` (${running.url}, process ${running.pid})` : "";
  return new Failure(`conversimple dev runs in this folder already${where}.`, { cause, remedy: "Use that one, stop it, or start this one in another folder." });
}
