// What is stored of a customer beside the profile: in the customer's record, and in that of a conversation.
//
// Owns the slices of it, and what they name that goes with the customer. They are the SDK's own: users see them through
// `customerState`.

import { RECORD_MAX_BYTES, type StoredPart } from "../state/record.ts";
import type { Slice } from "../state/slice.ts";
import type { Owner } from "../state/store.ts";

/** When and where a customer was seen, kept in the customer's record for all agents of the store. */
export interface Visits {
  firstSeen: Date | null;
  lastInteraction: Date | null;
  lastConversation: string | null;
  /** What the two above were before the conversation that identified itself last. */
  before: { readonly at: Date | null; readonly conversation: string | null };
  /** By agent: what ended last. */
  ended: Record<string, Ended>;
  /** The accounts that they logged in with: to be erased with them (P22). */
  accounts: Owner[];
  /** Forks that are older than the moment in which their conversations were identified: to be erased with them, too. */
  forks?: readonly Owner[];
}

/** A conversation that ended, when it did, and the one that got what it left: it is handed over once. */
export interface Ended {
  readonly conversation: string;
  readonly at: Date;
  to: string | null;
}

/** The name of the slice in a customer's record; it cannot be a field of an agent. */
export const VISITS = "$meta";

export const visitsSlice: Slice = {
  name: VISITS,
  schemaVersion: 1,
  maxBytes: RECORD_MAX_BYTES,
  initial: (): Visits => ({ firstSeen: null, lastInteraction: null, lastConversation: null, before: { at: null, conversation: null }, ended: {}, accounts: [] }),
  restore: (stored) => stored,
  check: (value) => value,
};

/** Who a conversation was identified as. */
export interface Identified {
  readonly id: string;
  /** The account that was logged in then; null where the agent has no session. */
  readonly account: Owner | null;
  /** The customer's visits before this conversation. */
  readonly firstSeen: Date;
  readonly lastInteraction: Date | null;
  readonly lastConversation: string | null;
}

/** What a conversation's record holds of its customer. */
export type Identity = { readonly id: null } | Identified;

/** The slice of the field `name` in a conversation's record. */
export function identitySlice(name: string): Slice {
  return {
    name,
    schemaVersion: 1,
    maxBytes: RECORD_MAX_BYTES,
    masks: ["id"],
    initial: (): Identity => ({ id: null }),
    restore: (stored) => stored,
    check: (value) => value,
  };
}

/** The name of the slice with a conversation's forks; a record has it only where there are some. */
export const FORKS = "$forks";

/** The forks that were made of a conversation before it was known whose it is. */
export const forksSlice: Slice = {
  name: FORKS,
  schemaVersion: 1,
  maxBytes: RECORD_MAX_BYTES,
  initial: () => [],
  restore: (stored) => stored,
  check: (value) => value,
};

/** Names forks in a customer's record. */
export function addForks(visits: Visits, forks: readonly Owner[]): void {
  if (forks.length > 0) visits.forks = [...new Set([...(visits.forks ?? []), ...forks])];
}

/** What a stored record names that goes with its customer (P22). */
export interface Named {
  /** Accounts that they logged in with. */
  readonly accounts: readonly Owner[];
  readonly forks: readonly Owner[];
}

/** What the customer's own record names, or a conversation's. */
export function namedIn(parts: ReadonlyMap<string, StoredPart>): Named {
  const accounts: Owner[] = [];
  const forks: Owner[] = [];
  for (const [name, { data }] of parts) {
    if (name === VISITS) {
      accounts.push(...(data as Visits).accounts);
      forks.push(...((data as Visits).forks ?? []));
    } else if (name === FORKS) forks.push(...(data as readonly Owner[]));
    else if (isIdentified(data) && data.account !== null) accounts.push(data.account);
  }
  return { accounts, forks };
}

/** Told by its form: the name is the agent's field. */
function isIdentified(data: unknown): data is Identified {
  const identity = data as Partial<Identified> | null;
  if (typeof identity !== "object" || identity === null) return false;
  return typeof identity.id === "string" && typeof identity.account === "string" && identity.account.startsWith("account:") && identity.firstSeen instanceof Date;
}
