// `conversimple/stores`: open a store, and the port that a store keeps.

export { DEFAULT_STORE, openStore } from "./open.ts";
export { secretFor } from "./secret.ts";
export { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS, conversationOwner, idOf } from "../state/store.ts";
export type {
  Acquired, Answer, Change, Committed, Entry, Facts, FeedItem, Forgotten, KnownCall, ListFilter, ListPage, Listed, Loaded, Message, Owner,
  OwnerKind, ProcessIdentity, Status, Store, StoreOptions, Swept, WaitingMessage,
} from "../state/store.ts";
