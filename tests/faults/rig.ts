// The whole path on one machine: a local platform here, dispatchers in processes of their own, one SQLite file, the
// outside world - and the history of what was asked, answered and stored.
//
// Owns starting, killing and cleaning up, and recording. Judges nothing but what kind of answer an answer is.
//
//   R1. Nothing here waits for a time: only for exits, answers and arrivals.
//   R2. After `stop` no process is left, whatever the test did.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { LocalPlatform, PlatformRefusal } from "../../src/platform/index.ts";
import type { CallAnswer, LocalPlatformOptions } from "../../src/platform/index.ts";
import { openRecord } from "../../src/state/record.ts";
import { conversationOwner } from "../../src/state/store.ts";
import type { ProcessOptions } from "./agent-process.ts";
import { violationsOf } from "./checker.ts";
import type { HistoryEvent, StoredChange } from "./checker.ts";
import { OutsideWorld } from "./outside-world.ts";

export const KEY = "cs_test_5e77a0b1c2d3e4f5";

/** Codes after which it is open whether the change was stored. */
const OPEN_CODES: ReadonlySet<string> = new Set(["state_unavailable"]);

export interface Seen {
  readonly version: number;
  readonly epoch: number;
  readonly record: string;
  readonly changes: readonly StoredChange[];
  readonly state: Record<string, unknown>;
}

export class AgentProcess {
  readonly child: ChildProcess;
  /** Resolves when the process said that it serves, or ended before. */
  readonly ready: Promise<"ready" | "exited">;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  hasExited = false;
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
    this.ready = Promise.race([new Promise<"ready">((resolve) => this.child.once("message", () => resolve("ready"))), this.exited.then(() => "exited" as const)]);
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

export class Rig {
  readonly folder: string;
  readonly world: OutsideWorld;
  readonly platform: LocalPlatform;
  readonly url: string;
  readonly history: HistoryEvent[] = [];
  readonly processes: AgentProcess[] = [];
  readonly #conversations = new Set<string>();
  #calls = 0;

  static async start(options: LocalPlatformOptions = {}): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), "faults-"));
    const platform = new LocalPlatform({ port: 0, apiKey: KEY, dataPath: join(folder, "platform.db"), ...options });
    const [world, { url }] = await Promise.all([OutsideWorld.listen(), platform.start()]);
    return new Rig(folder, world, platform, url);
  }

  constructor(folder: string, world: OutsideWorld, platform: LocalPlatform, url: string) {
    this.folder = folder;
    this.world = world;
    this.platform = platform;
    this.url = url;
  }

  get path(): string {
    return join(this.folder, "state.db");
  }

  /** Starts a dispatcher; not waited for. */
  begin(options: Partial<ProcessOptions> = {}, environment: Readonly<Record<string, string>> = {}): AgentProcess {
    const started = new AgentProcess({ apiKey: KEY, platformUrl: this.url, path: this.path, world: this.world.url, ...options }, { CONVERSIMPLE_LOG_LEVEL: "info", ...environment });
    this.processes.push(started);
    return started;
  }

  /** Starts a dispatcher that serves. */
  async serve(options: Partial<ProcessOptions> = {}, environment?: Readonly<Record<string, string>>): Promise<AgentProcess> {
    const started = this.begin(options, environment);
    if ((await started.ready) === "exited") throw new Error(`The dispatcher ended at its start: ${started.output}`);
    return started;
  }

  async open(conversationId: string, agentId = "bank"): Promise<string> {
    await this.platform.createConversation({ agentId, conversationId });
    this.#conversations.add(conversationId);
    return conversationId;
  }

  /** A tool call that changes the ledger, in the history with everything that became of it. */
  async call(conversation: string, tool: string, input: Readonly<Record<string, unknown>>, callId = `call-${++this.#calls}`): Promise<CallAnswer> {
    this.history.push({ kind: "asked", conversation, callId });
    let answer: CallAnswer;
    try {
      answer = await this.platform.callTool({ conversationId: conversation, tool, arguments: input, callId, timeoutSeconds: 60 });
    } catch (thrown) {
      this.history.push({ kind: "unknown", conversation, callId });
      if (thrown instanceof PlatformRefusal) return { kind: "error", callId, error: { type: thrown.code, message: thrown.message } };
      throw thrown;
    }
    if (answer.kind === "result") {
      const { conversation: from, count } = JSON.parse(answer.json) as { conversation: string; count: number };
      this.history.push({ kind: "acknowledged", conversation, callId, answer: answer.json, from, count });
    } else {
      const isOpen = answer.kind === "timeout" || OPEN_CODES.has(answer.error.type);
      this.history.push({ kind: isOpen ? "unknown" : "refused", conversation, callId });
    }
    return answer;
  }

  /** What the file has of a conversation, read past every process. */
  seen(conversation: string): Seen | undefined {
    const database = new DatabaseSync(this.path, { readOnly: true, timeout: 5_000 });
    try {
      const owner = conversationOwner(conversation);
      const row = database.prepare("SELECT version, epoch, record FROM owners WHERE owner = ?").get(owner) as { version: number; epoch: number; record: string | null } | undefined;
      if (!row || row.record === null) return undefined;
      const state = openRecord(owner, row.version, row.record).get("state")!.data as Record<string, unknown>;
      return { version: row.version, epoch: row.epoch, record: row.record, state, changes: state.changes as readonly StoredChange[] };
    } finally {
      database.close();
    }
  }

  /** The process that has the conversation now, by the file. */
  owner(conversation: string): AgentProcess | undefined {
    const database = new DatabaseSync(this.path, { readOnly: true, timeout: 5_000 });
    try {
      const row = database.prepare("SELECT p.pid FROM owners o JOIN processes p ON p.id = o.process WHERE o.owner = ?").get(conversationOwner(conversation));
      return this.processes.find(({ child }) => child.pid === row?.pid);
    } finally {
      database.close();
    }
  }

  /** Puts what the file has of every conversation into the history, and gives the violations so far. */
  judge(): string[] {
    for (const conversation of this.#conversations) {
      const seen = this.seen(conversation);
      this.history.push({ kind: "stored", conversation, version: seen?.version ?? 0, changes: seen?.changes ?? [] });
    }
    return violationsOf(this.history);
  }

  /** Whether nobody can write: somebody holds the file's lock for longer than any commit takes. */
  isLocked(): boolean {
    const database = new DatabaseSync(this.path, { timeout: 2_000 });
    try {
      database.exec("BEGIN IMMEDIATE; ROLLBACK");
      return false;
    } catch {
      return true;
    } finally {
      database.close();
    }
  }

  /** "ok" when SQLite finds nothing wrong with the file. */
  integrity(): unknown {
    const database = new DatabaseSync(this.path, { timeout: 5_000 });
    try {
      return database.prepare("PRAGMA integrity_check").get()!.integrity_check;
    } finally {
      database.close();
    }
  }

  async stop(): Promise<void> {
    for (const running of this.processes) if (!running.hasExited) running.child.kill("SIGKILL");
    await Promise.all(this.processes.map((running) => running.exited));
    await Promise.all([this.platform.stop(), this.world.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
