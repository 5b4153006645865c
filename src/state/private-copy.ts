// The private copy behind a writable draft: made of the committed value, path by path, as it is looked at.
//
// Owns which objects belong to the unit of work. What was never looked at stays the committed object itself, so that
// copying, comparing and storing cost what was touched, not what is there.
//
//   PC1. The committed value is never changed: an object is copied before it is handed out.
//   PC2. What a handler puts in is copied in; drafts inside of it become the objects behind them. A list or an object is
//        copied when somebody looks at it, at the end at the latest: as `(state.days[day] ??= []).push(x)` means it.  (P3)
//   PC3. After `finish` nothing that a handler holds can change the result: Dates and bytes that it saw are replaced.
//   PC4. What a handler changes of its own after that was copied is not lost without a word: `finish` refuses it.      (P3)

import { isProxy } from "node:util/types";

import { hasOnly, isDense, MAX_DEPTH } from "../base/codec.ts";
import { copyOf } from "../base/plain.ts";
import { isSame } from "./patch.ts";

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
  /** Lists and objects that were put in and are not copied yet, and the objects in which they lie. */
  #given: Set<object> | undefined;
  #givenIn: Set<Holder> | undefined;
  /** What was copied of a handler's own, and what it was like then (PC4). */
  #images: Map<object, unknown> | undefined;

  constructor(committed: unknown, behind: (value: object) => object | undefined) {
    this.#behind = behind;
    this.root = this.#copied(committed as object);
  }

  /** The private object at a place; copied now if it was the committed one until now (PC1). */
  child(holder: object, key: PropertyKey, value: object): object {
    const mine = this.#own.has(value) ? value : this.#given?.has(value) ? (this.take(value) as object) : this.#copied(value);
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

  /** What to hold for a value that a handler puts at a place of an object or a list (PC2). */
  put(holder: object, value: unknown): unknown {
    if (!isPlainContainer(value)) return this.take(value);
    (this.#given ??= new Set()).add(value);
    (this.#givenIn ??= new Set()).add(holder as Holder);
    return value;
  }

  /** The same, copied now. */
  take(value: unknown): unknown {
    if (typeof value === "object" && value !== null && !isProxy(value)) (this.#images ??= new Map()).set(value, imageOf(value));
    return this.#takeIn(value);
  }

  /** @param open the objects that it lies in: a cycle or a depth without end stays one, and is refused by the codec. */
  #takeIn(value: unknown, open: object[] = []): unknown {
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

  /** The value to commit (PC3); undefined when a handler changed what is its own behind a copy of it (PC4). Nothing may go through drafts any more. */
  finish(): object | undefined {
    for (const holder of this.#givenIn ?? []) {
      for (const key of Object.keys(holder)) if (this.#given!.has(holder[key] as object)) holder[key] = this.#takeIn(holder[key]);
    }
    for (const [original, image] of this.#images ?? []) if (!isStill(original, image)) return undefined;
    for (const [leaf, { holder, key }] of this.#seen ?? []) if (holder[key] === leaf) holder[key] = copyOf(leaf);
    for (const collection of this.#seenIn ?? []) refill(collection);
    return this.root;
  }

  /** A list, collection or plain object; undefined for anything else, also for an odd one that the codec will refuse. */
  #takenContainer(value: object, open: object[]): object | undefined {
    const taken = (item: unknown) => this.#takeIn(item, open);
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

/** A list or an object of the handler's own; a draft is somebody's already. */
function isPlainContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Array.prototype || prototype === Object.prototype;
}

/** What a value is like now; drafts in it are what they are, whatever becomes of them. */
function imageOf(value: unknown, open: object[] = []): unknown {
  if (!isPlainContainer(value)) return isProxy(value) ? value : copyOf(value);
  if (open.length > MAX_DEPTH || open.includes(value)) return value;
  open.push(value);
  const image = Array.isArray(value) ? value.map((item) => imageOf(item, open)) : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, imageOf(item, open)]));
  open.pop();
  return image;
}

function isStill(value: unknown, image: unknown): boolean {
  try {
    return isSame(value, image);
  } catch {
    // A draft, which cannot be looked at any more, in the place of another one.
    return false;
  }
}

function refill(collection: Map<unknown, unknown> | Set<unknown>): void {
  const items = [...collection];
  collection.clear();
  for (const item of items) {
    if (collection instanceof Map) collection.set(...(copyOf(item) as [unknown, unknown]));
    else collection.add(copyOf(item));
  }
}
