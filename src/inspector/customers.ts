// Customers: what all calls of a person share.
//
//   CU1. They are found by a keyed hash; who somebody is stays in the request. Without the store's secret nobody is found.
//   CU2. What is personal is masked, as everywhere.                                                     (P21, P22)

import { textOf } from "../base/errors.ts";
import type { Masks } from "../base/marks.ts";
import { joinedMasks } from "../state/masking.ts";
import type { Owner, Store } from "../state/store.ts";
import type { AgentView, CustomerView, PartView } from "./api.ts";
import { partViews } from "./part-views.ts";
import { refusals } from "./refusal.ts";
import { remedyOf } from "./remedies.ts";
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
    const now = partsNow(loaded);
    const masks = agents.map(customerMasks).reduce(joinedMasks, now.masks);
    const views = partViews({ ...now, masks }, undefined).map((part): PartView => ({ ...part, kind: "customer", maxBytes: limitOf(agents, part.name) }));
    return { ...facts, parts: views };
  } catch (thrown) {
    return { ...facts, parts: [], quarantine: { code: "state_quarantined", message: textOf(thrown), remedy: remedyOf("state_quarantined")! } };
  }
}

/** What an agent says is personal of the customers that it shares. */
function customerMasks({ parts }: AgentView): Masks {
  return Object.fromEntries(parts.flatMap(({ kind, name, masks }) => (kind === "customer" && masks ? [[name, masks]] : [])));
}

/** Agents that have a part of this name share it. */
function limitOf(agents: readonly AgentView[], name: string): number | null {
  return agents.flatMap(({ parts }) => parts).find((part) => part.kind === "customer" && part.name === name)?.maxBytes ?? null;
}
