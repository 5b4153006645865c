// A store whose every request passes one function: where faults, crashes and observation come in.
//
//   IS1. What `around` does not touch is the inner store's, answers and errors alike.

import type { Owner, Store } from "../state/store.ts";

/** The methods of the port that go to the store and back. */
export type StoreMethod = Exclude<keyof Store, "address">;

/** One request to a store. */
export interface StoreRequest<M extends StoreMethod = StoreMethod> {
  readonly method: M;
  /** Whose data it is about, when it is about one owner's. */
  readonly owner: Owner | undefined;
  readonly inputs: Parameters<Store[M]>;
}

/** Stands around a request: `run` sends it to the inner store. */
export type Around = <T>(request: StoreRequest, run: () => Promise<T>) => Promise<T>;

/** The store with `around` about every request (IS1). */
export function interceptedStore(store: Store, around: Around): Store {
  const of = <T>(method: StoreMethod, owner: Owner | undefined, inputs: readonly unknown[], run: () => Promise<T>): Promise<T> =>
    around({ method, owner, inputs: inputs as StoreRequest["inputs"] }, run);
  return {
    address: store.address,
    load: (owner) => of("load", owner, [owner], () => store.load(owner)),
    commit: (owner, change) => of("commit", owner, [owner, change], () => store.commit(owner, change)),
    answer: (owner, callId) => of("answer", owner, [owner, callId], () => store.answer(owner, callId)),
    acquire: (owner, ...rest) => of("acquire", owner, [owner, ...rest], () => store.acquire(owner, ...rest)),
    renew: (process, leaseMs) => of("renew", undefined, [process, leaseMs], () => store.renew(process, leaseMs)),
    release: (owner, process, epoch) => of("release", owner, [owner, process, epoch], () => store.release(owner, process, epoch)),
    retire: (process) => of("retire", undefined, [process], () => store.retire(process)),
    post: (owner, message) => of("post", owner, [owner, message], () => store.post(owner, message)),
    pending: (process) => of("pending", undefined, [process], () => store.pending(process)),
    inbox: (owner, ...rest) => of("inbox", owner, [owner, ...rest], () => store.inbox(owner, ...rest)),
    list: (...inputs) => of("list", undefined, inputs, () => store.list(...inputs)),
    history: (owner, ...rest) => of("history", owner, [owner, ...rest], () => store.history(owner, ...rest)),
    feed: (...inputs) => of("feed", undefined, inputs, () => store.feed(...inputs)),
    forget: (owner, ...rest) => of("forget", owner, [owner, ...rest], () => store.forget(owner, ...rest)),
    sweep: (...inputs) => of("sweep", undefined, inputs, () => store.sweep(...inputs)),
    close: () => of("close", undefined, [], () => store.close()),
  };
}
