// What is stored of a customer beside the profile: in the customer's record, and in that of a conversation.
//
// Owns the two slices. Both are the SDK's own: users see them through `customerState`.

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

/** The accounts that a stored record names as those of its customer: the customer's own record, or a conversation's. */
export function accountsIn(parts: ReadonlyMap<string, StoredPart>): readonly Owner[] {
  const found: Owner[] = [];
  for (const [name, { data }] of parts) {
    if (name === VISITS) found.push(...(data as Visits).accounts);
    else if (isIdentified(data) && data.account !== null) found.push(data.account);
  }
  return found;
}

/** Told by its form: the name is the agent's field. */
function isIdentified(data: unknown): data is Identified {
  const identity = data as Partial<Identified> | null;
  if (typeof identity !== "object" || identity === null) return false;
  return typeof identity.id === "string" && typeof identity.account === "string" && identity.account.startsWith("account:") && identity.firstSeen instanceof Date;
}
