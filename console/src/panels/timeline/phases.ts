// The phases of a unit's time: how each is called, coloured and explained.

import type { Phase } from "../logic/waterfall.ts";

/** `fill`: a colour, since several phases share one background. */
export const PHASE_LOOKS: Readonly<Record<Phase, { readonly fill: string; readonly name: string; readonly about: string }>> = {
  queue: { fill: "color-mix(in oklab, var(--color-edge) 60%, transparent)", name: "queue", about: "waited for its turn: units of one conversation run one after another" },
  guard: { fill: "var(--color-note)", name: "guard", about: "was checked: session, workflow step, arguments" },
  run: { fill: "var(--color-accent)", name: "run", about: "the handler ran" },
  commit: { fill: "var(--color-good)", name: "commit", about: "the store wrote it durably" },
  reply: { fill: "var(--color-warn)", name: "reply", about: "the answer was on its way until it was confirmed" },
};
