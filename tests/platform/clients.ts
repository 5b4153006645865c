// Clients of the platform for tests: one that speaks frames, one that does what the Python SDK does, and HTTP.

import { WebSocket } from "ws";
import { LocalPlatform } from "../../src/platform/index.ts";
import type { LocalPlatformOptions } from "../../src/platform/index.ts";

export const KEY = "cs_test_0123456789abcdef";

export interface Heard {
  readonly topic: string;
  readonly event: string;
  readonly payload: Record<string, unknown>;
  readonly ref: string | null;
  readonly joinRef: string | null;
  readonly form: "array" | "object";
}

type Form = "array" | "object";

/** Starts a platform on a free port; stopped by `await using`. */
export async function platform(options: LocalPlatformOptions = {}) {
  const local = new LocalPlatform({ port: 0, apiKey: KEY, ...options });
  const { url, port } = await local.start();
  return { local, url, port, http: (method: string, path: string, body?: unknown) => http(url, method, path, body), [Symbol.asyncDispose]: () => local.stop() };
}

export async function http(url: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: (text.startsWith("{") ? JSON.parse(text) : undefined) as Record<string, any> };
}

/** Speaks frames in one form and remembers what it hears. */
export class FrameClient {
  readonly socket: WebSocket;
  readonly heard: Heard[] = [];
  readonly topic: string;
  readonly form: Form;
  readonly #watchers = new Set<() => void>();
  #ref = 0;
  #joinRef: string | null = null;
  onEvent: (event: string, payload: Record<string, unknown>) => void = () => undefined;
  closeCode: number | undefined;

