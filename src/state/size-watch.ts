// The warning before a part passes its limit.                                                           (P9)
//
//   SW1. A part is told of once, not with every commit: by each process that serves its conversation, or commits to its customer;
//        again when so many others were told of since.
//   SW2. Its size is the one that may be shown: it goes into a log.                                       (P21)

import { Mask } from "../base/mask.ts";
import { shownBytes } from "../base/shown-size.ts";
import type { NewPart } from "./document.ts";
import { WARN_SHARE } from "./record.ts";
import type { Slice } from "./slice.ts";

/** Parts that it is remembered of that they were told of (SW1). */
const MOST = 10_000;

/** A part that comes near its limit. */
export interface GrownPart {
  readonly part: string;
  readonly bytes: number;
  readonly limit: number;
}

export class SizeWatch {
  #told: Set<string> | undefined;

  /**
   * Those that a commit made large enough to be told of (SW1).
   *
   * @param owner where one watch looks after many.
   */
  grown(slices: readonly Slice[], parts: ReadonlyMap<string, NewPart> | undefined, owner = ""): readonly GrownPart[] {
    return slices.flatMap((slice) => {
      const { name: part, maxBytes: limit } = slice;
      const made = parts?.get(part);
      const worth = limit * WARN_SHARE;
      if (made === undefined || made.text.length * 3 <= worth) return [];
      const bytes = Buffer.byteLength(made.text);
      if (bytes <= worth || !this.#isNew(`${owner} ${part}`)) return [];
      return [{ part, bytes: shownBytes(made.value, Mask.of(slice.masks), bytes), limit }];
    });
  }

  #isNew(what: string): boolean {
    const told = (this.#told ??= new Set());
    if (told.has(what)) return false;
    told.add(what);
    if (told.size > MOST) told.delete(told.values().next().value!);
    return true;
  }
}
