// The platform's HTTP face: routes, and which check comes first.
//
//   H1. Host and Origin, then the key, then the type of the body, then its size, then its content.
//   H2. Every answer but the page at `/` is JSON; every error is `{ error: { type, message } }`.
//   H3. Nothing of a request is repeated in an error.

import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import type { Handshake } from "./callers/caller-lines.ts";
import type { CallAnswer, ConversationView } from "./conversation.ts";
import type { ConversationPage } from "./conversations.ts";
import type { Credentials } from "./credentials.ts";
import { HOME_PAGE_POLICY, homePage } from "./home-page.ts";
import { fieldsOf } from "./json-body.ts";
import type { Fields } from "./json-body.ts";
import { PlatformRefusal } from "./refusal.ts";
import type { RequestGuard } from "../base/request-guard.ts";
import type { Inspector } from "../inspector/inspector.ts";
import type { TurnRecord } from "./talk/spoken-turn.ts";
import type { SpokenLine } from "./talk/transcript.ts";

/** Where agents connect. */
export const SOCKET_PATH = "/sdk/websocket";

/** Where callers ring. */
export const CALLERS_PATH = "/callers/websocket";

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

/** What the routes call. */
export interface PlatformActions {
  health(): { status: "ok"; agents: readonly string[]; conversations: number };
  create(fields: Fields): Promise<{ conversationId: string; status: string }>;
  list(limit: number, cursor: number | null): ConversationPage;
  view(id: string): ConversationView;
  call(id: string, fields: Fields, signal: AbortSignal): Promise<CallAnswer>;
  end(id: string): Promise<void>;
  say(id: string, fields: Fields): Promise<TurnRecord>;
  messages(id: string): Promise<readonly SpokenLine[]>;
}

export interface HttpParts {
  readonly actions: PlatformActions;
  /** Of scripts and callers. */
  readonly credentials: Credentials;
  /** Of agents. */
  readonly agentCredentials: Credentials;
  readonly guard: RequestGuard;
  /** Takes the connection over: `upgradeWebSocket` with its events. */
  readonly socket: MiddlewareHandler;
  /** The same for callers. */
  readonly callers: MiddlewareHandler;
  /** Whether somebody may ring. */
  readonly mayRing: (handshake: Handshake) => boolean;
  /** The inspector, which answers what is below `/inspector/`, and has its page at `/`. */
  readonly inspector: Inspector | undefined;
  /** Something unexpected went wrong; gets the error for the log. */
  readonly onFault: (error: Error) => void;
}

/** What scripts and callers reach, for who guessed. */
const ROUTES = "POST and GET /v1/conversations, GET and DELETE /v1/conversations/<id>, POST /v1/conversations/<id>/tool-calls, POST and GET /v1/conversations/<id>/messages";

export function httpApp({ actions, credentials, agentCredentials, guard, socket, callers, mayRing, inspector, onFault }: HttpParts): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    c.header("Cache-Control", "no-store");
    const reason = guard.reasonAgainst(c.req.header("host"), c.req.header("origin"));
    return reason === undefined ? next() : failure(c, 403, "forbidden", reason);
  });
  if (inspector) mount(app, inspector);
  app.get("/", (c) => {
    c.header("Content-Security-Policy", HOME_PAGE_POLICY);
    return c.html(homePage({ url: new URL(c.req.url).origin, ...actions.health() }));
  });
  app.get("/health", (c) => c.json(actions.health()));
  app.get(
    SOCKET_PATH,
    async (c, next) => {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return failure(c, 426, "upgrade_required", "Agents connect here with a WebSocket.");
      const isAccepted = agentCredentials.acceptsUpgrade(c.req.query("auth_token"), c.req.header("sec-websocket-protocol"), c.req.header("authorization"));
      return isAccepted ? next() : failure(c, 403, "forbidden", "The API key is missing or wrong.");
    },
    socket,
  );
  app.get(
    CALLERS_PATH,
    async (c, next) => {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return failure(c, 426, "upgrade_required", "Callers connect here with a WebSocket that speaks ConversationRelay.");
      return mayRing(handshakeOf(c)) ? next() : failure(c, 403, "forbidden", "The signature or the API key is missing or wrong.");
    },
    callers,
  );
  app.route("/v1", apiRoutes(actions, credentials));
  app.notFound((c) => failure(c, 404, "not_found", `There is nothing here. There is: GET /health, ${ROUTES}.`));
  app.onError((error, c) => {
    if (error instanceof PlatformRefusal) return failure(c, error.status, error.code, error.message);
    onFault(error);
    return failure(c, 500, "internal_error", "The platform failed. Its log says why.");
  });
  return app;
}

