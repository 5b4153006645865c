// Secrets are not state: a schema of something that is stored has none.                               (P21)

import { keyOfStep, marksOf } from "../base/marks.ts";
import { pathText } from "../base/path.ts";
import type { Schema } from "../base/schema.ts";

/** Where a schema names a secret, as a path: `state.card.pin`; undefined when it names none, or cannot be walked. */
export function secretField(root: string, schema: Schema): string | undefined {
  const [place] = marksOf(schema, ["secret"]) ?? [];
  if (place === undefined) return undefined;
  return pathText(root, place === "" ? [] : place.split("/").filter((step) => step !== "*").map(keyOfStep));
}
