// A mask: shows a value without what is personal in it.                                              (P21)
//
//   MA1. What is masked shows that something is there, never what, of which type or how long. `undefined` and `null` are
//        nothing and stay.
//   MA2. The value is not changed, and what holds nothing masked is given as it is.

import { keyOfStep, type MaskPath } from "./marks.ts";
import type { Path } from "./path.ts";

/** What stands for a masked value. */
export const MASKED = "•••";

interface Place {
  isWhole: boolean;
  readonly named: Map<string, Place>;
  any: Place | undefined;
}

export class Mask {
  readonly #places: readonly Place[];

  private constructor(places: readonly Place[]) {
    this.#places = places;
  }

  /** The mask of some places; an unknown way to write one masks the whole. */
  static of(paths: readonly MaskPath[] = []): Mask {
    const root = place();
    for (const path of paths) {
      let here = root;
      for (const step of path === "" ? [] : path.split("/")) here = below(here, step);
      here.isWhole = true;
    }
    return new Mask([root]);
  }

  /** Whether nothing is masked here or below. */
  get isEmpty(): boolean {
    return this.#places.every(({ isWhole, named, any }) => !isWhole && named.size === 0 && any === undefined);
  }

  /** Whether everything here is masked. */
  get isWhole(): boolean {
    return this.#places.some(({ isWhole }) => isWhole);
  }

  /** The mask of what lies under a key or an index; without a key, of any item. */
  at(key?: string | number): Mask {
    const inner = this.#places.flatMap(({ named, any }) => [key === undefined ? undefined : named.get(String(key)), any]);
    return new Mask(inner.filter((each) => each !== undefined));
  }

  /** The value as it may be shown (MA1, MA2). */
  shown(value: unknown): unknown {
    if (value === undefined || value === null || this.isEmpty) return value;
    if (this.isWhole) return MASKED;
    if (typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((item, index) => this.at(index).shown(item));
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, this.at(typeof key === "string" || typeof key === "number" ? key : undefined).shown(item)]));
    if (value instanceof Set) return new Set([...value].map((item) => this.at().shown(item)));
    if (value instanceof Date || value instanceof Uint8Array) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.at(key).shown(item)]));
  }

  /** How far a path can be shown: to the first place that is masked as a whole, with the mask there. */
  along(path: Path): { readonly path: Path; readonly mask: Mask } {
    const [key, ...rest] = path;
    if (key === undefined || this.isWhole) return { path: [], mask: this };
    const inner = this.at(key).along(rest);
    return { path: [key, ...inner.path], mask: inner.mask };
  }

  /** The values of masked places that are texts or numbers, as text: what must not stand in an error either. */
  hidden(value: unknown): string[] {
    if (value === undefined || value === null || this.isEmpty) return [];
    if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return this.isWhole ? [String(value)] : [];
    if (typeof value !== "object") return [];
    if (value instanceof Map) return [...value].flatMap(([key, item]) => [...(this.isWhole ? this.hidden(key) : []), ...this.#inside(key, item)]);
    const items: Iterable<[unknown, unknown]> = value instanceof Set ? [...value].map((item) => [undefined, item]) : Object.entries(value);
    return [...items].flatMap(([key, item]) => this.#inside(key, item));
  }

  #inside(key: unknown, item: unknown): string[] {
    const inner = this.isWhole ? this : this.at(typeof key === "string" || typeof key === "number" ? key : undefined);
    return inner.hidden(item);
  }
}

function place(): Place {
  return { isWhole: false, named: new Map(), any: undefined };
}

function below(here: Place, step: string): Place {
  if (step === "*") return (here.any ??= place());
  const key = keyOfStep(step);
  let inner = here.named.get(key);
  if (!inner) here.named.set(key, (inner = place()));
  return inner;
}
