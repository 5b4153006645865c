// Customers: what all calls of a person share.
//
//   CU1. They are found by a keyed hash; who somebody is stays in the request. Without the store's secret nobody is found.
//   CU2. What is personal is masked, as everywhere.                                                     (P21, P22)

import { ConversimpleError, textOf } from "../base/errors.ts";
import type { Masks } from "../base/marks.ts";
import { joinedMasks } from "../state/masking.ts";
import type { Loaded, Owner, Store } from "../state/store.ts";
import type { AgentView, CustomerView, PartsView, PartView } from "./api.ts";
import { loadConversation } from "./conversations.ts";
import { partViews } from "./part-views.ts";
import { InspectorRefusal, refusals } from "./refusal.ts";
import { remedyOf } from "./remedies.ts";
import { writeReason } from "./reveal.ts";
import { rowOf } from "./rows.ts";
import { partsNow } from "./stored-parts.ts";

/** Conversations that are shown with a customer. */
const SHOWN = 100;

/** @throws {InspectorRefusal} There is none. */
export async function customerView(store: Store, key: Owner, agents: readonly AgentView[]): Promise<CustomerView> {
  const loaded = await store.load(key);
  if (!loaded) throw refusals.noCustomer();
  const { items } = await store.list({ kind: "conversation", customer: key, limit: SHOWN });
  const { status, createdAtMs, updatedAtMs } = loaded.facts;
  const facts = { key, status, version: loaded.version, createdAtMs, updatedAtMs, conversations: items.map(rowOf) };
  try {
    return { ...facts, parts: customerParts(loaded, agents) };
  } catch (thrown) {
    return { ...facts, parts: [], quarantine: { code: "state_quarantined", message: textOf(thrown), remedy: remedyOf("state_quarantined")! } };
  }
}

/**
 * The record of a conversation's customer in clear, after the reason was written down in that conversation.
 *
 * @param source who looks.
 * @throws {InspectorRefusal} The conversation has no customer. @throws {ConversimpleError} The record cannot be used, or was
 *   erased; or the reason could not be written down.
 */
export async function revealedCustomer(store: Store, conversationId: string, agents: readonly AgentView[], reason: string, source: string): Promise<PartsView> {
  const conversation = await loadConversation(store, conversationId);
  const key = conversation.facts.customer as Owner | null;
  if (key === null && conversation.facts.status !== "forgotten") throw new InspectorRefusal(404, "not_found", "The conversation has not said who its customer is, so there is no record to show.");
  // Before anything is written: there is something to show.
  if (key !== null) customerParts(await recordOf(store, key), agents);
  await writeReason(store, conversation, `the customer's record: ${reason}`, source);
  const loaded = await recordOf(store, key!);
  return { version: loaded.version, parts: customerParts(loaded, agents, true), isRevealed: true };
}

async function recordOf(store: Store, key: Owner): Promise<Loaded> {
  const loaded = await store.load(key);
  if (!loaded) throw refusals.noCustomer();
  if (loaded.facts.status === "forgotten") throw new ConversimpleError("customer_forgotten", "The data was erased; there is nothing to show.");
  return loaded;
}

/** @throws {StateQuarantinedError} The record cannot be used. */
function customerParts(loaded: Loaded, agents: readonly AgentView[], isRevealed = false): readonly PartView[] {
  const now = partsNow(loaded);
  const masks = agents.map(customerMasks).reduce(joinedMasks, now.masks);
  return partViews({ ...now, masks }, undefined, isRevealed).map((part): PartView => ({ ...part, kind: "customer", maxBytes: limitOf(agents, part.name) }));
}

/** What an agent says is personal of the customers that it shares. */
function customerMasks({ parts }: AgentView): Masks {
  return Object.fromEntries(parts.flatMap(({ kind, name, masks }) => (kind === "customer" && masks ? [[name, masks]] : [])));
}

/** Agents that have a part of this name share it. */
function limitOf(agents: readonly AgentView[], name: string): number | null {
  return agents.flatMap(({ parts }) => parts).find((part) => part.kind === "customer" && part.name === name)?.maxBytes ?? null;
}
