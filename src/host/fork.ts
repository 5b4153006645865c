// Forks: the state of a conversation at some version, stored as a new conversation.
//
//   FK1. The parts are stored as they were, with the schema versions and masks that they had; agent and customer go along.
//   FK2. Nothing else does: no answers, no inbox, no owner. Its first entry is a snapshot that says where it comes from.
//   FK3. What cannot be used, or was erased, is not multiplied; who is erased later finds it (`known-forks.ts`). (P10, P22)
//   FK4. Where real people call, nobody is logged in in a fork, and it is no call of the customer: an old version, or a copy,
//        would be a way around a logout, and would leave to the customer's next call what somebody tried out. (P18, P19)

import { randomUUID } from "node:crypto";

import type { AgentDefinition } from "../agent/definition.ts";
import { DESCRIBE } from "../agent/part-description.ts";
import type { Clock } from "../base/clock.ts";
import { encode } from "../base/codec.ts";
import { ConversimpleError, StateQuarantinedError } from "../base/errors.ts";
import { checkId } from "../base/ids.ts";
import { FORKS } from "../parts/customer-record.ts";
import { RecordDocument } from "../state/document.ts";
import { storedPartsAt } from "../state/history.ts";
import type { EntryFacts, JournalEntry } from "../state/journal.ts";
import { openRecord, partText, sealRecord, sealText, type StoredPart } from "../state/record.ts";
import { conversationOwner, type Entry, type Loaded, type Owner, type Store } from "../state/store.ts";
import { forkId } from "./fork-id.ts";
import { FORK, tell } from "./known-forks.ts";
import { entomb, isErased } from "./tombstones.ts";

/** What a fork is made of. */
export interface ForkRequest {
  readonly conversationId: string;
  readonly version: number;
  /** Made of the source's unless given. */
  readonly newId?: string | undefined;
  /** Who asked for it, for the journal. */
  readonly source: string;
  /** FK4. */
  readonly isNobodys?: boolean | undefined;
}

export interface ForkOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly agents: ReadonlyMap<string, AgentDefinition>;
}

/** Where the state of a conversation went. */
export interface Forked {
  readonly conversationId: string;
  readonly version: number;
  readonly agentId: string;
}

/**
 * Stores the state of a conversation at a version as a new one, which nobody serves yet.
 *
 * @throws {ConversimpleError} `conversation_not_found`; `option_invalid`: there is no such version, no such agent here, or the
 *   new id is taken; `state_quarantined`; `customer_forgotten`; `id_invalid`.
 */
export async function fork({ store, clock, agents }: ForkOptions, { conversationId, version, newId, source, isNobodys }: ForkRequest): Promise<Forked> {
  const owner = conversationOwner(checkId(conversationId, "conversation id"));
  const loaded = await store.load(owner);
  if (!loaded || loaded.facts.status === "forgotten") throw new ConversimpleError("conversation_not_found", loaded ? "The conversation was erased; there is nothing to fork." : "There is no such conversation.", { conversation: conversationId });
  const agentId = loaded.facts.agentId ?? "";
  const agent = agents.get(agentId);
  if (!agent) throw new ConversimpleError("option_invalid", `No agent "${agentId.slice(0, 64)}" runs here. A fork needs the code of its agent.`, { agentId });
  const found = await partsOf(store, loaded, agent, version);
  const { [FORKS]: _its, ...parts } = isNobodys ? withoutPeople(agent, found) : found;
  const id = newId === undefined ? forkId(conversationId) : checkId(newId, "conversation id");
  const target = conversationOwner(id);
  if (await store.load(target)) throw taken(id);
  const { facts } = (await tell(store, loaded, target, source)) ?? {};
  const customer = (facts?.customer ?? null) as Owner | null;
  if (facts?.status === "forgotten" || (customer !== null && (await isErased(store, customer)))) throw forgotten();
  await storeFork(store, target, { agentId, customer }, parts, { source, reason: `from ${conversationId} at version ${version}` });
  // An erasure that looked for conversations before this one was there laid its tombstone before; the conversation may have
  // got its customer, and lost both, meanwhile.                                                        (P22)
  if ((customer !== null && (await isErased(store, customer))) || (await isErased(store, owner))) {
    await entomb(store, clock, target);
    throw forgotten();
  }
  return { conversationId: id, version: 1, agentId };
}

/** FK3. */
async function partsOf(store: Store, loaded: Loaded, agent: AgentDefinition, version: number): Promise<Readonly<Record<string, StoredPart>>> {
  const { owner, record } = loaded;
  if (!Number.isSafeInteger(version) || version < 1 || version > loaded.version) throw new ConversimpleError("option_invalid", `The conversation has the versions 1 to ${loaded.version}; there is no version ${String(version).slice(0, 16)}.`, { version: loaded.version });
  if (record === null) throw new StateQuarantinedError(owner, "its record is gone");
  // As it is now it can be used, or nothing of it is.
  RecordDocument.open(owner, loaded.version, record, agent.slices);
  if (version === loaded.version) return Object.fromEntries(openRecord(owner, loaded.version, record));
  const parts = storedPartsAt(owner, await entriesUpTo(store, owner, version), version);
  if (!parts) throw new ConversimpleError("option_invalid", `The journal does not reach back to version ${version} any more.`, { version: loaded.version });
  return parts;
}

/** FK4: sessions and identities as in a call that begins. */
function withoutPeople({ parts: known }: AgentDefinition, parts: Readonly<Record<string, StoredPart>>): Readonly<Record<string, StoredPart>> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => {
    const { kind } = known.get(name)?.[DESCRIBE]() ?? {};
    const slice = kind === "session" || kind === "customer" ? known.get(name)?.slice() : undefined;
    return [name, slice ? { ...part, version: slice.schemaVersion, data: slice.initial() } : part];
  }));
}

/** The journal up to a version, page by page. */
async function entriesUpTo(store: Store, owner: Owner, version: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let after = 0; after < version; ) {
    const page = await store.history(owner, { afterVersion: after });
    if (page.length === 0) break;
    entries.push(...page.filter((entry) => entry.version <= version));
    after = page.at(-1)!.version;
  }
  return entries;
}

/** Stores parts as the first version of a conversation. @throws {ConversimpleError} `option_invalid`: there is one already. */
export async function storeFork(store: Store, owner: Owner, facts: { agentId: string; customer: Owner | null }, parts: Readonly<Record<string, StoredPart>>, why: Pick<EntryFacts, "source" | "reason">): Promise<void> {
  const texts = Object.entries(parts).map(([name, part]) => [name, partText(part.version, part.mask, encode(part.data, name))] as const);
  const entry: JournalEntry = { unit: "outside", name: FORK, outcome: "ok", ms: [0, 0, 0], ...why, snapshot: parts };
  try {
    await store.commit(owner, { writeId: randomUUID(), expectedVersion: 0, epoch: 0, record: sealRecord(owner, 1, texts), entry: sealText(entry), facts });
  } catch (thrown) {
    if (thrown instanceof ConversimpleError && (thrown.code === "version_conflict" || thrown.code === "fenced")) throw taken(owner.slice("conversation:".length));
    throw thrown;
  }
}

function taken(conversation: string): ConversimpleError {
  return new ConversimpleError("option_invalid", "There is a conversation with this id already. Choose another one, or none.", { conversation });
}

function forgotten(): ConversimpleError {
  return new ConversimpleError("customer_forgotten", "The conversation's customer was erased on request; it cannot be forked.");
}
