// `conversimple/stores`: open a store, and the port that a store keeps.

export { DEFAULT_STORE, openStore, type OpenStoreOptions } from "./open.ts";
export type { EncryptionKey, EncryptionOptions } from "./encryption/key-ring.ts";
export { rewrap, type KeyUse, type RewrapOptions, type Rewrapped } from "./encryption/rewrap.ts";
export { encryptedStore } from "./encryption/store.ts";
export type { RedisClientLike } from "./redis/given-client.ts";
export { openRedis, type GivenClient, type RedisOptions } from "./redis/opening.ts";
export { secretFor } from "./secret.ts";
export { LEDGER_MAX_AGE_MS, LEDGER_MAX_CALLS, conversationOwner, idOf } from "../state/store.ts";
export type {
  Acquired, Answer, Change, Committed, Entry, Facts, FeedItem, Forgotten, HistoryRange, KnownCall, ListFilter, ListPage, Listed, Loaded, Message, Owner,
  OwnerKind, ProcessIdentity, Status, Store, StoreOptions, Swept, WaitingMessage,
} from "../state/store.ts";
