// One conversation: its state now or at a version, masked or in clear.
//
//   CV1. It is read from the store alone; what the agents' process adds may be missing.
//   CV2. A record that cannot be used is shown with the reason and what to do, without its content.     (P10)

import type { Clock } from "../base/clock.ts";
import { ConversimpleError } from "../base/errors.ts";
import type { KeyedHash } from "../base/keyed-hash.ts";
import { conversationOwner, type Loaded, type Store } from "../state/store.ts";
import type { AgentBook, Offered } from "./agent-book.ts";
import type { ConversationView, PartsView } from "./api.ts";
import { partViews } from "./part-views.ts";
import { InspectorRefusal, refusals } from "./refusal.ts";
import { remedyOf } from "./remedies.ts";
import { writeReason } from "./reveal.ts";
import { rowOf } from "./rows.ts";
import { sessionViews } from "./sessions.ts";
import { masksNow, partsBack, partsNow, type ClearParts } from "./stored-parts.ts";

/** What conversations are read from. */
export interface ConversationSources {
  readonly store: Store;
  readonly clock: Clock;
  readonly book: AgentBook;
  readonly hash: () => Promise<KeyedHash | undefined>;
}

/** @throws {InspectorRefusal} There is none. */
export async function loadConversation(store: Store, id: string): Promise<Loaded> {
  const loaded = await store.load(conversationOwner(id));
  if (!loaded) throw refusals.noConversation();
  return loaded;
}

const NOTHING: Offered = { tools: [] };

export async function conversationView({ store, clock, book, hash }: ConversationSources, id: string): Promise<ConversationView> {
  const loaded = await loadConversation(store, id);
  const isLive = loaded.facts.status === "live";
  const [agent, offered] = await Promise.all([book.agent(loaded.facts.agentId), isLive ? book.offered(id) : NOTHING]);
  const facts = { ...rowOf(loaded), mail: loaded.mail, isRevealed: false };
  let now: ClearParts;
  try {
    now = partsNow(loaded);
  } catch (thrown) {
    if (!(thrown instanceof ConversimpleError)) throw thrown;
    return { ...facts, parts: [], sessions: [], offeredTools: [], quarantine: quarantineOf(thrown.message) };
  }
  const sessions = await sessionViews(loaded, now, { store, nowMs: clock.now(), hash: await hash(), agent });
  return { ...facts, parts: partViews(now, agent), sessions, offeredTools: offered.tools, ...(offered.quarantine === undefined ? {} : { quarantine: quarantineOf(offered.quarantine) }) };
}

function quarantineOf(message: string): NonNullable<ConversationView["quarantine"]> {
  return { code: "state_quarantined", message, remedy: remedyOf("state_quarantined")! };
}

/** The parts at a version. @throws {InspectorRefusal} The journal does not reach back that far, or the version is yet to come. */
export async function partsAtVersion({ store, book }: ConversationSources, loaded: Loaded, version: number, isRevealed = false): Promise<PartsView> {
  const agent = await book.agent(loaded.facts.agentId);
  return { version, parts: partViews(await clearPartsAt(store, loaded, version), agent, isRevealed), isRevealed };
}

async function clearPartsAt(store: Store, loaded: Loaded, version: number): Promise<ClearParts> {
  if (version === loaded.version) return partsNow(loaded);
  if (version > loaded.version) throw new InspectorRefusal(404, "not_found", `The conversation is at version ${loaded.version}; there is no version ${version} yet.`);
  const parts = await partsBack(store, loaded.owner, version, masksNow(loaded));
  if (!parts) throw new InspectorRefusal(404, "not_found", `The journal cannot give version ${version} back: it begins later, or an entry before it cannot be read.`);
  return parts;
}

/**
 * The parts in clear, after the reason was written down.
 *
 * @param source who looks.
 */
export async function revealedParts(sources: ConversationSources, id: string, version: number | undefined, reason: string, source: string): Promise<PartsView> {
  const { store } = sources;
  const loaded = await loadConversation(store, id);
  const at = version ?? loaded.version;
  // Before anything is written: there is something to show.
  await clearPartsAt(store, loaded, at);
  await writeReason(store, loaded, reason, source);
  return partsAtVersion(sources, loaded, at, true);
}
