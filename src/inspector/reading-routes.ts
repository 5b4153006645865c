// The routes that read. They need the store alone; what the agents' process adds may be missing.
//
//   RR1. Each is bounded: a page of rows, a page of entries, one conversation.

import { Hono, type Context } from "hono";

import { checkId } from "../base/ids.ts";
import type { KeyedHash } from "../base/keyed-hash.ts";
import type { Owner, Store } from "../state/store.ts";
import { conversationView, loadConversation, partsAtVersion, revealedParts, type ConversationSources } from "./conversations.ts";
import { customerView, revealedCustomer } from "./customers.ts";
import { Exports } from "./export.ts";
import { InspectorRefusal, refusals } from "./refusal.ts";
import { bodyOf, customerKey, invalid, noQuery, pathId, rowQuery, textField, timelineQuery, versionOf } from "./request-fields.ts";
import { rows } from "./rows.ts";
import { timelinePage } from "./timeline.ts";

/** The longest reason of a look at what is masked, characters. */
const MAX_REASON = 300;

export interface ReadingContext extends Omit<ConversationSources, "store"> {
  /** @throws {InspectorRefusal} There is no store in reach. */
  readonly store: () => Store;
  readonly canReveal: boolean;
  /** Who looks, for the journal. */
  readonly source: string;
}

export function readingRoutes({ store, clock, book, hash, canReveal, source }: ReadingContext): Hono {
  const api = new Hono();
  const exports = new Exports();
  const sources = (): ConversationSources => ({ store: store(), clock, book, hash });
  api.get("/conversations", async (c) => c.json(await rows(store(), rowQuery(queryOf(c)))));
  api.get("/conversations/:id", async (c) => {
    noQuery(queryOf(c));
    return c.json(await conversationView(sources(), pathId(c.req.param("id"))));
  });
  api.get("/conversations/:id/at/:version", async (c) => {
    noQuery(queryOf(c));
    const loaded = await loadConversation(store(), pathId(c.req.param("id")));
    return c.json(await partsAtVersion(sources(), loaded, versionOf(c.req.param("version"))));
  });
  api.get("/conversations/:id/timeline", async (c) => {
    const { after, limit } = timelineQuery(queryOf(c));
    const loaded = await loadConversation(store(), pathId(c.req.param("id")));
    return c.json(await timelinePage(store(), loaded, await book.masks(loaded.facts.agentId), after, limit));
  });
  api.get("/conversations/:id/export", async (c) => {
    noQuery(queryOf(c));
    return exports.open(sources(), pathId(c.req.param("id")));
  });
  api.post("/conversations/:id/reveal", async (c) => {
    if (!canReveal) throw refusals.noReveal();
    const { reason, version, customer = false } = await bodyOf(c.req.raw, ["reason", "version", "customer"]);
    const why = textField(reason, "reason", MAX_REASON);
    const id = pathId(c.req.param("id"));
    if (typeof customer !== "boolean" || (customer && version !== undefined)) throw invalid("customer must be true or false, and has no version: what a customer's record was before is not kept.");
    return c.json(customer ? await revealedCustomer(store(), id, await book.agents(), why, source) : await revealedParts(sources(), id, version === undefined ? undefined : versionOf(version), why, source));
  });
  api.post("/customers/find", async (c) => {
    const { customerId } = await bodyOf(c.req.raw, ["customerId"]);
    return c.json({ key: await foundCustomer(store(), await hash(), checkId(customerId, "customer id")) });
  });
  api.get("/customers/:key", async (c) => {
    noQuery(queryOf(c));
    return c.json(await customerView(store(), customerKey(c.req.param("key")), await book.agents()));
  });
  return api;
}

/** The query as it was sent: a name that comes twice is seen. */
export function queryOf(c: Context): URLSearchParams {
  return new URL(c.req.url).searchParams;
}

async function foundCustomer(store: Store, hash: KeyedHash | undefined, customerId: string): Promise<string | null> {
  if (!hash) throw new InspectorRefusal(501, "not_available", "The secret of this store is not known here, so customers cannot be found by their ids.", "Set CONVERSIMPLE_SECRET as the agents have it.");
  const key: Owner = `customer:${hash.of("customer", customerId)}`;
  return (await store.load(key)) ? key : null;
}
