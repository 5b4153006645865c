// The local platform: what turns HTTP requests and scripts into tool calls, on a developer's machine.
//
// Owns how the parts are put together, and the life of the whole. Knows no agent and no store: agents reach it
// over the wire like the hosted platform, in this process or another.
//
//   Y1. The methods here and the HTTP routes are the same code with the same checks.
//   Y2. After `stop` nobody is left waiting, and nothing is left open.

import { codeOf } from "../base/errors.ts";
import type { MaskPath } from "../base/marks.ts";
import { AgentEvents } from "./agent-events.ts";
import type { Ignored } from "./agent-events.ts";
import { Announcements } from "./announcements.ts";
import { Connection } from "./connection.ts";
import { CallerLines, type DoorContext } from "./callers/caller-lines.ts";
import { RelayLine } from "./callers/relay-line.ts";
import type { CallAnswer, ConversationStatus, ConversationView } from "./conversation.ts";
import { Conversations } from "./conversations.ts";
import type { ConversationPage } from "./conversations.ts";
import { Credentials } from "./credentials.ts";
import { DataFile } from "./data-file.ts";
import { Deadlines } from "./deadlines.ts";
import { Delivery } from "./delivery.ts";
import { devKey } from "./dev-key.ts";
import { httpApp } from "./http-app.ts";
import type { Inspection } from "./inspection.ts";
import type { RegisteredTool } from "./known-tools.ts";
import { ArgumentKeeper } from "./kept-arguments.ts";
import { Listener } from "./listener.ts";
import { PlatformEvents } from "./platform-events.ts";
import type { PlatformListener } from "./platform-events.ts";
import { checkedOptions } from "./platform-options.ts";
import type { CheckedOptions, LocalPlatformOptions, PlatformInspector } from "./platform-options.ts";
import type { BrainMaker } from "./brains/brain.ts";
import { PlatformRefusal, refusals } from "./refusal.ts";
import { RequestGuard } from "../base/request-guard.ts";
import type { Inspector } from "../inspector/inspector.ts";
import { callRequest, id, newConversation, newMessage } from "./requests.ts";
import { Storage } from "./storage.ts";
import type { TurnRecord } from "./talk/spoken-turn.ts";
import { Talks } from "./talk/talks.ts";
import type { SpokenLine } from "./talk/transcript.ts";

/** A tool call from a script. */
export interface ToolCall {
  readonly conversationId: string;
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Made up unless given. The same id with the same arguments is the same call. */
  readonly callId?: string;
  /** How long to wait, above 0 and at most 600; 30 unless given. */
  readonly timeoutSeconds?: number;
  /** Stops waiting; the call goes on. */
  readonly signal?: AbortSignal;
}

/** What exists while the platform runs. */
interface Running {
  readonly file: DataFile;
  readonly storage: Storage;
  readonly deadlines: Deadlines;
  readonly delivery: Delivery;
  readonly conversations: Conversations;
  readonly announcements: Announcements;
  readonly agents: AgentEvents;
  readonly listener: Listener;
  readonly talks: Talks;
  readonly inspection: Inspection | undefined;
  readonly url: string;
  readonly port: number;
}

/** The local platform: a server that speaks the platform's side, for development and tests. */
export class LocalPlatform {
  readonly #options: CheckedOptions;
  readonly #events = new PlatformEvents();
  #running: Running | undefined;

  /** @throws {ConversimpleError} `option_invalid`. */
  constructor(options: LocalPlatformOptions = {}) {
    this.#options = checkedOptions(options);
  }

