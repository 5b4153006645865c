// A value that people may be shown: it went through a mask.                                             (P21)
//
//   SW1. The functions that show values take nothing else, so that nobody shows state by forgetting to mask it.

import type { MaskPath } from "./marks.ts";
import { Mask } from "./mask.ts";

export class Shown {
  readonly value: unknown;

  private constructor(value: unknown) {
    this.value = value;
  }

  /** @param masks what is masked of it; none only where the value says nothing of anybody. */
  static masked(value: unknown, masks: readonly MaskPath[] | undefined): Shown {
    return new Shown(Mask.of(masks).shown(value));
  }

  /** The value as it is: somebody gave a reason. */
  static revealed(value: unknown): Shown {
    return new Shown(value);
  }
}
