// The inspector's HTTP interface as functions.
//
//   AC1. Every request carries the bearer token in its header, never in its address.
//   AC2. What is not a success is thrown as an {@link ApiFailure}.

import type {
  AgentView, CacheView, CallResult, ConversationRow, ConversationView, CustomerView, Edit, Info, NewConversation, Page, PartsView, Replay, SavedTest, TimelinePage,
} from "../../../src/inspector/api.ts";
import { ApiFailure, refusalOf, unreachable } from "./api-failure.ts";

/** Which conversations a list asks for. */
export interface ListWish {
  readonly status?: string | undefined;
  readonly agent?: string | undefined;
  readonly customer?: string | undefined;
  readonly search?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

type Method = "GET" | "POST" | "DELETE";
type Query = Readonly<Record<string, string | number | undefined>>;

/** A line of what was said so far, as the platform says it. */
export interface SaidLine {
  readonly by: "caller" | "agent";
  readonly turn: number;
  readonly text: string;
  readonly at: string;
  readonly isInterrupted?: boolean;
}

export class Api {
  readonly token: string;
  readonly #fetch: typeof fetch;
  readonly #onRefused: () => void;

  /** @param onRefused called when the token is not accepted. */
  constructor(token: string, onRefused: () => void = () => undefined, fetcher: typeof fetch = (...request) => fetch(...request)) {
    this.token = token;
    this.#fetch = fetcher;
    this.#onRefused = onRefused;
  }

  info = (signal?: AbortSignal): Promise<Info> => this.#ask("GET", "info", { signal });
  agents = (signal?: AbortSignal): Promise<readonly AgentView[]> => this.#ask("GET", "agents", { signal });
  caches = (signal?: AbortSignal): Promise<readonly CacheView[]> => this.#ask("GET", "caches", { signal });
  conversations = (wish: ListWish, signal?: AbortSignal): Promise<Page<ConversationRow>> => this.#ask("GET", "conversations", { query: { ...wish }, signal });
  conversation = (id: string, signal?: AbortSignal): Promise<ConversationView> => this.#ask("GET", at(id), { signal });
  partsAt = (id: string, version: number, signal?: AbortSignal): Promise<PartsView> => this.#ask("GET", `${at(id)}/at/${version}`, { signal });
  timeline = (id: string, query: { after?: number; limit?: number }, signal?: AbortSignal): Promise<TimelinePage> => this.#ask("GET", `${at(id)}/timeline`, { query, signal });
  customer = (key: string, signal?: AbortSignal): Promise<CustomerView> => this.#ask("GET", `customers/${encodeURIComponent(key)}`, { signal });
  findCustomer = (customerId: string): Promise<{ key: string | null }> => this.#ask("POST", "customers/find", { body: { customerId } });
  editCustomer = (body: { agentId: string; customerId: string; patches: Edit["patches"] }): Promise<{ key: string; version: number }> => this.#ask("POST", "customers/edit", { body });
  create = (body: NewConversation): Promise<{ conversationId: string }> => this.#ask("POST", "conversations", { body });
  end = (id: string): Promise<unknown> => this.#ask("DELETE", at(id), {});
  reveal = (id: string, body: { reason: string; version?: number; customer?: true }): Promise<PartsView> => this.#ask("POST", `${at(id)}/reveal`, { body });
  edit = (id: string, body: Edit): Promise<{ version: number }> => this.#ask("POST", `${at(id)}/edit`, { body });
  signal = (id: string, body: { name: string; payload?: unknown }): Promise<{ version: number }> => this.#ask("POST", `${at(id)}/signal`, { body });
  callTool = (id: string, body: { tool: string; arguments?: unknown; callId?: string }): Promise<CallResult> => this.#ask("POST", `${at(id)}/tool-calls`, { body });
  fork = (id: string, body: { version: number; conversationId?: string }): Promise<{ conversationId: string; version: number }> => this.#ask("POST", `${at(id)}/fork`, { body });
  replay = (id: string): Promise<Replay> => this.#ask("POST", `${at(id)}/replay`, { body: {} });
  saveTest = (id: string, body: { save?: boolean }): Promise<SavedTest> => this.#ask("POST", `${at(id)}/test`, { body });
  /** Everything of a conversation as JSON text, masked. */
  export = (id: string): Promise<string> => this.#text("GET", `${at(id)}/export`, {});

  /** What was said so far; nothing when the platform does not know the conversation any more. */
  said = async (id: string, signal?: AbortSignal): Promise<readonly SaidLine[]> => {
    try {
      const { messages } = await this.#ask<{ readonly messages: readonly SaidLine[] }>("GET", `/v1/conversations/${encodeURIComponent(id)}/messages`, { signal });
      return messages;
    } catch (error) {
      if (error instanceof ApiFailure && (error.status === 404 || error.status === 409)) return [];
      throw error;
    }
  };

  /** The events from a place on, as a response whose body goes on. */
  events(lastEventId: string | undefined, signal: AbortSignal): Promise<Response> {
    return this.#request("GET", "events", { signal, headers: { accept: "text/event-stream", ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) } });
  }

  async #ask<T>(method: Method, path: string, options: RequestOptions): Promise<T> {
    const text = await this.#text(method, path, options);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async #text(method: Method, path: string, options: RequestOptions): Promise<string> {
    const response = await this.#request(method, path, options);
    return response.text();
  }

  async #request(method: Method, path: string, { query, body, signal, headers }: RequestOptions): Promise<Response> {
    const url = (path.startsWith("/") ? path : `/inspector/api/${path}`) + searchOf(query);
    let response: Response;
    try {
      response = await this.#fetch(url, {
        method, cache: "no-store", credentials: "omit",
        headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw unreachable();
    }
    if (response.ok) return response;
    if (response.status === 401) this.#onRefused();
    throw refusalOf(response.status, await response.text().catch(() => ""));
  }
}

interface RequestOptions {
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

function at(id: string): string {
  return `conversations/${encodeURIComponent(id)}`;
}

function searchOf(query: Query = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string | number] => entry[1] !== undefined && entry[1] !== "");
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}
