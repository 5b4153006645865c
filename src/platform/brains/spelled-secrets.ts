// Words of a caller that may be a secret, before anybody knows whether they are.                          (P21)
//
//   SS1. Where an offered tool takes a secret, three and more digits in a row are hidden, whatever they were said for: a PIN that
//        comes too early is a PIN.

import { marksIn } from "../../base/marks.ts";
import type { Turn } from "./brain.ts";
import { spelledIn } from "./spelling.ts";

/** Hides what was pressed, and what may be a secret of what was said (SS1). */
export function hideSpelled(turn: Turn): void {
  const { text, keys } = turn.heard;
  if (keys !== "") turn.hide(keys);
  if (!turn.tools().some(({ parameters }) => marksIn(parameters, ["secret"]).length > 0)) return;
  turn.hide(...spelledIn(text, true).filter(({ value }) => /^\d{3,}$/.test(value)).map(({ start, end }) => text.slice(start, end)));
}
