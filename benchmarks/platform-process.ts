// The platform's end of a benchmark, in a process of its own: announces conversations and calls one tool in each,
// one call after another, as fast as they are answered. It keeps nothing and checks every answer.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

interface Order {
  readonly conversations: number;
  /** Calls per conversation, of which the first are not measured. */
  readonly calls: number;
  readonly warmUp: number;
}

const server = createServer();
const sockets = new WebSocketServer({ server, handleProtocols: () => "phoenix-websocket" });
let topic = "";
let socket: WebSocket | undefined;
let corked = false;

function send(event: string, payload: unknown, ref: string | null = null): void {
  const wire = (socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
  if (!corked) {
    corked = true;
    wire.cork();
    setImmediate(() => {
      corked = false;
      wire.uncork();
    });
  }
  socket!.send(JSON.stringify([null, ref, topic, event, payload]));
}

sockets.on("connection", (connected) => {
  socket = connected;
  connected.on("message", (data: Buffer) => {
    const [, ref, from, event, payload] = JSON.parse(data.toString()) as [string, string, string, string, Record<string, unknown>];
    if (event === "phx_join") topic = from;
    if (ref !== null) send("phx_reply", { status: "ok", response: {} }, ref);
    if (event === "register_conversation_tools") registered(payload.conversation_id as string);
    if (event === "tool_call_response") answered(payload.call_id as string);
    if (event === "tool_call_error") process.send!({ failed: JSON.stringify(payload) });
  });
});

let order: Order | undefined;
const turns = new Map<string, number>();
const begun = new Map<string, number>();
let times: number[] = [];
let startedAt = 0;
let finished = 0;

function registered(id: string): void {
  if (!order || turns.has(id)) return;
  turns.set(id, 0);
  if (turns.size === order.conversations) for (const known of turns.keys()) call(known);
}

function call(id: string): void {
  const turn = turns.get(id)!;
  const callId = `${id}/${turn}`;
  begun.set(callId, performance.now());
  send("tool_call_request", { call_id: callId, conversation_id: id, tool_name: "set_quantity", arguments: { line: turn % 26, quantity: turn } });
}

function answered(callId: string): void {
  const at = performance.now();
  const id = callId.slice(0, callId.lastIndexOf("/"));
  const turn = turns.get(id)!;
  if (turn >= order!.warmUp) {
    if (startedAt === 0) startedAt = at;
    times.push(at - begun.get(callId)!);
  }
  begun.delete(callId);
  turns.set(id, turn + 1);
  if (turn + 1 < order!.calls) return call(id);
  if (++finished < order!.conversations) return;
  process.send!({ times, wholeMs: at - startedAt });
  turns.clear();
  times = [];
  startedAt = finished = 0;
}

process.on("message", (message: Order) => {
  order = message;
  const run = Date.now();
  for (let index = 0; index < message.conversations; index++) send("conversation_ready", { conversation_id: `${run}-${index}`, agent_id: "bench" });
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send!({ port: (server.address() as AddressInfo).port }));
