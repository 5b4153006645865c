// Which places of a value are masked, followed downwards.                                            (P21)
//
//   MC1. It says only where: what stands there is the server's, masked or revealed.

import type { MaskPath } from "../../../../src/base/marks.ts";

/** The masks that hold at a place and below it. */
export class MaskCursor {
  readonly #rest: readonly (readonly string[])[];

  private constructor(rest: readonly (readonly string[])[]) {
    this.#rest = rest;
  }

  static of(paths: readonly MaskPath[]): MaskCursor {
    return new MaskCursor(paths.map((path) => (path === "" ? [] : path.split("/"))));
  }

  /** Whether everything here is masked. */
  get isWhole(): boolean {
    return this.#rest.some(({ length }) => length === 0);
  }

  /** Whether something here or below is masked. */
  get isAny(): boolean {
    return this.#rest.length > 0;
  }

  /** The masks under a key; without one, of any item. */
  at(key: string | number | undefined): MaskCursor {
    if (this.#rest.length === 0) return NOTHING;
    if (this.isWhole) return WHOLE;
    const inner = this.#rest.filter(([first]) => first === "*" || (key !== undefined && first !== undefined && plain(first) === String(key))).map(([, ...rest]) => rest);
    return inner.length === 0 ? NOTHING : new MaskCursor(inner);
  }
}

const NOTHING = MaskCursor.of([]);
const WHOLE = MaskCursor.of([""]);

function plain(step: string): string {
  return step.replaceAll("~2", "*").replaceAll("~1", "/").replaceAll("~0", "~");
}
