// The inspector: its page and its API, over a store, an agents' desk, and perhaps a platform.
//
// Owns how its parts are put together, and which check comes first. It listens nowhere: a platform or a server of its own
// hands requests to it, after their Host and Origin were looked at.
//
//   IN1. The page's files need no token, everything else does: in the Authorization header, nowhere else.
//   IN2. The token, then the number of requests under way, then the type of the body, its size, its content.
//   IN3. Nothing unexpected ends a page: it is reported, and the answer says no more than that.

import { Hono, type Context } from "hono";

import { Bearer } from "../base/bearer.ts";
import { KeyedHash } from "../base/keyed-hash.ts";
import type { Store } from "../state/store.ts";
import { AgentBook } from "./agent-book.ts";
import type { Info, InspectorEvent } from "./api.ts";
import { Assets } from "./assets.ts";
import { EventStreams } from "./event-streams.ts";
import { FeedReader } from "./feed-reader.ts";
import type { InspectorOptions } from "./options.ts";
import { queryOf, readingRoutes } from "./reading-routes.ts";
import { ANSWER_HEADERS, refusalBody, refusalOf, refusals, InspectorRefusal } from "./refusal.ts";
import { noQuery } from "./request-fields.ts";
import { writingRoutes } from "./writing-routes.ts";

/** Requests that are worked on at the same time; one more is told to come again. */
const MAX_UNDER_WAY = 64;

const API = "/inspector/api";

export class Inspector {
  readonly #options: InspectorOptions;
  readonly #bearer: Bearer;
  readonly #book: AgentBook;
  readonly #feed: FeedReader | undefined;
  readonly #streams: EventStreams | undefined;
  readonly #assets: Assets;
  readonly #app: Hono;
  #hash: Promise<KeyedHash | undefined> | undefined;
  #underWay = 0;

  constructor(options: InspectorOptions, assets: Assets = Assets.read()) {
    const { store, clock, desk, token, onFault } = options;
    this.#options = options;
    this.#bearer = new Bearer(token);
    this.#book = new AgentBook(desk, clock);
    this.#feed = store && new FeedReader(store, clock, this.#book, onFault);
    this.#streams = this.#feed && new EventStreams(this.#feed, clock);
    this.#assets = assets;
    this.#app = this.#routes();
  }

  /** Whether the page was built; where not, there is only the API. */
  get hasPage(): boolean {
    return this.#assets.isBuilt;
  }

  /** How many pages listen. */
  get listeners(): number {
    return this.#streams?.size ?? 0;
  }

  /** The answer to a request below `/inspector/`, or to one for the page. */
  async fetch(request: Request): Promise<Response> {
    return this.#app.fetch(request);
  }

  /** There may be a commit: whoever listens hears of it now. */
  poke(): void {
    this.#feed?.poke();
  }

  /** Something happened that is not in the store. */
  tell(event: InspectorEvent): void {
    if (event.type === "agents") this.#book.forget();
    this.#feed?.tell(event);
  }

  /** Ends what listens. */
  close(): void {
    this.#streams?.close();
  }

  #routes(): Hono {
    const app = new Hono();
    const api = this.#api();
    app.all(`${API}/*`, (c) => this.#guarded(c, () => api.fetch(c.req.raw)));
    app.get("*", (c) => this.#file(c) ?? failure(c, refusals.notFound()));
    app.notFound((c) => failure(c, refusals.notFound()));
    return app;
  }

  /** IN1, IN2. */
  async #guarded(c: Context, run: () => Response | Promise<Response>): Promise<Response> {
    if (!this.#bearer.acceptsHeader(c.req.header("authorization"))) return failure(c, refusals.unauthorized());
    if (this.#underWay >= MAX_UNDER_WAY) return failure(c, refusals.overloaded());
    const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (c.req.method === "POST" && type !== "application/json") return failure(c, refusals.notJson());
    this.#underWay++;
    try {
      return await run();
    } finally {
      this.#underWay--;
    }
  }

  #api(): Hono {
    const { clock, desk, talk, canWrite, canReveal, mode } = this.#options;
    const source = "inspector";
    const api = new Hono().basePath(API);
    api.use(async (c, next) => {
      await next();
      for (const [name, value] of Object.entries(ANSWER_HEADERS)) c.header(name, value);
    });
    api.get("/info", (c) => {
      noQuery(queryOf(c));
      return c.json(this.#info());
    });
    api.get("/agents", async (c) => c.json(await this.#book.agents()));
    api.get("/caches", async (c) => c.json(await this.#book.caches()));
    api.get("/events", (c) => {
      if (!this.#streams) throw refusals.noStore();
      return this.#streams.open(c.req.header("last-event-id"));
    });
    api.route("/", readingRoutes({ store: () => this.#store(), clock, book: this.#book, hash: () => this.#secretHash(), canReveal, source }));
    api.route("/", writingRoutes({ clock, desk, talk, canWrite, canReplay: desk !== undefined && mode === "dev", source }));
    api.notFound((c) => failure(c, refusals.notFound()));
    api.onError((thrown, c) => {
      const refusal = refusalOf(thrown);
      if (refusal) return failure(c, refusal);
      this.#options.onFault(thrown);
      return failure(c, new InspectorRefusal(500, "internal_error", "The inspector failed. The log says where."));
    });
    return api;
  }

  #info(): Info {
    const { version, mode, address, clock, canWrite, canReveal, desk, talk, callCommand = null } = this.#options;
    return { version, mode, store: address, nowMs: clock.now(), canWrite, canReveal, canTalk: talk !== undefined, callCommand, canReplay: desk !== undefined && mode === "dev", brains: talk?.brains ?? [] };
  }

  #store(): Store {
    const { store } = this.#options;
    if (!store) throw refusals.noStore();
    return store;
  }

  /** Of the store's secret, read once; undefined when it cannot be had. */
  #secretHash(): Promise<KeyedHash | undefined> {
    this.#hash ??= (this.#options.secret?.() ?? Promise.resolve(undefined)).then((secret) => (secret === undefined ? undefined : new KeyedHash(secret)));
    return this.#hash.catch(() => {
      this.#hash = undefined;
      return undefined;
    });
  }

  #file(c: Context): Response | undefined {
    const { pathname } = new URL(c.req.url);
    const name = pathname.replace(/^\/(?:inspector(?:\/|$))?/, "");
    return this.#assets.response(name === "" ? "index.html" : name, /\bgzip\b/.test(c.req.header("accept-encoding") ?? ""));
  }
}

function failure(c: Context, refusal: InspectorRefusal): Response {
  for (const [name, value] of Object.entries(ANSWER_HEADERS)) c.header(name, value);
  if (refusal.status === 401) c.header("WWW-Authenticate", "Bearer");
  if (refusal.type === "overloaded") c.header("Retry-After", "1");
  return c.json(refusalBody(refusal), refusal.status);
}
