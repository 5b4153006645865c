// The platform's HTTP face, from the caller's side.
//
//   PC1. The key goes to the platform only: no redirect is followed, and beyond this machine only https is spoken.
//   PC2. What the platform refuses is a Failure with a remedy; what a tool answers is a value, also when it is an error.

import { sleep, systemClock } from "../../base/clock.ts";
import type { ConversationView } from "../../platform/conversation.ts";
import type { TurnRecord } from "../../platform/talk/spoken-turn.ts";
import { Failure, misuse } from "../failure.ts";

/** What became of a tool call. */
export type Answer =
  | { readonly kind: "result"; readonly callId: string; readonly result: unknown }
  | { readonly kind: "error"; readonly type: string; readonly message: string };

/** How often a waiting conversation is looked at, and for how long, milliseconds. */
const LOOK_EVERY_MS = 50;
const READY_WITHIN_MS = 15_000;

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class PlatformClient {
  readonly url: string;
  readonly #key: string;
  readonly #keyHint: string;

  /** @param keyHint what to do about a key that is refused. */
  constructor(url: string, key: string, keyHint: string) {
    this.url = checkedUrl(url);
    this.#key = key;
    this.#keyHint = keyHint;
  }

  async agents(): Promise<readonly string[]> {
    const { status, body } = await this.#ask("GET", "/health");
    if (status !== 200 || !Array.isArray(body.agents)) throw new Failure(`${this.url} answers, but it is no conversimple platform.`, { remedy: "Check --url; conversimple dev prints the right one." });
    return body.agents as string[];
  }

  async create(agentId: string, conversationId: string | undefined, caller: Readonly<Record<string, unknown>> | undefined): Promise<string> {
    const { body } = await this.#demand("POST", "/v1/conversations", { agentId, ...(conversationId === undefined ? {} : { conversationId }), ...(caller === undefined ? {} : { caller }) });
    return body.conversationId as string;
  }

  /** Undefined when there is none. */
  async view(conversationId: string): Promise<ConversationView | undefined> {
    const reply = await this.#ask("GET", pathOf(conversationId));
    if (reply.status === 404) return undefined;
    return this.#accepted(reply).body as unknown as ConversationView;
  }

  /**
   * Waits until an agent serves the conversation.
   *
   * @param onWait called once when that takes a while.
   * @throws {Failure} It is over, or nobody came.
   */
  async served(conversationId: string, onWait: (agentId: string) => void): Promise<ConversationView> {
    const since = systemClock.monotonic();
    for (let hasTold = false; ; await sleep(systemClock, LOOK_EVERY_MS)) {
      const view = await this.view(conversationId);
      if (!view) throw new Failure(`There is no conversation ${conversationId}.`, { remedy: "Leave --conversation away to begin a new one." });
      if (view.status === "active") return view;
      if (view.status === "ended") throw new Failure(`The conversation ${conversationId} has ended.`, { remedy: "Leave --conversation away to begin a new one." });
      const waitedMs = systemClock.monotonic() - since;
      if (waitedMs > READY_WITHIN_MS) throw new Failure(`No running agent has the id "${view.agentId}".`, { remedy: "conversimple call without a name shows which agents run." });
      if (waitedMs > 1_000 && !hasTold) onWait(view.agentId);
      hasTold ||= waitedMs > 1_000;
    }
  }

  async call(conversationId: string, tool: string, input: unknown, callId?: string): Promise<Answer> {
    const { status, body } = await this.#ask("POST", `${pathOf(conversationId)}/tool-calls`, { tool, arguments: input, ...(callId === undefined ? {} : { callId }) });
    if (status === 200) return { kind: "result", callId: body.callId as string, result: body.result };
    if (status === 401) throw this.#refused(status, body);
    const { type, message } = (body.error ?? {}) as { type?: string; message?: string };
    return { kind: "error", type: type ?? `http_${status}`, message: message ?? "The platform gave no reason." };
  }

  /** Says something to the agent; gives what came of it. */
  async say(conversationId: string, text: string): Promise<TurnRecord> {
    return (await this.#demand("POST", `${pathOf(conversationId)}/messages`, { text })).body as unknown as TurnRecord;
  }

  async end(conversationId: string): Promise<void> {
    await this.#demand("DELETE", pathOf(conversationId));
  }

  async #demand(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.#accepted(await this.#ask(method, path, body));
  }

  #accepted(reply: Reply): Reply {
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw this.#refused(reply.status, reply.body);
  }

  #refused(status: number, body: Reply["body"]): Failure {
    if (status === 401) return new Failure(`The platform at ${this.url} does not accept the key.`, { remedy: this.#keyHint });
    const error = body.error as { message?: unknown } | undefined;
    return new Failure(typeof error?.message === "string" ? error.message : `The platform answered with HTTP ${status}.`);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const headers = { Authorization: `Bearer ${this.#key}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    let response: Response;
    try {
      response = await fetch(this.url + path, { method, headers, redirect: "error", ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    } catch (cause) {
      throw new Failure(`Nothing answers at ${this.url}.`, { cause, remedy: "Start it in another terminal: conversimple dev <paths>" });
    }
    return { status: response.status, body: await bodyOf(response) };
  }
}

async function bodyOf(response: Response): Promise<Reply["body"]> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Reply["body"]) : {};
  } catch {
    return {};
  }
}

function pathOf(conversationId: string): string {
  return `/v1/conversations/${encodeURIComponent(conversationId)}`;
}

/** PC1. */
function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) throw misuse("The platform's address must be an http:// or https:// URL.", "For example: --url http://127.0.0.1:4000");
  if (url.username !== "" || url.password !== "") throw misuse("--url must not hold a user or a password.", "Give the key with --key, or in CONVERSIMPLE_API_KEY.");
  const isLocal = url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
  if (url.protocol === "http:" && !isLocal) throw misuse("--url would send the key unencrypted to another machine.", "Use https:// there.");
  return url.origin;
}
