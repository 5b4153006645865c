// What a schema refused, as it may be told: it goes to callers, into the journal and onto pages.           (P8, P21)
//
//   SI1. A path ends where something is masked as a whole: a key in it may be as personal as its value.
//   SI2. What an author or a library repeats of a masked value is taken out of the reason; valibot repeats what it was given.

import { Mask } from "./mask.ts";
import type { MaskPath } from "./marks.ts";
import { redacted } from "./redaction.ts";
import type { Issue } from "./schema.ts";

/** The issues of a value without what is masked of it (SI1, SI2). */
export function shownIssues(issues: readonly Issue[], value: unknown, masks: readonly MaskPath[]): readonly Issue[] {
  const mask = Mask.of(masks);
  if (mask.isEmpty) return issues;
  const hidden = hiddenIn(mask, value);
  return issues.map(({ path, reason }) => ({ path: mask.along(path).path, reason: hidden ? redacted(reason, undefined, hidden) : "is refused by its schema" }));
}

/** Undefined for what cannot be walked: a cycle, thousands of levels. */
function hiddenIn(mask: Mask, value: unknown): readonly string[] | undefined {
  try {
    return mask.hidden(value);
  } catch {
    return undefined;
  }
}