  /**
   * Opens the data file and listens.
   *
   * @throws {StoreUnavailableError} The data file cannot be used.
   * @throws {Error} `EADDRINUSE` and the like, when the port cannot be had.
   */
  async start(): Promise<{ url: string; port: number }> {
    if (this.#running) return { url: this.#running.url, port: this.#running.port };
    const { clock, dataPath, host, apiKey, allowHosts, sendConversationId } = this.#options;
    const key = apiKey ?? devKey();
    const { inspector: inspected } = this.#options;
    const agentCredentials = new Credentials(key);
    const credentials = inspected ? new Credentials(key, [inspected.token]) : agentCredentials;
    const file = new DataFile(dataPath);
    const storage = new Storage(file);
    const deadlines = new Deadlines(clock);
    const announcements = new Announcements(deadlines);
    const keeper = new ArgumentKeeper(key);
    const delivery = new Delivery(storage, clock, deadlines, this.#events, { sendConversationId, keeper });
    const conversations = new Conversations(storage, clock, announcements, delivery, this.#events);
    const agents = new AgentEvents(conversations, delivery, announcements, this.#events, (error) => this.#report(error));
    const report = (error: unknown) => this.#report(error);
    const talks = new Talks({ clock, deadlines, delivery, keeper, events: this.#events, brain: (name) => this.#brain(name), end: (id, reason) => conversations.end(id, reason), report });
    const listener = new Listener();
    let connections = 0;
    const socket = listener.route((ws, { vsn }) => new Connection(++connections, ws, vsn ?? null, agents, this.#options, clock, deadlines));
    const lines = this.#callerLines({ credentials, deadlines, conversations, talks });
    const callers = listener.route((ws, query) => new RelayLine(ws, lines.worldOf(query)));
    const inspection = inspected && (await this.#inspect(inspected));
    const app = httpApp({ actions: this.#actions(), credentials, agentCredentials, guard: new RequestGuard(host, allowHosts), socket, callers, mayRing: (handshake) => lines.mayRing(handshake), inspector: inspection?.inspector, onFault: report });
    try {
      conversations.restore();
      const port = await listener.start(app, host, this.#options.port);
      const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
      this.#running = { file, storage, deadlines, delivery, conversations, announcements, agents, listener, talks, inspection, url, port };
      for (const { id: conversationId, isRung } of conversations.live().values()) if (isRung) lines.waitFor(conversationId);
      this.#options.logger?.info({ url, conversations: conversations.live().size }, "platform started");
      return { url, port };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Closes every connection (1001: clients come back), answers who waits with 503, and writes what is left. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    for (const conversation of running.conversations.live().values()) running.delivery.dismiss(conversation, refusals.stopping);
    running.talks.close();
    running.inspection?.close();
    await running.listener.stop();
    running.deadlines.clear();
    running.file.close();
    this.#options.logger?.info({ url: running.url }, "platform stopped");
  }

  /** The inspector, when there is one and the platform runs: to be told of what happens elsewhere. */
  get inspector(): Inspector | undefined {
    return this.#running?.inspection?.inspector;
  }

  /** Creates a conversation and announces it to the agents; resolved when it is stored. */
  async createConversation(options: { agentId: string; caller?: Readonly<Record<string, unknown>>; conversationId?: string }): Promise<{ conversationId: string; status: ConversationStatus }> {
    return this.#create({ ...options }, false);
  }

  /**
   * Calls a tool and waits for the answer.
   *
   * @throws {PlatformRefusal} The call was not accepted; `status` and `code` say why.
   */
  async callTool(call: ToolCall): Promise<CallAnswer> {
    const { conversationId, signal, ...fields } = call;
    return this.#call(conversationId, fields, signal);
  }

  /**
   * Says something to the brain of a conversation, and waits for what the agent says to it. Said while a turn goes on, it
   * interrupts that one.
   *
   * @throws {PlatformRefusal} It was not accepted; `status` and `code` say why.
   */
  async say(conversationId: string, message: { readonly text?: string; readonly keys?: string; readonly brain?: string }): Promise<TurnRecord> {
    const { conversations, talks } = this.#require();
    const { text, keys, brain } = newMessage({ ...message });
    const talk = await talks.of(conversations.require(id(conversationId, "conversation id")), this.#named(brain));
    for (const key of keys) talk.press(key);
    return talk.hear(text);
  }

  /** What was said in a conversation that goes on, masked; empty when nobody spoke since this process began. */
  async messages(conversationId: string): Promise<readonly SpokenLine[]> {
    const { conversations, talks } = this.#require();
    const talk = await talks.existing(conversations.require(id(conversationId, "conversation id")).id);
    return talk?.lines() ?? [];
  }

  /** Ends a conversation; resolved when that is stored. Ending it again changes nothing. */
  async endConversation(conversationId: string, reason = "ended"): Promise<void> {
    await this.#require().conversations.end(id(conversationId, "conversation id"), reason);
  }

  /** @throws {PlatformRefusal} 404 when there is none. */
  conversation(conversationId: string): ConversationView {
    return this.#require().conversations.view(id(conversationId, "conversation id"));
  }

  /** Newest first, 100 unless a limit is given. */
  conversations(options: { limit?: number; cursor?: string } = {}): ConversationPage {
    return this.#require().conversations.list(options.limit ?? 100, options.cursor === undefined ? null : Number(options.cursor));
  }

  /** Ids of the agents with a live connection: declared at the join, or of a conversation that is served. */
  agents(): readonly string[] {
    const found = new Set<string>();
    for (const channel of this.#require().announcements.channels()) {
      for (const agent of channel.facts.agents ?? []) found.add(agent);
      for (const conversation of channel.served) found.add(conversation.agentId);
    }
    return [...found].sort();
  }

  /** What was ignored since the start, by reason. */
  ignored(): Readonly<Ignored> {
    return { ...this.#require().agents.ignoredCounts };
  }

  /** Calls the listener with what happens; returns a function that stops it. */
  on(listener: PlatformListener): () => void {
    return this.#events.on(listener);
  }

  async #create(fields: Readonly<Record<string, unknown>>, isRung: boolean): Promise<{ conversationId: string; status: ConversationStatus }> {
    const { id: conversationId, agentId, caller } = newConversation(fields);
    const conversation = await this.#require().conversations.create(conversationId, agentId, caller, isRung);
    return { conversationId, status: conversation.server ? "active" : "waiting" };
  }

  async #call(conversationId: string, fields: Readonly<Record<string, unknown>>, signal: AbortSignal | undefined): Promise<CallAnswer> {
    const { conversations, delivery, storage } = this.#require();
    const request = callRequest(fields, this.#options.clock.now(), signal);
    id(conversationId, "conversation id");
    const live = conversations.live().get(conversationId);
    if (live && !live.isEnding) return delivery.request(live, request);
    // Over: an answer that is kept is still given.
    const kept = storage.call(conversationId, request.callId);
    const stored = kept?.answer && storage.conversation(conversationId);
    if (kept?.answer && stored) return delivery.keptAnswer(kept, kept.answer, request, stored);
    throw live ? refusals.ended() : conversations.reasonAgainst(conversationId);
  }

  #callerLines({ credentials, deadlines, conversations, talks }: { credentials: Credentials; deadlines: Deadlines; conversations: Conversations; talks: Talks }): CallerLines {
    const { maxBufferedBytes, callerToken: signingToken, publicUrl } = this.#options;
    const context: DoorContext = {
      credentials, deadlines, maxBufferedBytes,
      create: (fields) => this.#create(fields, true),
      agentOf: (conversationId) => conversations.live().get(conversationId)?.agentId,
      talk: async (conversationId, brain) => talks.of(conversations.require(conversationId), this.#named(brain)),
      end: (conversationId, reason) => conversations.end(conversationId, reason),
      report: (error) => this.#report(error),
    };
    return new CallerLines(context, { signingToken, publicUrl });
  }

  /** Loaded when somebody wants to look. */
  async #inspect(options: PlatformInspector): Promise<Inspection> {
    const { inspectionOf } = await import("./inspection.ts");
    const { clock, brain, brains } = this.#options;
    return inspectionOf(options, {
      clock, events: this.#events, brains: [brain, ...Object.keys(brains).filter((name) => name !== brain)],
      create: (fields) => this.createConversation(fields),
      call: (conversationId, fields) => this.#call(conversationId, fields, undefined),
      end: (conversationId, reason) => this.endConversation(conversationId, reason),
      resultMasks: (conversationId, tool) => resultMasksOf(this.conversation(conversationId).tools.find(({ name }) => name === tool)),
      report: (error) => this.#report(error),
    });
  }

  #named(brain: string | undefined): string | undefined {
    if (brain === undefined || Object.hasOwn(this.#options.brains, brain)) return brain;
    const known = Object.keys(this.#options.brains);
    throw new PlatformRefusal(400, "option_invalid", `There is no such brain. Known: ${known.join(", ")}.`, { known });
  }

  #brain(named: string | undefined): { name: string; make: BrainMaker } {
    const name = named ?? this.#options.brain;
    return { name, make: this.#options.brains[name]! };
  }

  #actions() {
    return {
      say: (conversationId: string, fields: Readonly<Record<string, unknown>>) => this.say(conversationId, fields),
      messages: (conversationId: string) => this.messages(conversationId),
      health: () => ({ status: "ok" as const, agents: this.agents(), conversations: this.#require().conversations.live().size }),
      create: (fields: Readonly<Record<string, unknown>>) => this.createConversation(fields as { agentId: string }),
      list: (limit: number, cursor: number | null) => this.#require().conversations.list(limit, cursor),
      view: (conversationId: string) => this.conversation(conversationId),
      call: (conversationId: string, fields: Readonly<Record<string, unknown>>, signal: AbortSignal) => this.#call(conversationId, fields, signal),
      end: (conversationId: string) => this.endConversation(conversationId),
    };
  }

  /** Where it happened, not what was said: a message could repeat a value. */
  #report(error: unknown): void {
    const fault = error instanceof Error ? error : new Error("not an error");
    const frames = fault.stack?.split("\n").filter((line) => line.startsWith("    at ")).slice(0, 6) ?? [];
    this.#options.logger?.error({ name: fault.name, code: codeOf(fault), frames }, "the platform failed to handle something");
  }

  #require(): Running {
    if (!this.#running) throw refusals.stopping();
    return this.#running;
  }
}

/** A registration that says nothing masks nothing; a tool that is not registered says nothing of itself. */
function resultMasksOf(tool: RegisteredTool | undefined): readonly MaskPath[] | undefined {
  return tool && (tool.resultMasks ?? []);
}
