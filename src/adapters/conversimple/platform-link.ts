// The dispatcher's half that speaks to the platform: it drives a host by what the platform says.
//
// Owns the control line, the conversations that were announced, and nothing of what they remember.
//
//   N1. A conversation of an agent that we do not have is ignored and counted.
//   N2. `start` resolves after the first join; a refused key rejects it and ends the link for good.
//   N3. With `per-conversation`, each conversation has a line of its own and the control line only announces; with
//       `shared`, the control line serves all.
//   N4. An announcement or an end that comes twice, or on several lines, acts once.
//   N5. An end of a conversation that we never heard of is told to the host: who served it may be dead.      (P12)

import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../../base/clock.ts";
import { ConversimpleError, codeOf } from "../../base/errors.ts";
import { systemRandom } from "../../base/random.ts";
import { type Logger, silentLogger } from "../../base/log.ts";
import type { Caller, Host } from "../../host/host.ts";
import type { ConnectionEnd, ConnectionState, ConnectionTimes } from "../../wire/connection.ts";
import type { FrameForm } from "../../wire/frame.ts";
import type { Connect } from "../../wire/socket.ts";
import { type Announcement, Line, type LineContext, type Target } from "./line.ts";
import { type CallListener, type LinkStats, newLinkStats } from "./link-stats.ts";
import { ServedConversation } from "./served-conversation.ts";

/** An end is heard on two lines at most moments apart; so many conversations do not end between them. */
const ENDS_KEPT = 1_000;

export interface PlatformLinkOptions {
  readonly host: Host;
  /** How sockets are opened: `wsConnect(address, form)`. */
  readonly connect: Connect;
  /** `per-conversation` unless given (N3). `shared` needs a platform that sends conversation ids with its calls. */
  readonly connections?: "per-conversation" | "shared";
  /** The form of our frames, the same as in `connect`; `array` unless given. */
  readonly form?: FrameForm;
  /** Whether tools are registered again when they changed; true unless given. Otherwise all are, once. */
  readonly registerOnChange?: boolean;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Makes a topic: `customer:<uuid>` unless given. */
  readonly newTopic?: () => string;
  readonly times?: ConnectionTimes;
}

export class PlatformLink {
  readonly stats: LinkStats = newLinkStats();
  readonly #options: PlatformLinkOptions;
  readonly #context: LineContext;
  readonly #log: Logger;
  readonly #control: Line;
  readonly #agentIds: ReadonlySet<string>;
  readonly #conversations = new Map<string, ServedConversation>();
  /** The ends that were heard last (N4). */
  readonly #ended = new LastIds(ENDS_KEPT);
  /** The conversations' own lines, also those that are being left. */
  readonly #lines = new Set<Line>();
  readonly #listeners = new Set<CallListener>();
  readonly #joined = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<ConnectionEnd>();
  #stopHearing: (() => void)[] = [];
  #isPaused = false;
  #isStopping = false;