/** Its answers carry their own headers: the files of the page may be kept. */
function mount(app: Hono, inspector: Inspector): void {
  app.all("/inspector/*", (c) => inspector.fetch(c.req.raw));
  if (inspector.hasPage) for (const path of ["/", "/assets/*"]) app.get(path, (c) => inspector.fetch(c.req.raw));
}

function apiRoutes(actions: PlatformActions, credentials: Credentials): Hono {
  const api = new Hono();
  api.use(async (c, next) => {
    if (credentials.acceptsHeader(c.req.header("authorization"))) return next();
    c.header("WWW-Authenticate", "Bearer");
    return failure(c, 401, "unauthorized", "Send the API key: Authorization: Bearer <key>.");
  });
  api.post("/*", async (c, next) => {
    const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
    return type === "application/json" ? next() : failure(c, 415, "unsupported_media_type", "Send Content-Type: application/json.");
  });
  api.post("/conversations", async (c) => c.json(await actions.create(await fieldsOf(c)), 201));
  api.get("/conversations", (c) => c.json(actions.list(...pageOf(c))));
  api.get("/conversations/:id", (c) => c.json(actions.view(c.req.param("id"))));
  api.post("/conversations/:id/tool-calls", async (c) => answered(c, await actions.call(c.req.param("id"), await fieldsOf(c), c.req.raw.signal)));
  api.post("/conversations/:id/messages", async (c) => c.json(await actions.say(c.req.param("id"), await fieldsOf(c))));
  api.get("/conversations/:id/messages", async (c) => c.json({ messages: await actions.messages(c.req.param("id")) }));
  api.delete("/conversations/:id", async (c) => {
    const conversationId = c.req.param("id");
    await actions.end(conversationId);
    return c.json({ conversationId, status: "ended" });
  });
  return api;
}

/** The result's text goes out as the agent's side encoded it. */
function answered(c: Context, answer: CallAnswer): Response {
  if (answer.kind === "result") return c.body(`{"callId":${JSON.stringify(answer.callId)},"result":${answer.json}}`, 200, { "Content-Type": "application/json" });
  if (answer.kind === "error") return c.json({ callId: answer.callId, error: answer.error }, 422);
  const message = "No answer came in time. The call stays open: post the same callId again to wait on, or to get the answer.";
  return c.json({ callId: answer.callId, error: { type: "tool_timeout", message } }, 504);
}

function handshakeOf(c: Context): Handshake {
  const { pathname, search } = new URL(c.req.url);
  return {
    signature: c.req.header("x-twilio-signature"), authToken: c.req.query("auth_token"), subprotocols: c.req.header("sec-websocket-protocol"), authorization: c.req.header("authorization"),
    host: c.req.header("host") ?? "", pathAndQuery: pathname + search,
  };
}

function pageOf(c: Context): [limit: number, cursor: number | null] {
  const limit = c.req.query("limit") === undefined ? DEFAULT_PAGE : Number(c.req.query("limit"));
  const cursor = c.req.query("cursor") === undefined ? null : Number(c.req.query("cursor"));
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw new PlatformRefusal(400, "invalid_parameters", `limit must be a whole number from 1 to ${MAX_PAGE}.`);
  if (cursor !== null && !Number.isSafeInteger(cursor)) throw new PlatformRefusal(400, "invalid_parameters", "cursor must be the nextCursor of the page before.");
  return [limit, cursor];
}

function failure(c: Context, status: 401 | 403 | 404 | 415 | 426 | 500 | PlatformRefusal["status"], type: string, message: string): Response {
  return c.json({ error: { type, message } }, status);
}
