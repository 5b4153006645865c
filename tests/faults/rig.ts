// The whole path on one machine: a local platform here, dispatchers in processes of their own, a store at an address, the
// outside world - and the history of what was asked, answered and stored.
//
// Owns starting, killing and cleaning up, and recording. Judges nothing but what kind of answer an answer is.
//
//   R1. Nothing here waits for a time: only for exits, answers and arrivals.
//   R2. After `stop` no process is left, whatever the test did.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openState, type StateAccess } from "../../src/index.ts";
import { LocalPlatform, PlatformRefusal } from "../../src/platform/index.ts";
import type { CallAnswer, LocalPlatformOptions } from "../../src/platform/index.ts";
import { openRecord } from "../../src/state/record.ts";
import { conversationOwner } from "../../src/state/store.ts";
import type { ProcessOptions } from "./agent-process.ts";
import { violationsOf } from "./checker.ts";
import type { HistoryEvent, StoredChange } from "./checker.ts";
import { DispatcherProcess } from "./dispatcher-process.ts";
import { OutsideWorld } from "./outside-world.ts";
import { inFile, type Kept, type Place, type PlaceMaker } from "./places.ts";

export const KEY = "cs_test_5e77a0b1c2d3e4f5";
const SECRET = "the secret of the fault tests";

/** Codes after which it is open whether the change was stored. */
const OPEN_CODES: ReadonlySet<string> = new Set(["state_unavailable", "state_lost"]);

export interface Seen {
  readonly version: number;
  readonly epoch: number;
  readonly record: string;
  readonly changes: readonly StoredChange[];
  readonly state: Record<string, unknown>;
}

export class Rig {
  readonly folder: string;
  readonly world: OutsideWorld;
  readonly platform: LocalPlatform;
  readonly url: string;
  readonly place: Place;
  readonly history: HistoryEvent[] = [];
  readonly processes: DispatcherProcess[] = [];
  readonly #conversations = new Set<string>();
  readonly #customers = new Set<string>();
  /** How many losses of an owner are in the history already. */
  readonly #reported = new Map<string, number>();
  #access: Promise<StateAccess> | undefined;
  #calls = 0;

