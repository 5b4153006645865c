// A server of fixtures for who works on the page: `npm run demo -w console`, then open the address that it prints.
// `--empty` has no conversations, `--production` may only read.
//
// Speaks the interface of src/inspector/api.ts over real HTTP, under the policy that the real one sends. Nothing is stored.

import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

import type { CacheView, CustomerView, Info, InspectorEvent, Page, ConversationRow, Replay, SavedTest } from "../../src/inspector/api.ts";
import { AGENTS } from "./demo-agents.ts";
import { speak, transcripts } from "./demo-talk.ts";
import { DemoWorld, type DemoConversation } from "./demo-world.ts";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const TOKEN = "ci_demo";
const port = Number(process.env.PORT ?? 4174);
const isEmpty = process.argv.includes("--empty");
const isProduction = process.argv.includes("--production");
const folder = fileURLToPath(new URL("../../dist/console/", import.meta.url));
const world = new DemoWorld(isEmpty ? 0 : 10_000, isEmpty ? 0 : 5_000);
if (isEmpty) world.conversations.clear();
const customers = new Set([...world.conversations.values()].map(({ row }) => row.customer).filter((each) => each !== null));

const INFO: Omit<Info, "nowMs"> = { version: "0.1.0", mode: isProduction ? "production" : "dev", store: isProduction ? "postgres://db.example/state" : "sqlite:.conversimple/state.db",
  canWrite: !isProduction, canReveal: !isProduction, canTalk: !isProduction, callCommand: isProduction ? null : "npx conversimple call", canReplay: !isProduction, brains: isProduction ? [] : ["rules", "script", "model"],
};

type Answer = readonly [status: number, body: unknown];

const server = createServer((request, response) => void respond(request, response).catch((error: unknown) => send(response, [500, refusal("internal_error", String(error))])));
const sockets = new WebSocketServer({ server, path: "/callers/websocket", handleProtocols: (offered) => (offered.has("phoenix") ? "phoenix" : false) });
sockets.on("connection", (socket, request) => speak(world, socket, new URL(request.url ?? "/", "http://localhost").searchParams));
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}/#token=${TOKEN}`));

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (!url.pathname.startsWith("/inspector/api/") && !url.pathname.startsWith("/v1/")) return file(url.pathname, response);
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return send(response, [401, refusal("unauthorized", "The token is missing or wrong.", "Open the address that the program printed.")]);
  if (url.pathname === "/inspector/api/events") return events(response);
  const body = request.method === "POST" ? (JSON.parse((await text(request)) || "{}") as Record<string, unknown>) : {};
  send(response, answer(request.method ?? "GET", url.pathname.split("/").filter(Boolean).map(decodeURIComponent), url.searchParams, body));
}

function answer(method: string, path: readonly string[], query: URLSearchParams, body: Record<string, unknown>): Answer {
  if (path[0] === "v1") return [200, { messages: transcripts.get(path[2] ?? "") ?? [] }];
  const [, , what, id, action, detail] = path;
  if (what === "info") return [200, { ...INFO, nowMs: Date.now() }];
  if (what === "agents") return [200, AGENTS];
  if (what === "caches") return [200, [{ agentId: "shop", part: "products", hits: 1_284, misses: 71, failures: 2, size: 64 }] satisfies CacheView[]];
  if (what === "customers") return customer(id ?? "", body);
  if (id === undefined) return method === "POST" ? create(body) : [200, list(query)];
  const conversation = world.conversations.get(id);
  if (!conversation) return [404, refusal("conversation_not_found", "There is no conversation with this id.", "It may have been erased, or its time is over.")];
  return method === "GET" ? read(conversation, action, detail, query) : write(method, conversation, action, body);
}

function read(conversation: DemoConversation, action: string | undefined, detail: string | undefined, query: URLSearchParams): Answer {
  if (action === undefined) return [200, world.view(conversation)];
  if (action === "at") return [200, world.parts(conversation, Number(detail))];
  if (action === "export") return [200, { ...world.view(conversation), entries: conversation.entries }];
  const after = Number(query.get("after") ?? 0);
  const limit = Number(query.get("limit") ?? 500);
  const later = conversation.entries.filter(({ version }) => version > after);
  return [200, { entries: later.slice(0, limit), nextAfter: later.length > limit ? later[limit - 1]!.version : null }];
}

