// A value outside of React that components read: the one way in which what arrives from the network reaches the page.
//
//   ST1. A listener hears of every change once, after it; a value that is the same by `Object.is` is no change.

/** A value that can be watched. */
export interface Readable<T> {
  readonly get: () => T;
  /** Calls back after every change; returns a function that stops it. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** A value that can be watched and set. */
export class Store<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  // Arrows, so that React may have them as they are.
  readonly get = (): T => this.#value;

  readonly set = (value: T): void => {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  };

  readonly update = (change: (value: T) => T): void => this.set(change(this.#value));

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
}