  /** @param place where the state is kept; a file in the rig's folder unless given. */
  static async start(options: LocalPlatformOptions = {}, place: PlaceMaker = inFile): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), "faults-"));
    const platform = new LocalPlatform({ port: 0, apiKey: KEY, dataPath: join(folder, "platform.db"), ...options });
    const [world, { url }, kept] = await Promise.all([OutsideWorld.listen(), platform.start(), place(folder)]);
    return new Rig(folder, world, platform, url, kept);
  }

  constructor(folder: string, world: OutsideWorld, platform: LocalPlatform, url: string, place: Place) {
    this.folder = folder;
    this.world = world;
    this.platform = platform;
    this.url = url;
    this.place = place;
  }

  /** The file of a rig that keeps its state in one. */
  get path(): string {
    return join(this.folder, "state.db");
  }

  /** What processes that share the store have in their environment. */
  get environment(): Readonly<Record<string, string>> {
    return { CONVERSIMPLE_STORE: this.place.address, CONVERSIMPLE_SECRET: SECRET };
  }

  /** Starts a dispatcher; not waited for. */
  begin(options: Partial<ProcessOptions> = {}, environment: Readonly<Record<string, string>> = {}): DispatcherProcess {
    const started = new DispatcherProcess({ apiKey: KEY, platformUrl: this.url, world: this.world.url, ...options }, { CONVERSIMPLE_LOG_LEVEL: "info", ...this.environment, ...environment });
    this.processes.push(started);
    return started;
  }

  /** Starts a dispatcher that serves. */
  async serve(options: Partial<ProcessOptions> = {}, environment?: Readonly<Record<string, string>>): Promise<DispatcherProcess> {
    const started = this.begin(options, environment);
    if ((await started.ready) === "exited") throw new Error(`The dispatcher ended at its start: ${started.output}`);
    return started;
  }

  async open(conversationId: string, agentId = "bank"): Promise<string> {
    await this.platform.createConversation({ agentId, conversationId });
    this.#conversations.add(conversationId);
    return conversationId;
  }

  /** A tool call that the history does not know; but when it is told that the state is lost, that is in it. */
  async ask(conversationId: string, tool: string, input: Readonly<Record<string, unknown>>, callId = `call-${++this.#calls}`): Promise<CallAnswer> {
    try {
      const answer = await this.#send(conversationId, tool, input, callId);
      if (kindOf(answer) === "state_lost" && this.#conversations.has(conversationId)) this.history.push({ kind: "lost", conversation: conversationId });
      return answer;
    } catch (thrown) {
      return refusal(thrown, callId);
    }
  }

  /** A tool call that changes the ledger, in the history with everything that became of it. */
  call(conversation: string, tool: string, input: Readonly<Record<string, unknown>>, callId = `call-${++this.#calls}`): Promise<CallAnswer> {
    return this.#recorded(conversation, callId, () => this.#send(conversation, tool, input, callId));
  }

  /** A visit of whoever is logged in: a change of the customer, counted under the call's id. */
  visit(conversation: string, customer: string, callId = `visit-${++this.#calls}`): Promise<CallAnswer> {
    this.#customers.add(`customer:${customer}`);
    return this.#recorded(`customer:${customer}`, callId, () => this.#send(conversation, "visit", {}, callId));
  }

  /** Somebody outside sends a change: nobody answers, and it may be stored from now on. */
  sent(conversation: string, callId: string): void {
    this.history.push({ kind: "asked", conversation, callId });
  }

  #send(conversationId: string, tool: string, input: Readonly<Record<string, unknown>>, callId: string): Promise<CallAnswer> {
    return this.platform.callTool({ conversationId, tool, arguments: input, callId, timeoutSeconds: 60 });
  }

  async #recorded(conversation: string, callId: string, ask: () => Promise<CallAnswer>): Promise<CallAnswer> {
    this.history.push({ kind: "asked", conversation, callId });
    let answer: CallAnswer;
    try {
      answer = await ask();
    } catch (thrown) {
      this.history.push({ kind: "unknown", conversation, callId });
      return refusal(thrown, callId);
    }
    if (answer.kind === "result") {
      const { conversation: from, count, error } = JSON.parse(answer.json) as { conversation: string; count: number; error?: string };
      this.history.push(error === undefined ? { kind: "acknowledged", conversation, callId, answer: answer.json, from, count } : { kind: "refused", conversation, callId });
    } else {
      const isOpen = answer.kind === "timeout" || OPEN_CODES.has(answer.error.type);
      this.history.push({ kind: isOpen ? "unknown" : "refused", conversation, callId });
      // What a visit's caller hears may be about the call or about the customer: the log says which.
      if (kindOf(answer) === "state_lost" && !this.#customers.has(conversation)) this.history.push({ kind: "lost", conversation });
    }
    return answer;
  }

  /** What the store has of a conversation, read past every process. */
  async seen(conversation: string): Promise<Seen | undefined> {
    const owner = conversationOwner(conversation);
    const kept = await this.place.read(owner);
    if (!kept || kept.record === null) return undefined;
    const { version, epoch, record } = kept;
    const state = openRecord(owner, version, record).get("state")!.data as Record<string, unknown>;
    return { version, epoch, record, state, changes: state.changes as readonly StoredChange[] };
  }

  /** Who has the conversation now, by the store. */
  async owner(conversation: string): Promise<DispatcherProcess | undefined> {
    const kept: Kept | undefined = await this.place.read(conversationOwner(conversation));
    return kept?.process ? this.processes.find(({ identity }) => identity === kept.process) : undefined;
  }

  /** The identity of who has the conversation now: for comparisons, since a process is too large to be shown. */
  async ownerId(conversation: string): Promise<string | undefined> {
    return (await this.owner(conversation))?.identity;
  }

  /** The store as another program sees it. */
  access(): Promise<StateAccess> {
    return (this.#access ??= openState(this.place.direct, { secret: SECRET }));
  }

  /** Puts what the store has of every conversation and customer into the history, and gives the violations so far. */
  async judge(): Promise<string[]> {
    for (const conversation of this.#conversations) {
      this.#losses(conversationOwner(conversation), conversation);
      const seen = await this.seen(conversation);
      this.history.push({ kind: "stored", conversation, version: seen?.version ?? 0, changes: seen?.changes ?? [] });
    }
    for (const conversation of this.#customers) {
      const { record, customer: owner } = await (await this.access()).export(conversation.slice("customer:".length));
      const { visits = [] } = (record?.parts?.customer?.data ?? {}) as { visits?: readonly string[] };
      this.#losses(owner, conversation);
      this.history.push({ kind: "stored", conversation, version: record?.version ?? 0, changes: visits.map((callId) => ({ callId, conversation })) });
    }
    return violationsOf(this.history);
  }

  /** How often dispatchers logged that something of an owner is lost. */
  losses(owner: string): number {
    const isLoss = (line: string) => line.includes('"code":"state_lost"') && line.includes(`"owner":"${owner}"`);
    return this.processes.reduce((sum, { output }) => sum + output.split("\n").filter(isLoss).length, 0);
  }

  /** Puts what was logged since the last time into the history. */
  #losses(owner: string, conversation: string): void {
    const losses = this.losses(owner);
    if (losses > (this.#reported.get(owner) ?? 0)) this.history.push({ kind: "lost", conversation });
    this.#reported.set(owner, losses);
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
    await Promise.all([this.platform.stop(), this.world.stop(), this.place.close(), this.#access?.then((access) => access.close())]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How an answer ended: `result`, `timeout`, or the code of its error. */
export function kindOf(answer: CallAnswer): string {
  return answer.kind === "error" ? answer.error.type : answer.kind;
}

/** What the platform itself refused, as an answer. */
function refusal(thrown: unknown, callId: string): CallAnswer {
  if (!(thrown instanceof PlatformRefusal)) throw thrown;
  return { kind: "error", callId, error: { type: thrown.code, message: thrown.message } };
}