  constructor(port: number, form: Form = "array", topic = `customer:${crypto.randomUUID()}`, query = `auth_token=${KEY}${form === "array" ? "&vsn=2.0.0" : ""}`) {
    this.form = form;
    this.topic = topic;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/sdk/websocket?${query}`);
    this.socket.on("message", (data) => this.#receive(String(data)));
    this.socket.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
    });
    this.socket.on("error", () => undefined);
  }

  async join(payload: Record<string, unknown> = {}): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) await new Promise((resolve, reject) => (this.socket.once("open", resolve), this.socket.once("error", reject)));
    this.#joinRef = String(++this.#ref);
    await this.request("phx_join", payload);
    return this;
  }

  send(event: string, payload: unknown, topic = this.topic, joinRef: string | null = this.form === "array" ? this.#joinRef : null): string {
    const ref = String(++this.#ref);
    const join = event === "phx_join" ? this.#joinRef : joinRef;
    this.raw(this.form === "array" ? JSON.stringify([join, ref, topic, event, payload]) : JSON.stringify({ join_ref: join, ref, topic, event, payload }));
    return ref;
  }

  raw(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** Pushes and waits for the reply: `{ status, response }`. */
  async request(event: string, payload: unknown, topic = this.topic, joinRef?: string | null): Promise<{ status: string; response: Record<string, unknown> }> {
    const ref = joinRef === undefined ? this.send(event, payload, topic) : this.send(event, payload, topic, joinRef);
    const reply = await this.hears((heard) => heard.event === "phx_reply" && heard.ref === ref);
    return reply.payload as never;
  }

  hears(match: (heard: Heard) => boolean): Promise<Heard> {
    return this.#until(() => this.heard.find(match));
  }

  hearsEvent(event: string, id?: string): Promise<Heard> {
    return this.hears((heard) => heard.event === event && (id === undefined || heard.payload["conversation_id"] === id || heard.payload["call_id"] === id));
  }

  closed(): Promise<number> {
    return this.#until(() => this.closeCode);
  }

  count(event: string, id?: string): number {
    return this.heard.filter((heard) => heard.event === event && (id === undefined || heard.payload["conversation_id"] === id || heard.payload["call_id"] === id)).length;
  }

  /** Everything that the platform sent before now has arrived after this. */
  async settle(): Promise<void> {
    await this.request("heartbeat", {}, "phoenix", null);
  }

  close(): void {
    this.socket.close();
  }

  #until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  #receive(text: string): void {
    const value = JSON.parse(text) as unknown;
    const heard: Heard = Array.isArray(value)
      ? { joinRef: value[0], ref: value[1], topic: value[2], event: value[3], payload: value[4], form: "array" }
      : { joinRef: (value as any).join_ref, ref: (value as any).ref, topic: (value as any).topic, event: (value as any).event, payload: (value as any).payload, form: "object" };
    this.heard.push(heard);
    this.onEvent(heard.event, heard.payload);
    this.#wake();
  }

  #wake(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

export const TOOLS = [{ name: "echo", description: "Says it again", parameters: { type: "object", properties: {} } }];

/** A client that serves every conversation it hears of with one tool. */
export async function agent(port: number, options: { form?: Form; join?: Record<string, unknown>; tool?: (args: any, payload: Record<string, unknown>) => unknown } = {}): Promise<FrameClient> {
  const client = new FrameClient(port, options.form ?? "array");
  const tool = options.tool ?? ((args: unknown) => args);
  client.onEvent = (event, payload) => {
    if (event === "conversation_ready") client.send("register_conversation_tools", { conversation_id: payload["conversation_id"], tools: TOOLS });
    if (event !== "tool_call_request") return;
    const result = tool(payload["arguments"], payload);
    if (result !== undefined) client.send("tool_call_response", { call_id: payload["call_id"], result });
  };
  return client.join(options.join);
}

/**
 * Does what the Python SDK does: a control connection that starts an agent object per `conversation_ready`; the agent
 * has its own connection, registers on ready and on started, takes the conversation it heard of last for its own.
 */
export class PythonLikeDispatcher {
  readonly control: FrameClient;
  readonly agents = new Map<string, PythonLikeAgent>();
  readonly #port: number;
  readonly #agentIds: readonly string[];

  constructor(port: number, agentIds: readonly string[]) {
    this.#port = port;
    this.#agentIds = agentIds;
    this.control = new FrameClient(port, "object");
    this.control.onEvent = (event, payload) => {
      const id = payload["conversation_id"] as string;
      if (event === "conversation_ready" && !this.agents.has(id) && this.#agentIds.includes(payload["agent_id"] as string)) {
        this.agents.set(id, new PythonLikeAgent(this.#port, id, payload["agent_id"] as string));
      }
      if (event === "conversation_lifecycle" && payload["event"] === "conversation_ended") {
        this.agents.get(id)?.connection.close();
        this.agents.delete(id);
      }
    };
  }

  async start(): Promise<this> {
    await this.control.join();
    return this;
  }

  stop(): void {
    this.control.close();
    for (const one of this.agents.values()) one.connection.close();
  }
}

export class PythonLikeAgent {
  readonly connection: FrameClient;
  readonly runs: string[] = [];
  /** The conversation it believes to serve; overwritten by every `conversation_ready` it hears. */
  conversationId: string;
  readonly agentId: string;

  constructor(port: number, conversationId: string, agentId: string) {
    this.conversationId = conversationId;
    this.agentId = agentId;
    this.connection = new FrameClient(port, "object");
    this.connection.onEvent = (event, payload) => this.#handle(event, payload);
    void this.connection.join().catch(() => undefined);
  }

  #handle(event: string, payload: Record<string, unknown>): void {
    const id = payload["conversation_id"] as string;
    if (event === "conversation_ready") {
      this.conversationId = id;
      this.#register(id);
    } else if (event === "conversation_lifecycle" && payload["event"] === "conversation_started") this.#register(id);
    else if (event === "tool_call_request") this.#run(payload);
  }

  #register(id: string): void {
    const tools = [{ name: "whoami", description: "", parameters: { type: "object" } }];
    this.connection.send("register_conversation_tools", { conversation_id: id, tools });
  }

  #run(payload: Record<string, unknown>): void {
    const callId = payload["call_id"] as string;
    this.runs.push(callId);
    if (payload["tool_name"] !== "whoami") return void this.connection.send("tool_call_error", { call_id: callId, error: { message: "no such tool", timestamp: "2026-01-01T00:00:00+00:00" } });
    this.connection.send("tool_call_response", { call_id: callId, result: { agent: this.agentId, conversation: this.conversationId, arguments: payload["arguments"] } });
  }
}
