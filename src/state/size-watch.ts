// The warning before a part passes its limit.                                                           (P9)
//
//   SW1. A part is told of once, not with every commit; by a process that begins with it again, again.
//   SW2. Its size is the one that may be shown: it goes into a log.                                       (P21)

import { Mask } from "../base/mask.ts";
import { shownBytes } from "../base/shown-size.ts";
import type { NewPart } from "./document.ts";
import { WARN_SHARE } from "./record.ts";
import type { Slice } from "./slice.ts";

/** A part that comes near its limit. */
export interface GrownPart {
  readonly part: string;
  readonly bytes: number;
  readonly limit: number;
}

export class SizeWatch {
  readonly #told = new Set<string>();

  /** Those that a commit made large enough to be told of (SW1). */
  grown(slices: readonly Slice[], parts: ReadonlyMap<string, NewPart>): readonly GrownPart[] {
    return slices.flatMap((slice) => {
      const { name: part, maxBytes: limit } = slice;
      const made = parts.get(part);
      const worth = limit * WARN_SHARE;
      if (made === undefined || made.text.length * 3 <= worth || this.#told.has(part)) return [];
      const bytes = Buffer.byteLength(made.text);
      if (bytes <= worth) return [];
      this.#told.add(part);
      return [{ part, bytes: shownBytes(made.value, Mask.of(slice.masks), bytes), limit }];
    });
  }
}
