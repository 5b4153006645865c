// The private copy behind a writable draft: made of the committed value, path by path, as it is looked at.
//
// Owns which objects belong to the unit of work. What was never looked at stays the committed object itself, so that
// copying, comparing and storing cost what was touched, not what is there.
//
//   PC1. The committed value is never changed: an object is copied before it is handed out.
//   PC2. What a handler puts in is copied in; drafts inside of it become the objects behind them.       (P3)
//   PC3. After `finish` nothing that a handler holds can change the result: Dates and bytes that it saw are replaced.

import { hasOnly, isDense, MAX_DEPTH } from "../base/codec.ts";
import { copyOf } from "../base/plain.ts";

type Holder = Record<PropertyKey, unknown>;
type Leaf = Date | Uint8Array;

export class PrivateCopy {
  readonly root: object;
  readonly #own = new Set<object>();
  /** Finds the object behind a draft of this unit; undefined for anything else. */
  readonly #behind: (value: object) => object | undefined;
  /** Leaves that a handler saw, and where. */
  #seen: Map<Leaf, { readonly holder: Holder; readonly key: PropertyKey }> | undefined;
  #seenIn: Set<Map<unknown, unknown> | Set<unknown>> | undefined;

  constructor(committed: unknown, behind: (value: object) => object | undefined) {
    this.#behind = behind;
    this.root = this.#copied(committed as object);
  }

  /** The private object at a place; copied now if it was the committed one until now (PC1). */
  child(holder: object, key: PropertyKey, value: object): object {
    const mine = this.#own.has(value) ? value : this.#copied(value);
    if (mine !== value) (holder as Holder)[key] = mine;
    if (isLeaf(mine)) (this.#seen ??= new Map()).set(mine, { holder: holder as Holder, key });
    return mine;
  }

  /** An object of a collection, which was copied as a whole. */
  member(collection: Map<unknown, unknown> | Set<unknown>, value: object): object {
    if (isLeaf(value)) (this.#seenIn ??= new Set()).add(collection);
    this.#own.add(value);
    return value;
  }

  /**
   * What to store for a value that a handler puts in (PC2).
   *
   * @param open the objects that it lies in: a cycle or a depth without end stays one, and is refused by the codec.
   */
  takeIn(value: unknown, open: object[] = []): unknown {
    if (typeof value !== "object" || value === null) return value;
    const behind = this.#behind(value);
    if (behind) return behind;
    if (open.length > MAX_DEPTH + 1 || open.includes(value)) return value;
    open.push(value);
    const copy = this.#takenContainer(value, open) ?? copyOf(value);
    open.pop();
    if (typeof copy === "object" && copy !== null) this.#own.add(copy);
    return copy;
  }

  /** The value to commit (PC3). Nothing may go through drafts of it any more. */
  finish(): object {
    for (const [leaf, { holder, key }] of this.#seen ?? []) if (holder[key] === leaf) holder[key] = copyOf(leaf);
    for (const collection of this.#seenIn ?? []) refill(collection);
    return this.root;
  }

  /** A list, collection or plain object; undefined for anything else, also for an odd one that the codec will refuse. */
  #takenContainer(value: object, open: object[]): object | undefined {
    const taken = (item: unknown) => this.takeIn(item, open);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Array.prototype) return isDense(value as unknown[]) ? (value as unknown[]).map(taken) : undefined;
    if (prototype === Map.prototype) return new Map([...(value as Map<unknown, unknown>)].map(([key, item]) => [taken(key), taken(item)]));
    if (prototype === Set.prototype) return new Set([...(value as Set<unknown>)].map(taken));
    const keys = Object.keys(value);
    if (prototype !== Object.prototype || !hasOnly(keys, value) || Object.hasOwn(value, "__proto__")) return undefined;
    const copy: Holder = {};
    for (const key of keys) copy[key] = taken((value as Holder)[key]);
    return copy;
  }

  /** Lists and objects are copied one level deep, the rest as a whole. */
  #copied(value: object): object {
    const copy = Array.isArray(value) ? value.slice() : Object.getPrototypeOf(value) === Object.prototype ? { ...value } : copyOf(value);
    this.#own.add(copy);
    return copy;
  }
}

/** What keeps its content in internal slots, where a draft's proxy does not reach. */
export function isLeaf(value: object): value is Leaf {
  return value instanceof Date || value instanceof Uint8Array;
}

function refill(collection: Map<unknown, unknown> | Set<unknown>): void {
  const items = [...collection];
  collection.clear();
  for (const item of items) {
    if (collection instanceof Map) collection.set(...(copyOf(item) as [unknown, unknown]));
    else collection.add(copyOf(item));
  }
}
