// A platform on a real socket, small enough to read: announces one conversation, keeps unanswered calls, delivers
// them again after each registration, replies to every push - and cuts its connection where it is told to.

import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { encodeFrame, type Frame, parseFrame } from "../../src/wire/frame.ts";

interface Peer {
  readonly socket: WebSocket;
  topic: string;
  joinRef: string | null;
}

export class ScriptedPlatform {
  readonly port: number;
  /** Every answer that came, by call id: the texts of the payloads. */
  readonly answers = new Map<string, string[]>();
  /** Frames that passed, both ways, as `>event` (to the agent) and `<event`. */
  readonly passed: string[] = [];
  readonly #server: WebSocketServer;
  readonly #calls = new Map<string, unknown>();
  readonly #changed = new Set<() => void>();
  readonly #cutAt: number;
  #hasCut = false;
  #isRegistered = false;

  static async listen(cutAt = Number.POSITIVE_INFINITY, port = 0): Promise<ScriptedPlatform> {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    return new ScriptedPlatform(server, cutAt);
  }

  /** @param cutAt how many frames pass before the connection on which the next one comes is cut; once. */
  constructor(server: WebSocketServer, cutAt: number) {
    this.#server = server;
    this.#cutAt = cutAt;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket) => {
      const peer: Peer = { socket, topic: "", joinRef: null };
      socket.on("message", (data) => this.#received(peer, String(data)));
    });
  }

  get hasCut(): boolean {
    return this.#hasCut;
  }

  /** Asks for a call; resolves with the answers when the first has come. */
  async call(callId: string): Promise<readonly string[]> {
    this.#calls.set(callId, { call_id: callId, tool_name: "add", arguments: { n: 1 }, conversation_id: "v1" });
    this.#deliver();
    await this.until(() => this.answers.has(callId));
    return this.answers.get(callId)!;
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#changed.delete(check);
        resolve();
      };
      this.#changed.add(check);
    });
  }

  close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #registrant: Peer | undefined;

  #received(peer: Peer, text: string): void {
    const parsed = parseFrame(text);
    if (parsed.kind !== "frame") return;
    const { frame } = parsed;
    if (!this.#passes(peer, `<${frame.event}`)) return;
    if (frame.event === "phx_join") {
      peer.topic = frame.topic;
      peer.joinRef = frame.joinRef;
    }
    this.#say(peer, "phx_reply", { status: "ok", response: {} }, frame.ref);
    switch (frame.event) {
      case "phx_join":
        if (this.#isRegistered && this.#registrant?.socket.readyState === 1) return;
        this.#say(peer, "conversation_ready", { conversation_id: "v1", agent_id: "shop" });
        this.#say(peer, "conversation_lifecycle", { event: "conversation_started", conversation_id: "v1" });
        return;
      case "register_conversation_tools":
        this.#isRegistered = true;
        this.#registrant = peer;
        this.#deliver();
        return;
      case "tool_call_response":
      case "tool_call_error":
        this.#answered(frame);
    }
  }

  #answered(frame: Frame): void {
    const { call_id: callId } = frame.payload as { call_id: string };
    this.answers.set(callId, [...(this.answers.get(callId) ?? []), JSON.stringify(frame.payload)]);
    this.#calls.delete(callId);
  }

  #deliver(): void {
    if (this.#registrant) for (const payload of this.#calls.values()) this.#say(this.#registrant, "tool_call_request", payload);
  }

  #say(peer: Peer, event: string, payload: unknown, ref: string | null = null): void {
    if (peer.socket.readyState !== 1 || !this.#passes(peer, `>${event}`)) return;
    peer.socket.send(encodeFrame({ joinRef: peer.joinRef, ref, topic: peer.topic, event, payload }, "array"));
  }

  #passes(peer: Peer, what: string): boolean {
    if (!this.#hasCut && this.passed.length === this.#cutAt) {
      this.#hasCut = true;
      peer.socket.terminate();
      return false;
    }
    this.passed.push(what);
    setImmediate(() => this.#changed.forEach((check) => check()));
    return true;
  }
}
