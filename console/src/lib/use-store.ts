// Values outside of React, in components.

import { useRef, useSyncExternalStore } from "react";

import type { Readable } from "./store.ts";

/** The value of a store, rendered anew when it changes. */
export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/** A part of a store's value, rendered anew only when that part changes (by `Object.is`). */
export function useSelected<T, S>(store: Readable<T>, select: (value: T) => S): S {
  const latest = useRef(select);
  latest.current = select;
  return useSyncExternalStore(store.subscribe, () => latest.current(store.get()));
}
