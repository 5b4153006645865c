// A change as somebody reads it.

import type { Path } from "../../../../src/base/path.ts";

/** One changed place. `path` is where it is in the value after; of a removed one, where it was. */
export type Change =
  | { readonly kind: "added"; readonly path: Path; readonly after: unknown }
  | { readonly kind: "changed"; readonly path: Path; readonly before: unknown; readonly after: unknown; readonly isBeforeKnown: boolean }
  | { readonly kind: "removed"; readonly path: Path; readonly before: unknown; readonly isBeforeKnown: boolean };
