// Stores with a bug each: what the simulation has to find.
//
// Each is the store in memory with one promise of the port broken (state/store.ts).

import { appliedAs } from "../../src/host/mail.ts";
import type { Change, Message, Owner, Store } from "../../src/state/store.ts";

/** Commits of a store, done otherwise. */
function committing(store: Store, commit: (owner: Owner, change: Change) => ReturnType<Store["commit"]>, more: Partial<Store> = {}): Store {
  return {
    address: store.address,
    load: (...inputs) => store.load(...inputs),
    commit,
    answer: (...inputs) => store.answer(...inputs),
    acquire: (...inputs) => store.acquire(...inputs),
    renew: (...inputs) => store.renew(...inputs),
    release: (...inputs) => store.release(...inputs),
    retire: (...inputs) => store.retire(...inputs),
    post: (...inputs) => store.post(...inputs),
    pending: (...inputs) => store.pending(...inputs),
    inbox: (...inputs) => store.inbox(...inputs),
    list: (...inputs) => store.list(...inputs),
    history: (...inputs) => store.history(...inputs),
    feed: (...inputs) => store.feed(...inputs),
    forget: (...inputs) => store.forget(...inputs),
    sweep: (...inputs) => store.sweep(...inputs),
    close: () => store.close(),
    ...more,
  };
}

/** S1: says that it is durable, and it is not, for the fourth commit of each owner. */
export const forgetful = (store: Store): Store =>
  committing(store, async (owner, change) => {
    if (change.expectedVersion !== 3) return store.commit(owner, change);
    await store.commit(owner, { writeId: change.writeId, expectedVersion: change.expectedVersion, epoch: change.epoch });
    return { version: change.expectedVersion + 1 };
  });

/** S2: who was fenced may still write. */
export const withoutEpochs = (store: Store): Store =>
  committing(store, async (owner, change) => store.commit(owner, { ...change, epoch: (await store.load(owner))?.epoch ?? change.epoch }));

/** S2: the last writer wins. */
export const withoutVersions = (store: Store): Store =>
  committing(store, async (owner, change) => store.commit(owner, { ...change, expectedVersion: (await store.load(owner))?.version ?? 0 }));

/** S3: a write that is sent again is another write. */
export const withoutWriteIds = (store: Store): Store => {
  let writes = 0;
  return committing(store, (owner, change) => store.commit(owner, { ...change, writeId: `${++writes}` }));
};

/** The ledger: which calls were done is not kept. */
export const withoutLedger = (store: Store): Store => committing(store, (owner, { answer: _answer, ...change }) => store.commit(owner, change), { answer: () => Promise.resolve(undefined) });

/** The ledger of customers: which operations were done is not kept. */
export const withoutOperations = (store: Store): Store =>
  committing(store, (owner, change) => {
    const { answer: _answer, ...rest } = change;
    return store.commit(owner, owner.startsWith("customer:") ? rest : change);
  });

/** The lockout's counters are never written. */
export const withoutCounters = (store: Store): Store =>
  committing(store, (owner, change) => {
    const { record: _record, ...rest } = change;
    return store.commit(owner, owner.startsWith("account:") ? rest : change);
  });

/** The inbox: what was applied stays in it. */
export const withoutConsuming = (store: Store): Store => committing(store, (owner, { consume: _consume, ...change }) => store.commit(owner, change));

/** The inbox and the ledger: what was applied is in neither, and comes back with the next owner. */
export const withoutApplied = (store: Store): Store => {
  const applied = new Map<Owner, Message[]>();
  return committing(
    store,
    async (owner, change) => {
      const { consume = [], answer, ...rest } = change;
      const messages = consume.length === 0 ? [] : (await store.inbox(owner)).filter(({ id }) => consume.includes(id));
      const committed = await store.commit(owner, answer?.callId.startsWith(appliedAs("")) ? { ...rest, consume } : change);
      applied.set(owner, [...(applied.get(owner) ?? []), ...messages]);
      return committed;
    },
    {
      async acquire(owner, ...inputs) {
        const acquired = await store.acquire(owner, ...inputs);
        for (const message of applied.get(owner) ?? []) await store.post(owner, message).catch(() => {});
        applied.delete(owner);
        return acquired;
      },
    },
  );
};

/** S9: who is forgotten leaves no mark, and may come back. */
export const withoutTombstones = (store: Store): Store => committing(store, (owner, change) => store.commit(owner, change), { forget: (owner) => store.forget(owner) });