function write(method: string, conversation: DemoConversation, action: string | undefined, body: Record<string, unknown>): Answer {
  const { row } = conversation;
  if (method === "DELETE") {
    conversation.row = { ...row, status: "ended", endReason: "inspector", process: null };
    world.tell({ type: "conversation", conversationId: row.conversationId });
    return [200, { conversationId: row.conversationId, status: "ended" }];
  }
  if (action === "edit" && body.expectedVersion !== undefined && body.expectedVersion !== row.version) return [409, refusal("version_conflict", `The conversation is at version ${row.version} now.`, "Look at the new state and edit again.")];
  if (action === "edit" || action === "signal") return [200, { version: world.commit(conversation, { name: String(body.part ?? body.name), unit: "outside", source: "inspector" }).version }];
  if (action === "tool-calls") {
    const entry = world.commit(conversation, { name: String(body.tool), callId: "call_inspector", arguments: body.arguments, result: { ok: true }, source: "inspector" });
    return [200, { kind: "result", callId: entry.callId, result: { ok: true } }];
  }
  if (action === "fork") return [200, { conversationId: world.begin(row.agentId ?? "hotel", `${row.conversationId}-fork`, Date.now()).row.conversationId, version: body.version }];
  if (action === "replay") return [200, { isSame: true, steps: conversation.entries.slice(0, 200).map(({ version, unit, name, outcome }) => ({ version, unit, name, recorded: outcome, replayed: outcome, differences: [] })), remarks: ["The PIN of login was a placeholder."] } satisfies Replay];
  if (action === "test") return [200, { fileName: `${row.conversationId}.test.ts`, text: `import { test } from "vitest";\n\ntest("a call", async () => {});\n`, remarks: [] } satisfies SavedTest];
  if (action === "reveal") return [200, { ...world.parts(conversation, row.version), isRevealed: true }];
  return [404, refusal("not_found", "There is nothing here.")];
}

function create(body: Record<string, unknown>): Answer {
  if (!AGENTS.some(({ agentId }) => agentId === body.agentId)) return [404, refusal("agent_not_found", "No agent has this id.", "Choose one of the agents that are connected.")];
  const { row } = world.begin(String(body.agentId), typeof body.conversationId === "string" ? body.conversationId : `call-${Date.now().toString(36)}`, Date.now());
  world.tell({ type: "conversation", conversationId: row.conversationId });
  return [200, { conversationId: row.conversationId }];
}

function customer(key: string, body: Record<string, unknown>): Answer {
  if (key === "find") return [200, { key: body.customerId === "kim" ? ([...customers][0] ?? null) : null }];
  const conversations = [...world.conversations.values()].map(({ row }) => row).filter((row) => row.customer === key).slice(0, 100);
  if (conversations.length === 0) return [404, refusal("customer_not_found", "There is no customer with this key.", "It may have been forgotten.")];
  const value = { email: "•••", orders: ["O-1", "O-2"], lastVisit: { $date: Date.now() - 86_400_000 } };
  return [200, { key, status: "live", version: 4, createdAtMs: Date.now() - 9e9, updatedAtMs: Date.now() - 8e7, parts: [{ name: "customer", kind: "customer", schemaVersion: 1, value, masks: ["email"], bytes: 84, maxBytes: 262_144 }], conversations } satisfies CustomerView];
}

function list(query: URLSearchParams): Page<ConversationRow> {
  const [status, agent, who, search] = ["status", "agent", "customer", "search"].map((name) => query.get(name) ?? "");
  const limit = Number(query.get("limit") ?? 100);
  const from = Number(query.get("cursor") ?? 0);
  const rows = [...world.conversations.values()].map(({ row }) => row).filter((row) => (!status || row.status === status) && (!agent || row.agentId === agent) && (!who || row.customer === who) && (!search || row.conversationId.toLowerCase().includes(search.toLowerCase())));
  return { items: rows.slice(from, from + limit), nextCursor: from + limit < rows.length ? String(from + limit) : null };
}

function events(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  let id = 0;
  const stop = world.on((event: InspectorEvent) => response.write(`id: ${++id}\ndata: ${JSON.stringify(event)}\n\n`));
  const beat = setInterval(() => response.write(": still here\n\n"), 15_000);
  response.on("close", () => {
    stop();
    clearInterval(beat);
  });
}

function file(path: string, response: ServerResponse): void {
  const name = path === "/" ? "index.html" : path.slice(1);
  if (!/^[\w./-]+$/.test(name) || name.includes("..") || !existsSync(folder + name)) return send(response, [404, refusal("not_found", "There is nothing here.")]);
  response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream", "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
  response.end(readFileSync(folder + name));
}

function send(response: ServerResponse, [status, body]: Answer): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function refusal(type: string, message: string, remedy?: string): unknown {
  return { error: { type, message, ...(remedy === undefined ? {} : { remedy }) } };
}

async function text(request: IncomingMessage): Promise<string> {
  let all = "";
  for await (const piece of request) all += String(piece);
  return all;
}