  constructor(options: PlatformLinkOptions) {
    const { host, connect, clock = systemClock, log = silentLogger, random = systemRandom, form = "array", times = {}, registerOnChange = true } = options;
    this.#options = options;
    this.#log = log;
    this.#agentIds = new Set(host.agentIds);
    const newTopic = options.newTopic ?? (() => `customer:${randomUUID()}`);
    const onCall: CallListener = (outcome, durationMs) => {
      for (const listener of this.#listeners) listener(outcome, durationMs);
    };
    this.#context = { host, connect, clock, log, stats: this.stats, random, newTopic, form, times, offer: registerOnChange ? "offered" : "all", onCall };
    this.#control = new Line(this.#context, {
      joinPayload: { agents: [...host.agentIds] },
      target: (id) => this.#target(id),
      onAnnouncement: (message) => this.#announced(message),
      onJoined: () => this.#controlJoined(),
      onEnd: (end) => this.#controlEnded(end),
    });
    // `start` may never be called, or not be awaited.
    this.#joined.promise.catch(() => {});
  }

  /** The state of the control line. */
  get state(): ConnectionState {
    return this.#control.state;
  }

  /** Conversations that this process serves, opens, or waits for. */
  get conversations(): number {
    return this.#conversations.size;
  }

  /** Resolves when the link is over: stopped, refused, or its channel closed by the platform. Never rejects. */
  get ended(): Promise<ConnectionEnd> {
    return this.#finished.promise;
  }

  /**
   * Connects; resolves after the first join. Goes on trying until then, unless it is refused.
   *
   * @throws {ConversimpleError} `connection_refused` (the key), `connection_closed` (stopped, or closed by the platform).
   */
  start(): Promise<void> {
    if (this.#stopHearing.length === 0 && !this.#isStopping) {
      const { host, registerOnChange = true } = this.#options;
      this.#stopHearing.push(host.onGone((id, why) => this.#gone(id, why)));
      if (registerOnChange) this.#stopHearing.push(host.onToolsChanged((id) => this.#conversations.get(id)?.register()));
      this.#control.start();
    }
    return this.#joined.promise;
  }

  /** Calls the listener after each tool call; returns a function that stops it. */
  onCall(listener: CallListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes no new conversations from now on; those that are served go on. */
  pause(): void {
    this.#isPaused = true;
  }

  /**
   * Leaves all lines, after the answers of running calls (at most about 4 s). Conversations are not ended: drain the
   * host before. Never rejects.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const stop of this.#stopHearing.splice(0)) stop();
    for (const conversation of [...this.#conversations.values()]) conversation.gone();
    await Promise.all([...this.#lines].map((line) => line.leave()));
    await this.#control.leave();
  }

  #controlJoined(): void {
    this.#log.info({ agents: [...this.#agentIds], conversations: this.#conversations.size }, "joined the platform");
    this.#joined.resolve();
    if (this.#options.connections !== "shared") return;
    for (const conversation of this.#conversations.values()) conversation.joined();
  }

  #controlEnded(end: ConnectionEnd): void {
    const error = end.kind === "refused" ? end.error : undefined;
    if (end.kind !== "left") this.#log.error({ end: end.kind, ...error?.fields }, "the link to the platform is over");
    this.#joined.reject(error ?? new ConversimpleError("connection_closed", "The link to the platform is over. Start a new one.", { end: end.kind }));
    this.#finished.resolve(end);
  }

  #announced(message: Announcement): void {
    switch (message.kind) {
      case "conversation_ready":
        return this.#ready(message.conversationId, message.agentId, message.caller);
      case "conversation_started": {
        const known = this.#conversations.get(message.conversationId);
        if (known) return known.heardStart();
        // The documentation's start names no agent; the announcement before it does.
        return message.agentId === undefined ? undefined : this.#ready(message.conversationId, message.agentId, message.caller);
      }
      case "conversation_ended":
        return this.#over(message.conversationId, message.reason);
      case "config_update":
        return void this.#options.host.configure(message.config).catch((error: unknown) => {
          this.#log.error({ code: codeOf(error) }, "an agent refused the platform's configuration");
        });
    }
  }

  #over(id: string, reason: string): void {
    const known = this.#conversations.get(id);
    const isNews = this.#ended.add(id);
    if (known) return known.ended(reason);
    if (!isNews || this.#isStopping) return;
    this.#options.host.close(id, reason).catch((error: unknown) => {
      this.#log.warn({ conversationId: id, code: codeOf(error) }, "the conversation could not be ended yet; it is tried again");
    });
  }

  #ready(id: string, agentId: string, caller: Caller | undefined): void {
    if (this.#isStopping || this.#isPaused) return;
    if (!this.#agentIds.has(agentId)) {
      this.stats.ignored.agent_unknown++;
      return this.#log.debug({ conversationId: id, agentId }, "the conversation is of an agent that is not here");
    }
    const known = this.#conversations.get(id);
    if (known) return known.announced();
    const conversation: ServedConversation = new ServedConversation({
      id,
      agentId,
      caller,
      context: this.#context,
      sharedLine: this.#options.connections === "shared" ? this.#control : undefined,
      newLine: (served) => this.#newLine(id, served),
      onOver: () => {
        if (this.#conversations.get(id) === conversation) this.#conversations.delete(id);
      },
    });
    this.#conversations.set(id, conversation);
  }

  /** A line of one conversation: what begins elsewhere is the control line's business. */
  #newLine(id: string, conversation: ServedConversation): Line {
    const line: Line = new Line(this.#context, {
      joinPayload: { agents: [], conversation_id: id },
      target: (asked) => (asked === undefined || asked === id ? { kind: "conversation", id } : { kind: "unknown" }),
      onAnnouncement: (message) => {
        // Also of others: the control line may be away just now, and an end is said once.
        if (message.kind === "conversation_ended") this.#over(message.conversationId, message.reason);
        else if (message.kind !== "config_update" && message.conversationId === id) conversation.heardStart();
      },
      onJoined: () => conversation.joined(),
      onEnd: (end) => {
        this.#lines.delete(line);
        if (end.kind === "left") return;
        this.#log.warn({ conversationId: id, end: end.kind }, "the conversation's line is over");
        conversation.lineEnded();
      },
    });
    this.#lines.add(line);
    line.start();
    return line;
  }

  /** Whose call it is that came over the control line. */
  #target(id: string | undefined): Target {
    if (id !== undefined) return this.#conversations.get(id)?.isServed ? { kind: "conversation", id } : { kind: "unknown" };
    let only: Target = { kind: "unknown" };
    for (const [served, conversation] of this.#conversations) {
      if (!conversation.isServed) continue;
      if (only.kind === "conversation") return { kind: "ambiguous" };
      only = { kind: "conversation", id: served };
    }
    return only;
  }

  #gone(id: string, why: "ended" | "taken" | "released"): void {
    this.#log.info({ conversationId: id, why }, "the conversation is not served here any more");
    this.#conversations.get(id)?.gone();
  }
}

/** The ids that were added last. */
class LastIds {
  readonly #most: number;
  readonly #ids = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether it was not among them. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > this.#most) this.#ids.delete(this.#ids.values().next().value!);
    return true;
  }
}
